import json

import pytest

from wren_backend.settings import IntegrationSettings
from wren_backend.worker.reach import host_of, reach_of
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import ConfigInvalid

MAIL = IntegrationSpec(name="mail", display_name="Mail", hosts=("api.mail.example", "files.mail.example:8443"))
CHAT = IntegrationSpec(name="chat", display_name="Chat", hosts=("chat.example",))
STORE = IntegrationSpec(
    name="store",
    display_name="Store",
    config_hosts=("{host}:{port}", "{mirror}"),
    config_schema={
        "type": "object",
        "properties": {"host": {}, "port": {"default": 5432}, "mirror": {"default": None}, "database": {}},
    },
)


def settings(**config):
    return {"store": IntegrationSettings(config=config)}


def env(**config):
    return {"WREN_INTEGRATIONS__STORE__CONFIG": json.dumps(config)}


def test_a_run_reaches_the_declared_hosts_of_its_integrations_and_no_other():
    reach = reach_of([MAIL], {}, {})

    assert reach.allow == ("api.mail.example:443", "files.mail.example:8443")
    assert reach.operator == ()


def test_an_operators_address_replaces_every_declared_host_and_may_be_private():
    overrides = {
        "mail": IntegrationSettings(base_url="http://127.0.0.1:4600/"),
        "other": IntegrationSettings(base_url="https://unused.example"),
    }

    reach = reach_of([MAIL, CHAT], overrides, {})

    assert reach.allow == ("chat.example:443", "127.0.0.1:4600")
    assert reach.operator == ("127.0.0.1:4600",)


def test_a_script_without_integrations_reaches_nothing():
    assert reach_of([], {"mail": IntegrationSettings(base_url="http://127.0.0.1:1")}, env(host="x.example")).allow == ()


def test_what_a_users_configuration_names_is_allowed_and_never_private():
    reach = reach_of([STORE], {}, env(host="db.example", mirror="copy.example:5433"))

    assert reach.allow == ("db.example:5432", "copy.example:5433")
    assert reach.operator == ()


def test_what_the_operators_configuration_names_may_be_private():
    reach = reach_of([STORE], settings(host="127.0.0.1"), env(host="127.0.0.1", database="sales"))

    assert reach.allow == reach.operator == ("127.0.0.1:5432",)


def test_a_user_who_replaces_the_operators_host_does_not_get_its_rights():
    reach = reach_of([STORE], settings(host="127.0.0.1"), env(host="10.0.0.9"))

    assert reach.allow == ("10.0.0.9:5432",)
    assert reach.operator == ()


def test_a_user_who_replaces_the_port_of_the_operators_host_does_not_get_its_rights():
    reach = reach_of([STORE], settings(host="127.0.0.1", port=5432), env(host="127.0.0.1", port=6379))

    assert reach.allow == ("127.0.0.1:6379",)
    assert reach.operator == ()


def test_an_authors_default_is_no_word_of_the_operators():
    local = {"properties": {"host": {"default": "127.0.0.1"}, "port": {"default": 5432}, "mirror": {}, "database": {}}}

    reach = reach_of([STORE.model_copy(update={"config_schema": local})], settings(database="sales"), {})

    assert reach.allow == ("127.0.0.1:5432",)
    assert reach.operator == ()


def test_a_configured_host_that_is_none_ends_the_run_before_it_starts():
    with pytest.raises(ConfigInvalid, match="'host'"):
        reach_of([STORE], {}, env(host="0.0.0.0/0"))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.example/v1/", "api.example:443"),
        ("http://api.example", "api.example:80"),
        ("http://[::1]:8080/x", "[::1]:8080"),
    ],
)
def test_the_port_of_an_address_is_its_schemes_where_none_is_written(url, host):
    assert host_of(url) == host
