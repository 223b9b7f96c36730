import json
from dataclasses import replace

import pytest

from wren_backend.auth import Subject
from wren_backend.connections.held import HeldConnection, RunCredentials
from wren_backend.deployments import repository as deployments
from wren_backend.executor.port import Outcome
from wren_backend.executor.port import RunStatus as EndedAs
from wren_backend.runs import log_repository as run_logs
from wren_backend.runs.models import RunStatus
from wren_backend.settings import IntegrationSettings
from wren_backend.worker.journal import RunJournal
from wren_backend.worker.perform import ActiveRun, _outcome
from wren_core.discovery import LoadedPlugin
from wren_core.integration import Integration
from wren_core.registry import Registry
from wren_core.spec import IntegrationSpec

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TOKEN = "at-7f3a9b2c41d0"
LOOKS_AROUND = """
import json, os

def job(event):
    print("token", os.environ["PARCEL_ACCESS_TOKEN"])
    names = [name for name in os.environ if name.startswith(("WREN_", "PARCEL_"))]
    return {name: os.environ[name] for name in names if "TOKEN" not in name}
"""


class Parcel(Integration):
    """Track parcels."""

    spec = IntegrationSpec(name="parcel", display_name="Parcel", hosts=("parcel.test",))


REGISTRY = Registry(
    loaded={"parcel": LoadedPlugin(name="parcel", distribution="wren-parcel", version="1.0", integration=Parcel)},
    failed={},
)


class Connections:
    """Hands a run the credentials of one connection, and remembers whose they were to be."""

    def __init__(self):
        self.asked = []

    def run_environment(self, subject, integrations):
        self.asked.append((subject, list(integrations)))
        held = HeldConnection(
            connection_id="conn_1",
            workspace_id=subject.workspace_id,
            integration="parcel",
            version=1,
            env={"PARCEL_ACCESS_TOKEN": TOKEN},
            config={"warehouse": "north"},
        )
        return RunCredentials([held], renew=lambda old: old)


def deploy(workplace, script, *, integrations=("parcel",)):
    new = deployments.NewScript(name="daily report", script=script, declared={"integrations": list(integrations)})
    with workplace.database.writing() as session:
        return deployments.create_or_new_version(
            session, workplace.user.workspace_id, workplace.user.id, new, now=workplace.clock.now()
        ).deployment


def perform(workplace, deployment, **options):
    """Perform a run of the deployment and return its outcome and its log."""
    workplace.enqueue(deployment)
    run = workplace.claim()
    active = ActiveRun(run=run, journal=RunJournal(run, database=workplace.database, clock=workplace.clock))
    outcome = workplace.performer(**{"registry": REGISTRY, "credentials": Connections(), **options}).perform(active)
    active.journal.close()
    with workplace.database.reading() as session:
        lines = run_logs.list_logs(session, run.workspace_id, run.id, limit=100)
    return outcome, [(line.stream, line.text) for line in lines]


def test_a_run_holds_its_tokens_and_its_configuration_and_its_token_is_masked(workplace):
    overrides = {"parcel": IntegrationSettings(base_url="http://127.0.0.1:4600", config={"size": 3})}

    outcome, lines = perform(workplace, deploy(workplace, LOOKS_AROUND), overrides=overrides)

    config = json.loads(outcome.result.pop("WREN_INTEGRATIONS__PARCEL__CONFIG"))
    assert outcome.status is RunStatus.SUCCESS
    assert config == {"warehouse": "north", "size": 3}
    assert outcome.result == {"WREN_INTEGRATIONS__PARCEL__BASE_URL": "http://127.0.0.1:4600"}
    assert lines == [("stdout", "token [masked]")]


def test_a_run_acts_for_whoever_deployed_it_and_with_what_it_declared(workplace):
    connections = Connections()

    perform(workplace, deploy(workplace, LOOKS_AROUND), credentials=connections)

    subject = Subject(workspace_id=workplace.user.workspace_id, user_id=workplace.user.id)
    assert connections.asked == [(subject, ["parcel"])]


def test_an_error_of_the_script_names_the_deployment_as_its_file(workplace):
    outcome, _ = perform(workplace, deploy(workplace, "def job():\n    return 1 / 0\n", integrations=[]))

    assert (outcome.status, outcome.error["code"]) == (RunStatus.FAILED, "SCRIPT_FAILED")
    assert (outcome.error["file"], outcome.error["line"]) == ("daily report.py", 2)


def test_an_integration_that_was_uninstalled_since_fails_the_run_and_says_so_in_its_log(workplace):
    outcome, lines = perform(workplace, deploy(workplace, LOOKS_AROUND, integrations=["gone"]))

    assert (outcome.status, outcome.error["code"]) == (RunStatus.FAILED, "INTEGRATION_UNKNOWN")
    assert outcome.error["correlation_id"].startswith("corr_")
    assert [stream for stream, _ in lines] == ["system"]
    assert lines[0][1].startswith("the run did not start: no integration 'gone' is installed")


def test_a_version_that_is_gone_fails_the_run_as_a_fault_of_ours(workplace):
    workplace.enqueue(deploy(workplace, LOOKS_AROUND))
    run = workplace.claim().model_copy(update={"version": 9})
    active = ActiveRun(run=run, journal=RunJournal(run, database=workplace.database, clock=workplace.clock))

    outcome = workplace.performer().perform(active)

    assert (outcome.status, outcome.error["type"]) == (RunStatus.FAILED, "InternalError")


@pytest.mark.parametrize("ended", list(EndedAs))
def test_every_way_a_script_can_end_is_a_state_of_its_run(workplace, ended):
    recorded = _outcome(Outcome(status=ended, isolation="none"))

    assert (recorded.status.value, recorded.status.is_final) == (ended.value, True)


def test_what_is_known_of_a_run_that_ended_is_recorded(workplace):
    error = {"type": "AgentFixableError", "code": "SCRIPT_FAILED", "message": "x"}
    ended = Outcome(status=EndedAs.FAILED, isolation="none", error=error, truncated=True)

    recorded = _outcome(ended)

    assert (recorded.error, recorded.result, recorded.is_log_truncated) == (error, None, True)
    assert _outcome(replace(ended, status=EndedAs.SUCCESS, error=None, result=[1], truncated=False)).result == [1]
