import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import InvalidRequestError

from wren_backend.deployments import repository as deployments
from wren_backend.deployments.models import DeploymentStatus
from wren_backend.deployments.repository import DeploymentNameTaken, DeploymentOwned, NewScript
from wren_backend.runs import lease_repository as leases
from wren_backend.runs import repository as runs
from wren_backend.runs.models import RunStatus
from wren_backend.tenancy import repository as tenancy
from wren_backend.testing import HOURLY, NOW, add_deployment, add_run, add_subject, triggers_of
from wren_backend.triggers import repository as triggers

NINE = NOW + timedelta(minutes=30)
LATER = NOW + timedelta(hours=3)


def overview(database, deployment):
    with database.reading() as session:
        return deployments.find_overview(session, deployment.workspace_id, deployment.id)


def change(database, operation, deployment, *, now=LATER):
    with database.writing() as session:
        return operation(session, deployment.workspace_id, deployment.id, now=now)


def test_a_first_deploy_makes_a_deployment_and_its_first_version(database):
    subject = add_subject(database)

    row = add_deployment(database, subject, script="print(1)\n")

    assert (row.name, row.status, row.version, row.created_at) == ("report", DeploymentStatus.ACTIVE, 1, NOW)
    with database.reading() as session:
        version = deployments.find_version(session, subject.workspace_id, row.id, 1)
    assert (version.script, version.version, version.created_by) == ("print(1)\n", 1, subject.user_id)
    assert version.script_sha256 == hashlib.sha256(b"print(1)\n").hexdigest()
    assert version.declared["triggers"] == [{"type": "schedule", "func": "report"}]
    assert "print" not in repr(version)


def test_the_same_name_makes_the_next_version_and_keeps_the_first(database):
    subject = add_subject(database)
    first = add_deployment(database, subject, script="1")

    second = add_deployment(database, subject, script="2", now=LATER)

    assert (second.id, second.version, second.created_at, second.updated_at) == (first.id, 2, NOW, LATER)
    with database.reading() as session:
        listed = deployments.list_versions(session, subject.workspace_id, first.id, limit=10).items
        scripts = [deployments.find_version(session, subject.workspace_id, first.id, n).script for n in (1, 2)]
    assert [version.version for version in listed] == [2, 1]
    assert scripts == ["1", "2"]


def test_who_takes_a_deployment_over_is_whose_connections_count(database):
    subject = add_subject(database)
    owned = add_deployment(database, subject)
    script = NewScript(name=owned.name, script="", declared={})
    with database.writing() as session:
        user = tenancy.add_user(session, subject.workspace_id, name="colleague", now=NOW)
        with pytest.raises(DeploymentOwned, match="is deployed by tester, and its runs use the accounts of tester"):
            deployments.create_or_new_version(session, subject.workspace_id, user.id, script, now=NOW)

        taken = deployments.create_or_new_version(
            session, subject.workspace_id, user.id, script, take_over=True, now=NOW
        )

    assert (taken.deployment.id, taken.deployment.user_id, taken.version.version) == (owned.id, user.id, 2)


def test_a_name_that_looks_the_same_is_refused(database):
    subject = add_subject(database)
    first = add_deployment(database, subject, name="Report")

    with pytest.raises(DeploymentNameTaken) as caught:
        add_deployment(database, subject, name="report")

    assert (caught.value.type, caught.value.code) == ("AgentFixableError", "NAME_TAKEN")
    assert caught.value.details == {"field": "name", "existing": "Report"}
    with database.reading() as session:
        assert deployments.count_deployed(session, subject.workspace_id) == 1
        assert deployments.find_version(session, subject.workspace_id, first.id, 2) is None


def test_two_workspaces_may_use_one_name(database):
    mine, theirs = add_deployment(database, add_subject(database)), add_deployment(database, add_subject(database))

    assert mine.id != theirs.id
    assert (mine.version, theirs.version) == (1, 1)


def test_many_deploys_of_one_name_at_once_make_one_deployment_with_a_version_each(database, together):
    subject = add_subject(database)

    rows = together(12, lambda number: add_deployment(database, subject, script=str(number)))

    assert len({row.id for row in rows}) == 1
    with database.reading() as session:
        versions = deployments.list_versions(session, subject.workspace_id, rows[0].id, limit=20).items
    assert [version.version for version in versions] == list(range(12, 0, -1))
    assert {version.script_sha256 for version in versions} == {
        hashlib.sha256(str(number).encode()).hexdigest() for number in range(12)
    }


def test_versions_are_listed_page_by_page_without_their_scripts(database):
    subject = add_subject(database)
    rows = [add_deployment(database, subject, script=str(number)) for number in range(5)]

    with database.reading() as session:
        first = deployments.list_versions(session, subject.workspace_id, rows[0].id, limit=3)
        second = deployments.list_versions(session, subject.workspace_id, rows[0].id, limit=3, after=first.next)
        with pytest.raises(InvalidRequestError, match="script"):
            _ = first.items[0].script

    assert [row.version for row in first.items] == [5, 4, 3]
    assert [row.version for row in second.items] == [2, 1]
    assert second.next is None


def test_deployments_of_another_workspace_are_not_found(database):
    row, stranger = add_deployment(database, add_subject(database)), add_subject(database).workspace_id

    with database.writing() as session:
        assert deployments.find_deployment(session, stranger, row.id) is None
        assert deployments.find_overview(session, stranger, row.id) is None
        assert deployments.find_version(session, stranger, row.id, 1) is None
        assert deployments.list_versions(session, stranger, row.id, limit=10).items == []
        assert deployments.list_overviews(session, stranger, limit=10).items == []
        assert deployments.count_deployed(session, stranger) == 0
        for operation in (deployments.undeploy, deployments.pause, deployments.resume):
            assert operation(session, stranger, row.id, now=LATER) is None

    with database.reading() as session:
        assert deployments.find_deployment(session, row.workspace_id, row.id) == row


def test_a_list_shows_triggers_last_run_and_next_run_in_one_query(database):
    subject = add_subject(database)
    row = add_deployment(database, subject)
    add_deployment(database, subject, name="idle", declarations=[], now=NOW - timedelta(days=1))
    add_run(database, row)
    with database.writing() as session:
        leases.claim_next(session, "w", lease=timedelta(seconds=30), now=LATER)
    add_run(database, row)
    statements = []

    with database.reading() as session:
        event.listen(session.connection().engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        page = deployments.list_overviews(session, subject.workspace_id, limit=10)

    shown = [
        (item.deployment.name, item.triggers, item.last_run, item.last_status, item.next_run) for item in page.items
    ]
    assert shown == [("report", 1, LATER, RunStatus.RUNNING, NINE), ("idle", 0, None, None, None)]
    assert len(statements) == 1
    assert overview(database, row) == page.items[0]


def test_a_list_goes_on_where_the_page_before_ended(database):
    subject = add_subject(database)
    for number in range(5):
        add_deployment(database, subject, name=str(number), now=NOW + timedelta(seconds=number // 2))
    seen, after = [], None

    with database.reading() as session:
        while True:
            page = deployments.list_overviews(session, subject.workspace_id, limit=2, after=after)
            seen += [item.deployment.name for item in page.items]
            if (after := page.next) is None:
                break

    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    assert seen[0] == "4"


def test_undeploying_silences_triggers_cancels_the_queue_and_frees_the_name(database):
    subject = add_subject(database)
    row = add_deployment(database, subject)
    queued = add_run(database, row)

    undeployed = change(database, deployments.undeploy, row)

    assert (undeployed.status, undeployed.undeployed_at) == (DeploymentStatus.UNDEPLOYED, LATER)
    with database.writing() as session:
        assert triggers.due(session, now=LATER, limit=10) == []
        assert leases.claim_next(session, "w", lease=timedelta(seconds=30), now=LATER) is None
        assert runs.find_run(session, subject.workspace_id, queued.id).status is RunStatus.CANCELLED
        assert deployments.list_overviews(session, subject.workspace_id, limit=10).items == []
        assert deployments.find_deployment(session, subject.workspace_id, row.id).status == "undeployed"
    assert change(database, deployments.undeploy, row) is None
    again = add_deployment(database, subject)
    assert again.id != row.id
    assert again.version == 1


def test_a_run_under_way_finishes_after_its_deployment_is_gone(database):
    row = add_deployment(database, add_subject(database))
    add_run(database, row)
    with database.writing() as session:
        run = leases.claim_next(session, "w", lease=timedelta(seconds=30), now=NOW)

    change(database, deployments.undeploy, row)

    with database.writing() as session:
        outcome = leases.RunOutcome(status=RunStatus.SUCCESS, result=1)
        assert leases.finish(session, run.id, run.lease_token, outcome, now=LATER).status is RunStatus.SUCCESS


def test_a_paused_deployment_fires_nothing_but_can_be_run_by_hand(database):
    row = add_deployment(database, add_subject(database))

    paused = change(database, deployments.pause, row)

    assert paused.status is DeploymentStatus.PAUSED
    assert overview(database, row).next_run is None
    with database.reading() as session:
        assert triggers.due(session, now=LATER, limit=10) == []
    assert add_run(database, row).status is RunStatus.QUEUED


def test_a_resumed_deployment_fires_from_now_on_and_makes_nothing_up(database):
    row = add_deployment(database, add_subject(database))
    change(database, deployments.pause, row, now=NOW)

    resumed = change(database, deployments.resume, row, now=LATER)

    assert resumed.status is DeploymentStatus.ACTIVE
    assert overview(database, row).next_run == NINE + timedelta(hours=3)


def test_resuming_what_is_active_changes_nothing(database):
    row = add_deployment(database, add_subject(database))

    assert change(database, deployments.resume, row).updated_at == NOW
    assert overview(database, row).next_run == NINE


def test_deploying_again_resumes_a_paused_deployment(database):
    subject = add_subject(database)
    row = add_deployment(database, subject)
    change(database, deployments.pause, row)

    again = add_deployment(database, subject, now=LATER)

    assert (again.id, again.status, again.version) == (row.id, DeploymentStatus.ACTIVE, 2)
    assert overview(database, row).next_run == NINE + timedelta(hours=3)


def deployed_now(database, subject):
    with database.reading() as session:
        page = deployments.list_overviews(session, subject.workspace_id, limit=2)
    assert len(page.items) < 2
    return page.items[0].deployment if page.items else None


def test_a_deploy_and_an_undeploy_at_once_leave_a_deployment_or_none(database, together):
    subject = add_subject(database)
    row = add_deployment(database, subject)

    def act(number: int) -> None:
        if number % 2:
            add_deployment(database, subject, declarations=[HOURLY])
        else:
            change(database, deployments.undeploy, deployed_now(database, subject) or row)

    together(8, act)

    current = deployed_now(database, subject)
    with database.reading() as session:
        due = triggers.due(session, now=LATER, limit=10)
    expected = [] if current is None else [trigger.id for trigger in triggers_of(database, current)]
    assert [trigger.id for trigger in due] == expected


def lock(database, deployment, **changes):
    with database.writing() as session:
        return deployments.lock_deployed(
            session, changes.get("workspace_id", deployment.workspace_id), changes.get("id", deployment.id)
        )


def test_a_locked_deployment_is_the_one_that_is_deployed_now(database):
    subject = add_subject(database)
    deployment = add_deployment(database, subject)
    add_deployment(database, subject, script="2")

    assert (lock(database, deployment).id, lock(database, deployment).version) == (deployment.id, 2)


def test_what_is_not_deployed_in_the_workspace_cannot_be_locked(database):
    deployment = add_deployment(database, add_subject(database))

    assert lock(database, deployment, workspace_id=add_subject(database).workspace_id) is None
    assert lock(database, deployment, id="dep_none") is None
    with database.writing() as session:
        deployments.undeploy(session, deployment.workspace_id, deployment.id, now=NOW)
    assert lock(database, deployment) is None
