import pytest

from wren_core.contract.addresses import fill, missing_fields, variables, with_field_defaults
from wren_core.errors import ConfigInvalid


@pytest.mark.parametrize(
    ("template", "values", "address"),
    [
        ("https://login.example/{tenant}/authorize", {"tenant": "acme"}, "https://login.example/acme/authorize"),
        ("https://{shop}.shops.example/oauth", {"shop": "Blue-Shop"}, "https://blue-shop.shops.example/oauth"),
        ("https://{shop}.shops.example/oauth", {"shop": "eu.blue"}, "https://eu.blue.shops.example/oauth"),
        ("https://api-{n}.example.com/", {"n": 7}, "https://api-7.example.com/"),
        ("https://{host}:{port}/v1", {"host": "a.example", "port": 8443}, "https://a.example:8443/v1"),
        ("https://{host}/v1", {"host": "::1"}, "https://[::1]/v1"),
        ("https://{host}/v1", {"host": "bücher.example"}, "https://xn--bcher-kva.example/v1"),
        ("{url}/v1", {"url": "http://localhost:8080/dav/"}, "http://localhost:8080/dav/v1"),
        ("https://login.example/?t={tenant}", {"tenant": "a&b=c"}, "https://login.example/?t=a%26b%3Dc"),
        ("https://login.example/{tenant}/x", {"tenant": "a/b ä?#"}, "https://login.example/a%2Fb%20%C3%A4%3F%23/x"),
        ("https://login.example/{a}/{a}", {"a": "{b}", "b": "no"}, "https://login.example/%7Bb%7D/%7Bb%7D"),
        ("https://login.example/authorize", {}, "https://login.example/authorize"),
    ],
)
def test_variables_are_replaced_by_the_configuration(template, values, address):
    assert fill(template, values) == address


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("https://{shop}.shops.example/", {"shop": "evil.example/"}),
        ("https://{shop}.shops.example/", {"shop": "evil.example#"}),
        ("https://{shop}.shops.example/", {"shop": "evil.example:443@"}),
        ("https://{shop}.shops.example/", {"shop": "a\n"}),
        ("https://{shop}.shops.example/", {"shop": "blue.shops.example"}),
        ("https://{shop}.shops.example/", {"shop": "https://blue"}),
        ("https://{shop}.shops.example/", {"shop": "a..b"}),
        ("https://{shop}.shops.example/", {"shop": "."}),
        ("https://{shop}.shops.example/", {"shop": ""}),
        ("https://{shop}.shops.example/", {"shop": None}),
        ("https://{shop}.shops.example/", {}),
        ("https://login.example/{shop}/token", {"shop": ".."}),
        ("https://login.example/{shop}", {"shop": "."}),
        ("https://a.example:{shop}/", {"shop": "80/"}),
        ("https://a.example:{shop}/", {"shop": "0"}),
        ("https://a.example:{shop}/", {"shop": "65536"}),
        ("{shop}/v1", {"shop": "ftp://a.example"}),
        ("{shop}/v1", {"shop": "https://a.example/?q="}),
        ("{shop}/v1", {"shop": "https://ann:secret@a.example"}),
        ("{shop}/v1", {"shop": "a.example"}),
    ],
)
def test_a_value_that_leaves_its_place_is_refused_by_the_name_of_its_field(template, values):
    with pytest.raises(ConfigInvalid, match="ledger: configuration field 'shop'") as caught:
        fill(template, values, integration="ledger")

    assert caught.value.details["field"] == "shop"
    assert "secret" not in str(caught.value)


def test_the_fields_of_an_address_are_listed():
    template = "https://{shop}.shops.example/{tenant}/{shop}"

    assert variables(template) == ("shop", "tenant")
    assert missing_fields(template, {"shop": "a", "tenant": ""}) == ["tenant"]


def test_defaults_fill_what_is_not_given():
    schema = {"properties": {"region": {"default": "eu"}, "shop": {}}}

    assert with_field_defaults(schema, {"shop": "a"}) == {"region": "eu", "shop": "a"}
