import pytest

from wren_core.contract.address_check import check_addresses, host_template, list_address_problems
from wren_core.contract.spec import IntegrationSpec, OAuth2Config

FIELDS = {"shop": {"type": "string"}, "port": {"type": "integer"}, "region": {"type": "string", "default": "eu"}}
SCHEMA = {"type": "object", "properties": {**FIELDS, "note": {"type": "string"}}, "required": ["shop", "port"]}


def shop(address, *, name="token_url", schema=SCHEMA):
    urls = {"authorization_url": "https://shop.example/a", "token_url": "https://shop.example/t"}
    auth = OAuth2Config(provider="shop", **(urls if name == "base_url" else {**urls, name: address}))
    base = {"base_url": address} if name == "base_url" else {}
    return IntegrationSpec(name="shop", display_name="Shop", auth=auth, config_schema=schema, **base)


@pytest.mark.parametrize("name", ["authorization_url", "token_url", "revoke_url", "userinfo_url", "base_url"])
@pytest.mark.parametrize(
    "address",
    [
        "https://login.example/{shop}/token",
        "https://{shop}.shops.example/token",
        "https://{region}-{shop}.shops.example.com/token?x={shop}",
        "https://login.example.com:{port}/token",
    ],
)
def test_an_address_may_have_variables_that_always_have_a_value(name, address):
    check_addresses(shop(address, name=name))


@pytest.mark.parametrize("address", ["https://{shop}/api", "https://api.{shop}:{port}", "{shop}/api", "{shop}"])
def test_only_the_address_of_the_api_may_have_any_host(address):
    check_addresses(shop(address, name="base_url"))

    assert "client secret" in "".join(list_address_problems(shop("https://{shop}/oauth")))


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("https://login.example/{tenant}/token", "no field 'tenant'; it has shop, port, region, note"),
        ("https://login.example/{note}/token", "'note' may be missing; make it required, or give it a default"),
        ("https://login.example/{Tenant}/token", "begins with a small letter"),
        ("https://login.example/{}/token", "in braces"),
        ("https://login.example/{shop/token", "in braces"),
        ("https://login.example:8{port}/token", "a port is a number or one variable"),
        ("https://ann@{shop}.shops.example/token", "holds no user"),
        ("https://{shop}.example/token", "who gets the client secret"),
        ("https://shop.{region}/token", "who gets the client secret"),
    ],
)
@pytest.mark.parametrize("name", ["authorization_url", "token_url", "revoke_url", "userinfo_url"])
def test_any_other_variable_is_refused_with_the_name_of_the_address(name, address, problem):
    with pytest.raises(ValueError, match=rf"^auth\.{name} ") as caught:
        check_addresses(shop(address, name=name))

    assert problem in str(caught.value)


def test_an_integration_without_configuration_has_no_variables():
    assert "it has no fields" in list_address_problems(shop("https://a.example/{shop}", schema={"type": "object"}))[0]


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://{shop}.shops.example/api", "{shop}.shops.example"),
        ("https://{shop}:{port}/api", "{shop}:{port}"),
        ("http://{shop}/api", "{shop}:80"),
        ("{shop}/api", "{shop}"),
        ("https://a.example/{shop}", ""),
    ],
)
def test_the_host_of_an_address_is_an_entry_of_config_hosts(base_url, host):
    assert host_template(base_url) == host
