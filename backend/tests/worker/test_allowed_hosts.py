import pytest

from wren_backend.settings import IntegrationSettings
from wren_backend.worker.allowed_hosts import allowed_hosts, host_of
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import ConfigInvalid
from wren_core.protocol.jobs import JobConnection

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


def account(alias="default", **config):
    return JobConnection(integration="store", alias=alias, config=config)


def test_a_run_reaches_the_declared_hosts_of_its_integrations_and_no_other():
    hosts = allowed_hosts([MAIL], {}, [])

    assert hosts.allow == ("api.mail.example:443", "files.mail.example:8443")
    assert hosts.operator == ()


def test_an_operators_address_replaces_every_declared_host_and_may_be_private():
    overrides = {
        "mail": IntegrationSettings(base_url="http://127.0.0.1:4600/"),
        "other": IntegrationSettings(base_url="https://unused.example"),
    }

    hosts = allowed_hosts([MAIL, CHAT], overrides, [])

    assert hosts.allow == ("chat.example:443", "127.0.0.1:4600")
    assert hosts.operator == ("127.0.0.1:4600",)


def test_a_script_without_integrations_reaches_nothing():
    assert (
        allowed_hosts(
            [], {"mail": IntegrationSettings(base_url="http://127.0.0.1:1")}, [account(host="x.example")]
        ).allow
        == ()
    )


def test_what_a_users_configuration_names_is_allowed_and_never_private():
    hosts = allowed_hosts([STORE], {}, [account(host="db.example", mirror="copy.example:5433")])

    assert hosts.allow == ("db.example:5432", "copy.example:5433")
    assert hosts.operator == ()


def test_what_the_operators_configuration_names_may_be_private():
    hosts = allowed_hosts([STORE], settings(host="127.0.0.1"), [account(host="127.0.0.1", database="sales")])

    assert hosts.allow == hosts.operator == ("127.0.0.1:5432",)


def test_a_user_who_replaces_the_operators_host_does_not_get_its_rights():
    hosts = allowed_hosts([STORE], settings(host="127.0.0.1"), [account(host="10.0.0.9")])

    assert hosts.allow == ("10.0.0.9:5432",)
    assert hosts.operator == ()


def test_a_user_who_replaces_the_port_of_the_operators_host_does_not_get_its_rights():
    hosts = allowed_hosts([STORE], settings(host="127.0.0.1", port=5432), [account(host="127.0.0.1", port=6379)])

    assert hosts.allow == ("127.0.0.1:6379",)
    assert hosts.operator == ()


def test_an_authors_default_is_no_word_of_the_operators():
    local = {"properties": {"host": {"default": "127.0.0.1"}, "port": {"default": 5432}, "mirror": {}, "database": {}}}

    hosts = allowed_hosts([STORE.model_copy(update={"config_schema": local})], settings(database="sales"), [])

    assert hosts.allow == ("127.0.0.1:5432",)
    assert hosts.operator == ()


def test_every_account_of_a_run_reaches_its_own_host():
    hosts = allowed_hosts(
        [STORE], settings(host="127.0.0.1"), [account(host="127.0.0.1"), account("b", host="b.example")]
    )

    assert hosts.allow == ("b.example:5432", "127.0.0.1:5432")
    assert hosts.operator == ("127.0.0.1:5432",)


def test_an_invalid_configured_host_ends_the_run_before_it_starts():
    with pytest.raises(ConfigInvalid, match="'host'"):
        allowed_hosts([STORE], {}, [account(host="0.0.0.0/0")])


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
