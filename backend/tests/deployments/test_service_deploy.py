"""Deploying, from the script to what is stored: every script is described in a separate process."""

import json
import threading
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest

from wren_backend.idempotency.repository import StoredReply
from wren_backend.testing import add_deployment
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec, OAuth2Config
from wren_core.declarative.integration import declared_integration
from wren_core.errors import WrenError
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.plugin import StoredPlugin
from wren_core.plugins.registry import Registry
from wren_core.testing.patience import patience

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
DAILY = 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily():\n    return 1\n'
TWO = DAILY + '\n@wren.on_schedule("@hourly", timezone="Europe/Berlin")\ndef hourly():\n    return 2\n'
METADATA = {
    "integrations": [],
    "triggers": [{"type": "schedule", "func": "daily", "config": {"cron": "0 9 * * *"}}],
    "schedules": [{"cron": "0 9 * * *", "func_name": "daily"}],
}


class Parcel(Integration):
    """Track parcels."""

    spec = IntegrationSpec(
        name="parcel",
        display_name="Parcel",
        auth=OAuth2Config(
            provider="parcelco",
            authorization_url="https://parcel.test/authorize",
            token_url="https://parcel.test/token",
            scopes=("read",),
        ),
    )


def refusal(desk, script, **options):
    with pytest.raises(WrenError) as caught:
        desk.deploy(script, **options)
    return caught.value


def triggers_by_func(desk, made):
    return {trigger.func: trigger for trigger in desk.service.get(desk.subject, made["id"]).triggers}


def test_a_deployed_script_is_on_the_clock(desk):
    made = desk.deploy(DAILY, name="report", metadata=METADATA)

    assert (made["name"], made["version"], made["status"]) == ("report", 1, "active")
    assert made["next_run"] == "2026-03-02T09:00:00+00:00"
    trigger = triggers_by_func(desk, made)["daily"]
    assert made["triggers"] == [trigger.id]
    assert trigger.config == {"cron": "0 9 * * *", "timezone": "UTC", "misfire": "latest"}


@sqlite_only
@pytest.mark.parametrize(
    ("script", "name"),
    [
        (DAILY, "daily"),
        ("def later(): ...\n" + DAILY.replace("daily", "zulu") + DAILY.replace("daily", "alpha"), "zulu"),
        ("def nothing():\n    pass\n", "script"),
    ],
)
def test_a_script_without_a_name_is_named_after_the_first_function_with_a_trigger(desk, script, name):
    assert desk.deploy(script)["name"] == name


@sqlite_only
def test_a_script_without_triggers_is_deployed_to_be_run_by_hand(desk):
    made = desk.deploy("def nothing():\n    pass\n", name="by hand")

    assert (made["triggers"], made["next_run"]) == ([], None)


@sqlite_only
def test_of_several_triggers_the_next_run_is_that_of_the_first_due(desk):
    assert desk.deploy(TWO)["next_run"] == "2026-03-02T09:00:00+00:00"


def test_a_new_version_keeps_the_identity_of_triggers_it_declares_again(desk):
    first = desk.deploy(TWO, name="report")
    before = triggers_by_func(desk, first)

    second = desk.deploy(TWO.replace('"0 9 * * *"', '"0 7 * * *"') + "\n# mended\n", name="report")

    after = triggers_by_func(desk, second)
    assert (second["id"], second["version"]) == (first["id"], 2)
    assert after["hourly"].id == before["hourly"].id
    assert after["daily"].id != before["daily"].id
    assert after["daily"].next_fire_at.hour == 7


@sqlite_only
def test_deploying_a_paused_script_again_puts_it_back_on_the_clock(desk):
    made = desk.deploy(DAILY)
    desk.service.pause(desk.subject, made["id"])

    again = desk.deploy(DAILY)

    assert (again["status"], again["version"], again["triggers"]) == ("active", 2, made["triggers"])


@sqlite_only
def test_metadata_may_be_left_out_and_must_agree_where_it_is_sent(desk):
    wrong = {**METADATA, "triggers": [{**METADATA["triggers"][0], "config": {"cron": "0 8 * * *"}}]}

    error = refusal(desk, DAILY, metadata=wrong)

    assert (error.type, error.code) == ("AgentFixableError", "METADATA_MISMATCH")
    assert error.details["script_declares"]["schedules"] == [{"cron": "0 9 * * *", "func_name": "daily"}]
    assert error.details["metadata_says"]["triggers"][0]["config"]["cron"] == "0 8 * * *"
    assert desk.stored() == []
    assert desk.deploy(DAILY)["version"] == 1


@sqlite_only
@pytest.mark.parametrize(
    ("script", "kind", "code", "message"),
    [
        ("def broken(:\n", "AgentFixableError", "SYNTAX_ERROR", "invalid syntax"),
        ("import wren\n1 / 0\n", "AgentFixableError", "IMPORT_FAILED", "division by zero"),
        (DAILY.replace("0 9", "61 9"), "AgentFixableError", "CRON_INVALID", "minute '61' is not valid"),
        (
            DAILY.replace('on_schedule("0 9 * * *")', 'on_email(from_="a@b.c")'),
            *("AgentFixableError", "TRIGGER_UNSUPPORTED", "daily has a trigger of type 'email'"),
        ),
    ],
)
def test_a_script_that_could_never_run_is_refused_and_not_stored(desk, script, kind, code, message):
    error = refusal(desk, script, name="report")

    assert (error.type, error.code) == (kind, code)
    assert message in error.message
    assert desk.stored() == []


@sqlite_only
def test_a_fault_of_a_script_is_shown_with_its_file_and_line(desk):
    error = refusal(desk, "import wren\n\n1 / 0\n", name="daily report")

    assert (error.details["file"], error.details["line"]) == ("daily report.py", 3)


@sqlite_only
@pytest.mark.parametrize("script", ["", "x = 1\x00", "# \ud800", "#" * (2**20 + 1)])
def test_an_invalid_script_is_refused_before_a_process_starts(desk, platform, script):
    error = refusal(desk, script)

    assert error.code in ("SCRIPT_NOT_TEXT", "SCRIPT_TOO_LARGE")
    assert desk.stored() == []


@sqlite_only
@pytest.mark.parametrize("name", ["", "../../x", "a\x00b", "\ud800", "x" * 121])
def test_a_name_that_cannot_be_one_is_refused(desk, name):
    error = refusal(desk, DAILY, name=name)

    assert (error.code, error.details) == ("NAME_INVALID", {"field": "name"})


def test_two_names_a_person_takes_for_the_same_are_not_told_apart(desk):
    add_deployment(desk.database, desk.subject, name="Report")

    error = refusal(desk, DAILY, name="rEPORT")

    assert (error.code, error.details) == ("NAME_TAKEN", {"field": "name", "existing": "Report"})
    assert desk.stored() == [("Report", 1)]


@sqlite_only
def test_a_schedule_that_fires_too_often_for_this_backend_is_refused(build_platform, admit, desk_of):
    strict = build_platform(min_schedule_interval=3600)
    desk = desk_of(admit())
    desk.service = strict.deployments

    error = refusal(desk, DAILY.replace("0 9 * * *", "*/30 * * * *"))

    assert (error.type, error.code) == ("AgentFixableError", "SCHEDULE_TOO_FREQUENT")
    assert "every 1800 s; the shortest interval here is 3600 s" in error.message


@sqlite_only
def test_what_tampers_with_its_own_description_is_refused_by_field(desk):
    forging = """
import sys
for module in list(sys.modules.values()):
    if getattr(module, "extract_metadata", None):
        module.extract_metadata = lambda *_, **__: {"triggers": [{"type": "schedule", "func": 7, "config": {}}]}
"""

    error = refusal(desk, forging)

    assert (error.type, error.code, error.details) == (
        *("AgentFixableError", "METADATA_INVALID"),
        {"field": "triggers.0.func"},
    )


@sqlite_only
def test_an_integration_that_is_not_connected_refuses_the_script_with_its_page(build_platform, member, desk_of):
    plugin = LoadedPlugin(name="parcel", distribution="wren-parcel", version="1.0", integration=Parcel)
    connected = build_platform(
        registry=Registry(loaded={"parcel": plugin}, failed={}), public_url="https://wren.example"
    )
    desk = desk_of(member)
    desk.service = connected.deployments
    script = DAILY.replace(
        "return 1", "[getattr(wren.integrations, 'parcel').init(), getattr(wren.integrations, 'parcle').init()]"
    )

    error = refusal(desk, script)

    problems = {problem["details"]["integration"]: problem["code"] for problem in error.details["problems"]}
    assert (error.type, error.code) == ("UserFacingConfigError", "INTEGRATION_NOT_CONFIGURED")
    assert error.action_url == "https://wren.example/integrations/parcel/setup"
    assert problems == {"parcel": "INTEGRATION_NOT_CONFIGURED", "parcle": "INTEGRATION_UNKNOWN"}
    assert desk.stored() == []


@sqlite_only
def test_without_a_sandbox_no_script_is_even_described(build_platform, member, desk_of, tmp_path):
    desk = desk_of(member)
    desk.service = build_platform(sandbox="auto", ca_file=tmp_path).deployments

    error = refusal(desk, DAILY)

    assert (error.type, error.code) == ("InternalError", "SANDBOX_UNAVAILABLE")
    assert "WREN_SANDBOX=none" in error.message


@sqlite_only
def test_a_workspace_with_as_many_deployments_as_it_may_have_takes_new_versions_only(desk):
    for name in ("one", "two", "three"):
        add_deployment(desk.database, desk.subject, name=name)

    error = refusal(desk, DAILY, name="four")

    assert (error.type, error.code) == ("UserFacingConfigError", "QUOTA_EXCEEDED")
    assert "3 deployments" in error.message
    assert desk.deploy(DAILY, name="three")["version"] == 2
    assert desk.stored() == [("one", 1), ("three", 2), ("two", 1)]


@sqlite_only
def test_a_deployment_can_be_updated_after_the_limit_was_lowered(desk):
    for name in ("one", "two", "three", "four", "five"):
        add_deployment(desk.database, desk.subject, name=name)

    assert desk.deploy(DAILY, name="one")["version"] == 2


@sqlite_only
def test_undeploying_makes_room(desk):
    for name in ("one", "two", "three"):
        last = add_deployment(desk.database, desk.subject, name=name)
    desk.service.undeploy(desk.subject, last.id)

    assert desk.deploy(DAILY, name="four")["version"] == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_rivals_for_the_last_place_one_gets_it(desk, together):
    for name in ("one", "two"):
        add_deployment(desk.database, desk.subject, name=name)
    both_are_in = threading.Barrier(2)

    def wait_for_the_other(made):
        with suppress(threading.BrokenBarrierError):
            both_are_in.wait(timeout=patience(2))
        return StoredReply(status_code=200, body=json.dumps(made.deployment.name))

    def attempt(number):
        try:
            return desk.deploy(DAILY, name=f"rival {number}", render=wait_for_the_other)
        except WrenError as exc:
            return exc.code

    refused, taken = sorted(together(2, attempt))

    assert refused == "QUOTA_EXCEEDED"
    assert desk.stored() == [("one", 1), (taken, 1), ("two", 1)]


@sqlite_only
def test_a_repeated_request_gets_the_first_answer_and_deploys_nothing(desk, clock):
    first = desk.deploy(DAILY, key="a key")
    clock.advance(timedelta(hours=2))

    assert desk.deploy(DAILY, key="a key") == first
    assert desk.stored() == [("daily", 1)]


@sqlite_only
def test_after_a_day_the_key_is_forgotten(desk, clock):
    desk.deploy(DAILY, key="a key")
    clock.advance(timedelta(hours=25))

    assert desk.deploy(DAILY, key="a key")["version"] == 2


@sqlite_only
def test_a_key_used_for_another_request_is_refused(desk):
    desk.deploy(DAILY, key="a key")

    error = refusal(desk, TWO, key="a key")

    assert (error.type, error.code) == ("AgentFixableError", "IDEMPOTENCY_KEY_REUSED")
    assert desk.stored() == [("daily", 1)]


@sqlite_only
def test_a_request_that_was_refused_leaves_its_key_for_the_next_try(desk):
    refusal(desk, "def broken(:\n", key="a key")

    assert desk.deploy(DAILY, key="a key")["version"] == 1


@sqlite_only
def test_the_key_of_one_workspace_means_nothing_in_another(desk, admit, desk_of):
    first = desk.deploy(DAILY, key="a key")

    assert desk_of(admit()).deploy(DAILY, key="a key")["id"] != first["id"]


def test_of_rivals_with_one_key_one_deploys_and_all_get_its_answer(desk, together):
    answers = together(2, lambda _: desk.deploy(DAILY, key="a key"))

    assert answers[0] == answers[1]
    assert desk.stored() == [("daily", 1)]


@sqlite_only
def test_what_a_script_may_read_of_its_configuration_it_reads_while_it_is_described(build_platform, member, desk_of):
    base_url = {"parcel": {"base_url": "http://127.0.0.1:4600"}}
    plugin = LoadedPlugin(name="parcel", distribution="wren-parcel", version="1.0", integration=Parcel)
    desk = desk_of(member)
    desk.service = build_platform(
        registry=Registry(loaded={"parcel": plugin}, failed={}), integrations=base_url
    ).deployments
    script = 'import os\nassert os.environ["WREN_INTEGRATIONS__PARCEL__BASE_URL"] == "http://127.0.0.1:4600"\n'

    assert desk.deploy(script)["version"] == 1


@sqlite_only
def test_an_integration_the_operator_declared_can_be_made_while_a_script_is_described(build_platform, member, desk_of):
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
    desk = desk_of(member)
    desk.service = build_platform(registry=Registry(loaded={"ledger": declared}, failed={})).deployments

    made = desk.deploy("import wren\nledger = wren.integrations.ledger.init()\n", name="books")

    assert desk.service.get(desk.subject, made["id"]).version.declared["integrations"] == ["ledger"]
