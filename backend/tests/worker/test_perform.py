import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from servers.availability import unavailable
from wren_backend.connections.credentials.run_credentials import ConnectionCredentials
from wren_backend.connections.models import Connection
from wren_backend.deployments import repository as deployments
from wren_backend.executor.executor import Executor
from wren_backend.executor.port import Outcome, OutcomeStatus
from wren_backend.executor.sandboxes import SandlockSandbox
from wren_backend.runs import log_repository as run_logs
from wren_backend.runs.models import RunStatus
from wren_backend.settings import IntegrationSettings
from wren_backend.spending.errors import BudgetExceeded
from wren_backend.storage.errors import DatabaseBusy
from wren_backend.tenancy.auth import Subject
from wren_backend.worker.journal import RunJournal
from wren_backend.worker.perform import ActiveRun, _outcome
from wren_core import AIConfig, AIIntegration, AIModel
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.integration import Integration
from wren_core.contract.spec import CredentialSpec, CredentialType, IntegrationSpec
from wren_core.declarative.integration import declared_integration
from wren_core.errors import AgentFixableError, UserFacingConfigError
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.plugin import StoredPlugin
from wren_core.plugins.registry import Registry

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

    spec = IntegrationSpec(
        name="parcel",
        display_name="Parcel",
        hosts=("parcel.test",),
        credentials=(CredentialSpec(key="access_token", type=CredentialType.OAUTH2, env_var="PARCEL_ACCESS_TOKEN"),),
    )


class Parrot(AIIntegration):
    """Models that repeat."""

    spec = IntegrationSpec(
        name="parrot",
        display_name="Parrot",
        type="ai",
        hosts=("parrot.test",),
        ai=AIConfig(
            provider="birds", default_model="m", available_models=(AIModel(id="m", name="M", capabilities=("text",)),)
        ),
    )


REGISTRY = Registry(
    loaded={
        item.spec.name: LoadedPlugin(name=item.spec.name, distribution="wren-test", version="1.0", integration=item)
        for item in (Parcel, Parrot)
    },
    failed={},
)


class Connections:
    """A user's connections, by integration and alias; remembers which were asked for."""

    def __init__(self, *specs, **rows):
        self.specs = {spec.name: spec for spec in specs}
        self.rows = rows
        self.asked = []
        self.renewed = []

    def select(self, subject, integration, alias=None):
        self.asked.append((subject, integration, alias))
        found = {name: row for name, row in self.rows.get(integration, {}).items() if alias in (None, name)}
        if not found and alias is not None:
            raise UserFacingConfigError(f"no {alias}", code="CONNECTION_UNKNOWN")
        if len(found) > 1 and "default" not in found:
            raise AgentFixableError("several", code="CONNECTION_AMBIGUOUS")
        chosen = "default" if "default" in found else next(iter(found), None)
        return chosen and Connection(
            id=f"conn_{chosen}", workspace_id=subject.workspace_id, integration=integration, alias=chosen, version=1
        )

    def open(self, connection):
        row = self.rows[connection.integration][connection.alias]
        connection.config = row.get("config", {})
        return ConnectionCredentials.of(self.specs[connection.integration], connection, row["credentials"])

    def refresh(self, refused):
        self.renewed.append((refused.integration, refused.alias))
        newer = self.rows[refused.integration][refused.alias]["renewed"]
        return replace(refused, version=refused.version + 1, env={**refused.env, **newer})


def parcel_connections():
    connection = {"credentials": {"access_token": TOKEN}, "config": {"warehouse": "north"}}
    return Connections(Parcel.spec, parcel={"default": connection})


def deploy(workplace, script, *, integrations=("parcel",), **declared):
    declared = {"integrations": list(integrations), **declared}
    new = deployments.NewScript(name="daily report", script=script, declared=declared)
    with workplace.database.writing() as session:
        return deployments.create_or_new_version(
            session, workplace.user.workspace_id, workplace.user.id, new, now=workplace.clock.now()
        ).deployment


def perform(workplace, deployment, **options):
    """Perform a run of the deployment and return its outcome and its log."""
    workplace.enqueue(deployment)
    run = workplace.claim()
    active = ActiveRun(run=run, journal=RunJournal(run, database=workplace.database, clock=workplace.clock))
    outcome = workplace.performer(**{"registry": REGISTRY, "credentials": parcel_connections(), **options}).perform(
        active
    )
    active.journal.close()
    with workplace.database.reading() as session:
        lines = run_logs.list_logs(session, run.workspace_id, run.id, limit=30_000)
    return outcome, [(line.stream, line.text) for line in lines]


def test_a_run_holds_its_tokens_and_its_configuration_and_its_token_is_masked(workplace):
    overrides = {"parcel": IntegrationSettings(base_url="http://127.0.0.1:4600", config={"size": 3})}

    outcome, lines = perform(workplace, deploy(workplace, LOOKS_AROUND), overrides=overrides)

    config = json.loads(outcome.result.pop("WREN_INTEGRATIONS__PARCEL__CONFIG"))
    assert outcome.status is RunStatus.SUCCESS
    assert config == {"warehouse": "north", "size": 3}
    assert outcome.result == {"WREN_INTEGRATIONS__PARCEL__BASE_URL": "http://127.0.0.1:4600"}
    assert lines == [("stdout", "token [masked]")]


def test_a_run_acts_for_the_user_who_deployed_it_and_with_what_it_declared(workplace):
    connections = parcel_connections()

    perform(workplace, deploy(workplace, LOOKS_AROUND), credentials=connections)

    subject = Subject(workspace_id=workplace.user.workspace_id, user_id=workplace.user.id)
    assert connections.asked == [(subject, "parcel", None)]


def test_a_run_that_asks_whichever_models_are_connected_holds_them_and_knows_their_name(workplace):
    connections, asked = parcel_connections(), []

    def choose_ai(subject, **choice):
        asked.append(choice)
        return "parrot"

    script = deploy(workplace, LOOKS_AROUND, uses_ai=True, ai_integration="parrot")
    outcome, _ = perform(workplace, script, credentials=connections, choose_ai=choose_ai)

    assert outcome.result["WREN_AI_INTEGRATION"] == "parrot"
    assert [integration for _, integration, _ in connections.asked] == ["parcel", "parrot"]
    assert asked == [{"declared": ["parcel"], "preferred": "parrot"}]


@pytest.mark.parametrize("declared", [{"integrations": ["parrot"]}, {"integrations": [], "uses_ai": True}])
def test_a_run_that_calls_models_does_not_start_on_a_spent_budget(workplace, declared):
    connections = parcel_connections()

    def check_budget(workspace_id):
        raise BudgetExceeded(f"{workspace_id} has spent it")

    options = {"check_budget": check_budget, "choose_ai": lambda subject, **choice: "parrot"}
    outcome, lines = perform(workplace, deploy(workplace, LOOKS_AROUND, **declared), credentials=connections, **options)

    assert (outcome.status, outcome.error["code"]) == (RunStatus.FAILED, "BUDGET_EXCEEDED")
    assert connections.asked == [], "no key is opened"
    assert "has spent it" in lines[0][1]


def test_a_run_without_models_does_not_ask_about_the_budget(workplace):
    asked = []

    outcome, _ = perform(workplace, deploy(workplace, LOOKS_AROUND), check_budget=asked.append)

    assert (outcome.status, asked) == (RunStatus.SUCCESS, [])


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


@pytest.mark.parametrize("ended", list(OutcomeStatus))
def test_every_way_a_script_can_end_is_a_state_of_its_run(workplace, ended):
    recorded = _outcome(Outcome(status=ended, isolation="none"))

    assert (recorded.status.value, recorded.status.is_final) == (ended.value, True)


def test_what_is_known_of_a_run_that_ended_is_recorded(workplace):
    error = {"type": "AgentFixableError", "code": "SCRIPT_FAILED", "message": "x"}
    ended = Outcome(status=OutcomeStatus.FAILED, isolation="none", error=error, truncated=True)

    recorded = _outcome(ended)

    assert (recorded.error, recorded.result, recorded.is_log_truncated) == (error, None, True)
    assert _outcome(replace(ended, status=OutcomeStatus.SUCCESS, error=None, result=[1], truncated=False)).result == [1]


def test_an_integration_the_operator_declared_is_there_in_the_run(workplace):
    method = {
        "id": "total",
        "name": "Total",
        "description": "Add up.",
        "inputSchema": {"type": "object", "properties": {}, "additionalProperties": False},
        "request": {"method": "GET", "path": "/total"},
    }
    wire = {"integrationId": "ledger", "name": "Ledger", "baseUrl": "https://l.test", "hosts": ["l.test"]}
    document = json.dumps({**wire, "methods": [method]})
    load = partial(declared_integration, IntegrationDefinition.from_wire(json.loads(document)))
    declared = StoredPlugin(
        name="ledger", distribution="", version="", integration_type="integration", document=document, load=load
    )
    script = "import wren\n\ndef job():\n    return sorted(type(wren.integrations.ledger.init()).methods())\n"

    outcome, _ = perform(
        workplace,
        deploy(workplace, script, integrations=["ledger"]),
        registry=Registry(loaded={"ledger": declared}, failed={}),
    )

    assert (outcome.status, outcome.result) == (RunStatus.SUCCESS, ["total"])


class Kites(Integration):
    """Sell kites."""

    spec = IntegrationSpec(
        name="kites",
        display_name="Kites",
        credentials=(
            CredentialSpec(key="token", type=CredentialType.API_KEY, env_var="KITES_TOKEN", description="Token"),
            CredentialSpec(
                key="store", type=CredentialType.CUSTOM, env_var="KITES_STORE", description="Store", secret=False
            ),
        ),
    )


def test_after_a_renewal_a_sandboxed_run_shows_public_values_and_masks_secret_ones(workplace):
    sandbox = SandlockSandbox()
    if not sandbox.status().available:
        unavailable(sandbox.status().reason)
    script = """
import os
from wren.script import session

def job():
    renewed = session.current().host.request("credentials.refresh", {"integration": "kites"})["env"]
    print(renewed["KITES_STORE"], renewed["KITES_TOKEN"], os.environ["KITES_TOKEN"])
    return renewed
"""
    kites = {"credentials": {"token": "old-token-1", "store": "kites-store"}, "renewed": {"KITES_TOKEN": "new-token-2"}}
    credentials = Connections(Kites.spec, kites={"default": kites})
    plugin = LoadedPlugin(name="kites", distribution="wren-test", version="1.0", integration=Kites)

    outcome, lines = perform(
        workplace,
        deploy(workplace, script, integrations=("kites",)),
        credentials=credentials,
        registry=Registry(loaded={"kites": plugin}, failed={}),
        executor=Executor(sandbox, runs_root=workplace.runs_root),
    )

    assert outcome.result == {"KITES_TOKEN": "[masked]", "KITES_STORE": "kites-store"}
    assert lines == [("stdout", "kites-store [masked] [masked]")]


def hide_marker(subject, error):
    return json.loads(json.dumps(error).replace("tok-of-another", "[masked]"))


def test_the_error_of_a_script_is_recorded_without_what_the_server_keeps_for_the_user(workplace):
    script = "def job(event):\n    raise ValueError('it said tok-of-another')\n"

    outcome, _ = perform(workplace, deploy(workplace, script), hide_secrets=hide_marker)

    assert "it said [masked]" in outcome.error["message"]
    assert "tok-of-another" not in str(outcome.error)


def test_a_run_that_does_not_start_says_why_without_secrets(workplace):
    def refuse(subject, name, alias=None):
        raise UserFacingConfigError("the provider repeated tok-of-another")

    connections = SimpleNamespace(select=refuse, open=None, refresh=None)

    outcome, lines = perform(
        workplace, deploy(workplace, LOOKS_AROUND), credentials=connections, hide_secrets=hide_marker
    )

    assert outcome.error["message"] == "the provider repeated [masked]"
    assert "tok-of-another" not in str(lines)


def test_an_error_that_cannot_be_checked_for_secrets_keeps_its_code_only(workplace):
    def fail(subject, error):
        raise DatabaseBusy("the database did not answer")

    script = "def job(event):\n    raise ValueError('it said tok-of-another')\n"

    outcome, _ = perform(workplace, deploy(workplace, script), hide_secrets=fail)

    assert outcome.error["type"] == "AgentFixableError"
    assert "tok-of-another" not in str(outcome.error)


def test_a_sandboxed_run_says_in_its_log_what_was_refused_and_where_output_was_cut(workplace):
    sandbox = SandlockSandbox()
    if not sandbox.status().available:
        unavailable(sandbox.status().reason)
    script = """
def job():
    print("x\\n" * 30_000)
    open("/etc/passwd")
"""

    outcome, lines = perform(
        workplace, deploy(workplace, script), executor=Executor(sandbox, runs_root=workplace.runs_root)
    )

    words = [text for stream, text in lines if stream == "system"]
    assert words[0].startswith("the log is cut here: the first 20000 lines of stdout and stderr are kept")
    assert words[1].startswith("SCRIPT_FAILED: PermissionError")
    assert "'/etc/passwd' is neither" in words[1]
    assert outcome.error["details"] == {"refused_by": "sandbox"}
