import json

import pytest

from wren_backend.connections.credentials.run_credentials import ConnectionCredentials
from wren_backend.settings import IntegrationSettings
from wren_backend.testing import add_connection, add_subject
from wren_backend.worker.accounts import Account
from wren_backend.worker.environment import describe_connections, job_connections, override_env
from wren_core.contract.spec import IntegrationSpec

MAIL = IntegrationSpec(name="mail", display_name="Mail")
CHAT = IntegrationSpec(name="chat", display_name="Chat")
BASE_URL, CONFIG = "WREN_INTEGRATIONS__MAIL__BASE_URL", "WREN_INTEGRATIONS__MAIL__CONFIG"


def test_without_overrides_a_run_gets_what_its_connections_hold_and_nothing_else():
    held = {"MAIL_TOKEN": "at", CONFIG: '{"sender": "x"}'}

    assert override_env([MAIL], held, {}) == held


def test_what_was_held_is_left_as_it_was():
    held = {CONFIG: '{"sender": "x"}'}

    override_env([MAIL], held, {"mail": IntegrationSettings(base_url="http://127.0.0.1:1", config={"size": 3})})

    assert held == {CONFIG: '{"sender": "x"}'}


def test_the_operators_address_reaches_the_run_as_it_was_written():
    env = override_env([MAIL], {}, {"mail": IntegrationSettings(base_url="http://127.0.0.1:4600/api/")})

    assert env == {BASE_URL: "http://127.0.0.1:4600/api/"}


def test_the_connections_configuration_wins_over_the_operators_value_by_value():
    held = {CONFIG: json.dumps({"sender": "me", "labels": ["a"]})}
    override = IntegrationSettings(config={"sender": "everybody", "size": 3, "labels": ["b", "c"]})

    env = override_env([MAIL], held, {"mail": override})

    assert json.loads(env[CONFIG]) == {"sender": "me", "labels": ["a"], "size": 3}


def test_the_operators_configuration_is_there_without_a_connection():
    env = override_env([MAIL], {}, {"mail": IntegrationSettings(config={"size": 3})})

    assert json.loads(env[CONFIG]) == {"size": 3}


def test_what_concerns_integrations_the_script_does_not_use_stays_out():
    env = override_env([CHAT], {}, {"mail": IntegrationSettings(base_url="http://127.0.0.1:1", config={"size": 3})})

    assert env == {}


def account(alias="default", *, is_default=True, **config):
    credentials = ConnectionCredentials(
        connection_id=f"conn_{alias}",
        workspace_id="ws_1",
        integration="mail",
        alias=alias,
        version=1,
        env={"MAIL_TOKEN": f"token of {alias}"},
        config=config,
    )
    return Account(credentials=credentials, is_default=is_default)


def test_the_accounts_of_a_run_stand_side_by_side_each_with_its_credentials_and_configuration():
    override = IntegrationSettings(base_url="http://127.0.0.1:1", config={"size": 3, "sender": "everybody"})

    found = job_connections([account(), account("work", is_default=False, sender="me")], {"mail": override})

    assert [(item.alias, item.is_default, item.credentials["MAIL_TOKEN"]) for item in found] == [
        ("default", True, "token of default"),
        ("work", False, "token of work"),
    ]
    assert [item.config for item in found] == [{"size": 3, "sender": "everybody"}, {"size": 3, "sender": "me"}]
    assert {item.base_url for item in found} == {"http://127.0.0.1:1"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_subjects_configuration_is_that_of_its_default_connections(database):
    subject = add_subject(database)
    rows = [
        (add_connection(database, subject, alias="work"), {"sender": "work"}),
        (add_connection(database, subject), {"sender": "default"}),
        (add_connection(database, subject, "chat", alias="team"), {"room": "general"}),
        (add_connection(database, subject, "plain"), {}),
    ]
    connections = [row.model_copy(update={"config": config}) for row, config in rows]

    found = {(item.integration, item.alias): item for item in describe_connections(connections, {})}

    assert {place: dict(item.config) for place, item in found.items()} == {
        ("mail", "work"): {"sender": "work"},
        ("mail", "default"): {"sender": "default"},
        ("chat", "team"): {"room": "general"},
        ("plain", "default"): {},
    }
    assert [place for place, item in found.items() if not item.is_default] == [("mail", "work")]
    assert all(item.credentials == {} for item in found.values())
    assert describe_connections([], {}) == ()
