"""W206: a missing credential is reported by name, before the first request."""

from collections.abc import Iterator

from wren_core.errors import CredentialMissing
from wren_core.testing.fake_session import FakeSession
from wren_core.testing.network_watch import watch_connections
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    keys = [credential.key for credential in target.spec.credentials if credential.required]
    if not keys:
        raise NotApplicable("it requires no credential")
    session = FakeSession(target.integration, make_fake=target.make_fake, config=target.config)
    with session.use_unserved_fake(), watch_connections(lambda _: False):
        for key in keys:
            others = {name: value for name, value in session.placeholder_credentials().items() if name != key}
            problem = _problem_without(session, others)
            if problem:
                message = (
                    f"{problem} without {key!r}; read the credential there, so that it is reported before a request"
                )
                yield Finding(place=f"{target.name}.{key}", message=message)


def _problem_without(session: FakeSession, credentials: dict[str, str]) -> str | None:
    try:
        instance = session.connect(credentials=credentials)
        _ = instance.client
    except CredentialMissing:
        return None
    except Exception as exc:  # noqa: BLE001 - whatever it is, it does not name the credential
        return f"connect() raises {type(exc).__name__}"
    instance.close()
    return "connect() works"


RULE = Rule(
    id="W206-credentials",
    tier=Tier.SILVER,
    title="A missing credential is reported by name when the client is created",
    why="CredentialMissing tells a person what to connect; a request without a key only gives them a 401.",
    fix='Read it in connect() by its key, self.credentials["api_key"]: this raises CredentialMissing.',
    check=_check,
)
