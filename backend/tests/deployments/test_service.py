"""What can be done with what is deployed: looked at, started by hand, paused, resumed, taken away."""

from datetime import timedelta

import pytest

from wren_backend.deployments.models import DeploymentStatus
from wren_backend.runs import repository as runs
from wren_backend.runs.models import RunStatus
from wren_backend.storage.pagination import CursorInvalid
from wren_backend.tenancy.errors import MissingObject
from wren_backend.testing import HOURLY, NOW, add_deployment, add_run
from wren_backend.triggers.declaration import TriggerDeclaration
from wren_core.errors import AgentFixableError

DAILY = TriggerDeclaration(type="schedule", func="daily", config={"cron": "0 9 * * *", "timezone": "UTC"})
sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def service(platform):
    return platform.deployments


@pytest.fixture
def deployment(platform, member):
    return add_deployment(platform.database, member.subject, name="report")


def start(service, member, deployment, **options):
    return service.start(member.subject, deployment.id, correlation_id="corr_x", **options)


def run_of(platform, run):
    with platform.database.reading() as session:
        return runs.find_run(session, run.workspace_id, run.id)


def test_a_deployment_is_shown_with_its_version_and_its_triggers(service, platform, member, deployment):
    add_deployment(platform.database, member.subject, name="report", script="x = 2\n", declarations=[HOURLY, DAILY])

    details = service.get(member.subject, deployment.id)

    assert (details.overview.deployment.name, details.version.version, details.version.script) == (
        *("report", 2, "x = 2\n"),
    )
    assert sorted(trigger.func for trigger in details.triggers) == ["daily", "report"]
    assert (details.overview.triggers, details.overview.next_run) == (2, NOW.replace(hour=9, minute=0))


def test_deployments_are_listed_newest_first_page_by_page(service, platform, member):
    for number in range(3):
        add_deployment(platform.database, member.subject, name=str(number), now=NOW + timedelta(minutes=number))

    first, cursor = service.list_page(member.subject, limit=2)
    second, end = service.list_page(member.subject, limit=2, cursor=cursor)

    assert [item.deployment.name for item in [*first, *second]] == ["2", "1", "0"]
    assert end is None


@sqlite_only
def test_a_cursor_of_another_workspace_is_refused(service, platform, member, admit):
    for number in range(2):
        add_deployment(platform.database, member.subject, name=str(number))
    _, cursor = service.list_page(member.subject, limit=1)

    with pytest.raises(CursorInvalid):
        service.list_page(admit().subject, limit=1, cursor=cursor)


def test_a_run_started_by_hand_is_queued_for_the_current_version(service, platform, member, deployment):
    run = run_of(platform, start(service, member, deployment, payload={"n": [1, "ü"]}))

    assert (run.status, run.func, run.version, run.trigger_type) == (RunStatus.QUEUED, "report", 1, "manual")
    started = {"scheduled_for": "2026-03-02T08:30:00Z", "fired_at": "2026-03-02T08:30:00Z"}
    schedule = {"cron": "0 * * * *", "timezone": "UTC"}
    assert run.event == {"trigger": "manual", "payload": {"n": [1, "ü"]}, **started, **schedule}
    assert (run.correlation_id, run.user_id) == ("corr_x", member.subject.user_id)


@sqlite_only
def test_starting_twice_makes_two_runs(service, member, deployment):
    assert start(service, member, deployment).id != start(service, member, deployment).id


@sqlite_only
def test_of_several_functions_the_one_to_run_must_be_named(service, platform, member, deployment):
    add_deployment(platform.database, member.subject, name="report", declarations=[HOURLY, DAILY])

    with pytest.raises(AgentFixableError) as caught:
        start(service, member, deployment)

    assert (caught.value.code, caught.value.details) == ("FUNC_REQUIRED", {"functions": ["daily", "report"]})
    assert start(service, member, deployment, func="daily").func == "daily"


@sqlite_only
def test_two_triggers_of_one_function_leave_no_doubt(service, platform, member):
    again = TriggerDeclaration(type="schedule", func="report", config={"cron": "5 9 * * *", "timezone": "UTC"})
    deployment = add_deployment(platform.database, member.subject, declarations=[HOURLY, again])

    assert start(service, member, deployment).func == "report"


@sqlite_only
def test_a_script_without_triggers_needs_a_function_to_run(service, platform, member):
    deployment = add_deployment(platform.database, member.subject, declarations=[])

    with pytest.raises(AgentFixableError) as caught:
        start(service, member, deployment)

    assert (caught.value.code, caught.value.details) == ("FUNC_REQUIRED", {"functions": []})
    assert start(service, member, deployment, func="anything").func == "anything"


def test_a_paused_deployment_is_off_the_clock_and_can_still_be_run_by_hand(service, member, deployment):
    paused = service.pause(member.subject, deployment.id)

    details = service.get(member.subject, deployment.id)
    assert (paused.status, details.overview.deployment.status) == (DeploymentStatus.PAUSED,) * 2
    assert details.overview.next_run is None
    assert start(service, member, deployment).status is RunStatus.QUEUED


def test_a_resumed_deployment_fires_from_now_on(service, member, deployment, clock):
    service.pause(member.subject, deployment.id)
    clock.advance(timedelta(hours=5))

    resumed = service.resume(member.subject, deployment.id)

    assert resumed.status is DeploymentStatus.ACTIVE
    assert service.get(member.subject, deployment.id).overview.next_run == NOW.replace(hour=14, minute=0)


@sqlite_only
def test_pausing_and_resuming_twice_changes_nothing(service, member, deployment, clock):
    before = service.get(member.subject, deployment.id).overview.next_run
    clock.advance(timedelta(hours=5))

    service.resume(member.subject, deployment.id)
    after = service.get(member.subject, deployment.id).overview.next_run
    paused = [service.pause(member.subject, deployment.id).status for _ in range(2)]

    assert after == before
    assert paused == [DeploymentStatus.PAUSED] * 2


def test_what_is_undeployed_fires_no_more_and_what_was_queued_is_cancelled(service, platform, member, deployment):
    queued = add_run(platform.database, deployment)

    gone = service.undeploy(member.subject, deployment.id)

    assert gone.status is DeploymentStatus.UNDEPLOYED
    assert run_of(platform, queued).status is RunStatus.CANCELLED
    assert service.get(member.subject, deployment.id).overview.next_run is None
    assert service.list_page(member.subject, limit=10) == ([], None)


@sqlite_only
def test_an_undeployed_name_is_free_for_a_new_deployment(service, platform, member, deployment):
    service.undeploy(member.subject, deployment.id)

    again = add_deployment(platform.database, member.subject, name="report")

    assert (again.id != deployment.id, again.version) == (True, 1)


@sqlite_only
@pytest.mark.parametrize("change", ["undeploy", "pause", "resume", "start"])
def test_what_is_undeployed_cannot_be_changed_or_run(service, member, deployment, change):
    service.undeploy(member.subject, deployment.id)

    with pytest.raises(MissingObject) as caught:
        changes(service)[change](member.subject, deployment.id)

    assert caught.value.details == {"deployment_id": deployment.id}


@sqlite_only
@pytest.mark.parametrize("change", ["undeploy", "pause", "resume", "start", "get"])
def test_what_belongs_to_another_workspace_is_not_there(service, admit, deployment, change):
    stranger = admit().subject

    for missing in (deployment.id, "dep_of_nobody", ""):
        with pytest.raises(MissingObject, match="there is no deployment"):
            changes(service)[change](stranger, missing)


def changes(service):
    return {
        "undeploy": service.undeploy,
        "pause": service.pause,
        "resume": service.resume,
        "get": service.get,
        "start": lambda subject, id_: service.start(subject, id_, correlation_id="corr_x"),
    }
