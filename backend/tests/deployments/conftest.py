import json
import threading

import pytest

from wren_backend.clock import ManualClock
from wren_backend.deployments import repository as deployments
from wren_backend.idempotency.repository import KeyedRequest, StoredReply
from wren_backend.tenancy.auth import Subject
from wren_backend.testing import NOW


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still on a Monday morning at 08:30."""
    return ManualClock(NOW)


@pytest.fixture
def platform(build_platform, clock):
    """The whole backend with room for three deployments; each script is described in a separate process."""
    return build_platform(clock=clock, max_deployments=3)


class Desk:
    """Deploys for one subject, and says what was deployed."""

    def __init__(self, platform, subject: Subject) -> None:
        self.service = platform.deployments
        self.database = platform.database
        self.subject = subject

    def deploy(self, script: str, *, key: str | None = None, render=None, **options) -> dict:
        """Deploy, and return the answer; `key` is an idempotency key, `render` is called before the commit."""
        workspace_id = self.subject.workspace_id
        request = key and KeyedRequest(
            workspace_id=workspace_id, operation="deploy", key=key, request_hash=str([script, options])
        )
        reply = self.service.deploy(self.subject, script=script, render=render or shown, request=request, **options)
        return json.loads(reply.body)

    def stored(self) -> list[tuple[str, int]]:
        """Return name and version of everything deployed."""
        with self.database.reading() as session:
            page = deployments.list_overviews(session, self.subject.workspace_id, limit=100)
        return sorted((item.deployment.name, item.deployment.version) for item in page.items)


def shown(made) -> StoredReply:
    body = {
        "id": made.deployment.id,
        "name": made.deployment.name,
        "version": made.version.version,
        "status": made.deployment.status,
        "triggers": [trigger.id for trigger in made.triggers],
        "next_run": made.next_run and made.next_run.isoformat(),
        "answered_by": threading.get_ident(),
    }
    return StoredReply(status_code=200, body=json.dumps(body))


@pytest.fixture
def desk(platform, member) -> Desk:
    """Deploys for the member."""
    return Desk(platform, member.subject)


@pytest.fixture
def desk_of(platform):
    """Deploys for another user."""
    return lambda member: Desk(platform, member.subject)
