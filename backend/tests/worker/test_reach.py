import pytest

from wren_backend.worker.reach import host_of, reach_of
from wren_core.spec import IntegrationSpec

MAIL = IntegrationSpec(name="mail", display_name="Mail", hosts=("api.mail.example", "files.mail.example:8443"))
CHAT = IntegrationSpec(name="chat", display_name="Chat", hosts=("chat.example",))


def test_a_run_reaches_the_declared_hosts_of_its_integrations_and_no_other():
    reach = reach_of([MAIL], {})

    assert reach.allow == ("api.mail.example:443", "files.mail.example:8443")
    assert reach.operator == ()


def test_an_operators_address_replaces_every_declared_host_and_may_be_private():
    reach = reach_of([MAIL, CHAT], {"mail": "http://127.0.0.1:4600/", "other": "https://unused.example"})

    assert reach.allow == ("chat.example:443", "127.0.0.1:4600")
    assert reach.operator == ("127.0.0.1:4600",)


def test_a_script_without_integrations_reaches_nothing():
    assert reach_of([], {"mail": "http://127.0.0.1:1"}).allow == ()


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
