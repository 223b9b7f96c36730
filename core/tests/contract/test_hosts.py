import pytest
from pydantic import ValidationError

from wren_core.contract.hosts import configured_hosts
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import ConfigInvalid


def spec(*templates, **properties):
    schema = {"type": "object", "properties": properties}
    return IntegrationSpec(name="mail", display_name="Mail", config_hosts=templates, config_schema=schema)


SERVER = spec("{host}:{port}", host={"type": "string"}, port={"type": "integer", "default": 143})
SITE = spec("{url}", url={"type": "string"})


@pytest.mark.parametrize(
    ("config", "hosts"),
    [
        ({"host": "mail.example", "port": 993}, ("mail.example:993",)),
        ({"host": "mail.example"}, ("mail.example:143",)),
        ({"host": "MAIL.Example."}, ("mail.example:143",)),
        ({"host": "127.0.0.1"}, ("127.0.0.1:143",)),
        ({"host": "::1", "port": 25}, ("[::1]:25",)),
        ({"host": "bücher.example"}, ("xn--bcher-kva.example:143",)),
        ({"host": None}, ()),
        ({"host": ""}, ()),
        ({}, ()),
    ],
)
def test_a_template_is_filled_with_the_configuration_and_its_defaults(config, hosts):
    assert configured_hosts(SERVER, config) == hosts


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://cloud.example/dav", "cloud.example:443"),
        ("http://cloud.example", "cloud.example:80"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("https://ann:secret@cloud.example/", "cloud.example:443"),
        ("https://[::1]:8443/dav", "[::1]:8443"),
        ("cloud.example", "cloud.example:443"),
        ("cloud.example:8443", "cloud.example:8443"),
    ],
)
def test_a_url_names_its_host_and_the_port_of_its_scheme(url, host):
    assert configured_hosts(SITE, {"url": url}) == (host,)


def test_templates_that_name_one_place_are_one_host():
    both = spec("{host}:{port}", "{other}:143", host={}, other={}, port={})

    assert configured_hosts(both, {"host": "a.example", "other": "a.example", "port": 143}) == ("a.example:143",)
    assert configured_hosts(both, {"host": "a.example", "port": 25}) == ("a.example:25",)


@pytest.mark.parametrize(
    "host", ["*", "*.example", "10.0.0.0/8", "a b", "a\n.example", "a.example,b.example", "-a", "a/b"]
)
def test_the_error_of_an_invalid_host_names_its_field(host):
    with pytest.raises(ConfigInvalid, match="'host'") as caught:
        configured_hosts(SERVER, {"host": host})

    assert caught.value.details["field"] == "host"


@pytest.mark.parametrize("port", [0, 65536, -1, "imap"])
def test_an_invalid_port_is_refused(port):
    with pytest.raises(ConfigInvalid):
        configured_hosts(SERVER, {"host": "mail.example", "port": port})


def test_a_refused_address_is_not_repeated():
    with pytest.raises(ConfigInvalid) as caught:
        configured_hosts(SITE, {"url": "https://ann:secret@cloud.example:99999/"})

    assert "secret" not in str(caught.value) + str(caught.value.details)


@pytest.mark.parametrize(
    ("template", "config", "host"),
    [
        ("{shop}.shops.example", {"shop": "Blue"}, "blue.shops.example:443"),
        ("{shop}.shops.example:{port}", {"shop": "blue", "port": 8443}, "blue.shops.example:8443"),
        ("api.shops.example:{port}", {"port": 8443}, "api.shops.example:8443"),
        ("api-{shop}.shops.example:8080", {"shop": "blue"}, "api-blue.shops.example:8080"),
    ],
)
def test_a_template_may_have_a_field_for_a_part_of_the_host(template, config, host):
    assert configured_hosts(spec(template, shop={}, port={}), config) == (host,)


@pytest.mark.parametrize(
    "value", ["evil.example/", "a b", "blue.shops.example", "evil.example:443", "x@evil.example", ".."]
)
def test_a_part_of_a_host_stays_a_part(value):
    with pytest.raises(ConfigInvalid, match="'shop'"):
        configured_hosts(spec("{shop}.shops.example", shop={}), {"shop": value})


@pytest.mark.parametrize("template", ["mail.example", "{host}/x", "https://{host}", "{Host}", "{host}:{port}:{x}", "*"])
def test_a_template_is_an_address_made_of_fields(template):
    with pytest.raises(ValidationError, match=r"config_hosts\.0"):
        spec(template, host={}, port={})


def test_a_template_names_fields_of_the_configuration():
    with pytest.raises(ValidationError, match="config_hosts names 'hots'"):
        spec("{hots}:{port}", host={}, port={})
