import pytest

from wren_backend.connections.errors import CredentialsInvalid
from wren_backend.connections.parameters import misfits
from wren_backend.connections.requirements import check_values
from wren_core.contract.spec import CredentialSpec, CredentialType, CustomAuth, IntegrationSpec

SCHEMA = {
    "type": "object",
    "properties": {
        "host": {"type": "string", "pattern": r"^[a-z.]+$"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "ratio": {"type": "number"},
        "tls": {"type": "boolean"},
        "account": {"type": "object", "required": ["client"]},
        "region": {"enum": ["eu", "us"]},
        "contact": {"type": "string", "format": "email"},
    },
    "required": ["host"],
    "additionalProperties": False,
}
SPEC = IntegrationSpec(
    name="store",
    display_name="Store",
    auth=CustomAuth(parameters=SCHEMA),
    credentials=[
        CredentialSpec(key=key, type=CredentialType.CUSTOM, env_var=f"STORE_{key.upper()}", required=key == "host")
        for key in (*SCHEMA["properties"], "note")
    ],
)


def test_text_that_reads_as_what_its_property_says_fits():
    values = {
        "host": "a.example",
        "port": "993",
        "ratio": "0.5",
        "tls": "True",
        "account": '{"client": "x"}',
        "region": "eu",
        "contact": "a@b.example",
        "note": "not described",
    }

    assert check_values(SPEC, values) == values


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({"host": "A B"}, {"host": "must be pattern: '^[a-z.]+$'"}),
        ({"host": "a", "port": "imaps"}, {"port": "must be integer"}),
        ({"host": "a", "port": "70000"}, {"port": "must be maximum: 65535"}),
        ({"host": "a", "ratio": "high"}, {"ratio": "must be number"}),
        ({"host": "a", "tls": "on"}, {"tls": "must be boolean"}),
        ({"host": "a", "account": "{"}, {"account": "must be object"}),
        ({"host": "a", "account": "{}"}, {"account": "is missing"}),
        ({"host": "a", "region": "eu-west"}, {"region": "must be 'eu' | 'us'"}),
        ({"host": "a", "contact": "nobody"}, {"contact": "must be format: 'email'"}),
        ({"host": "a", "port": "x", "tls": "x"}, {"port": "must be integer", "tls": "must be boolean"}),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_the_reason(values, reasons):
    assert misfits(SCHEMA, values) == reasons

    with pytest.raises(CredentialsInvalid) as caught:
        check_values(SPEC, values)

    assert caught.value.details["reasons"] == reasons
    assert caught.value.details["unusable"] == list(reasons)
    assert all(f"{key} {reason}" in caught.value.message for key, reason in reasons.items())


def test_a_value_is_never_shown():
    with pytest.raises(CredentialsInvalid) as caught:
        check_values(SPEC, {"host": "a", "port": "hunter2", "account": '{"hunter2": 1}', "region": "hunter2"})

    assert "hunter2" not in f"{caught.value.message} {caught.value.details}"


def test_what_is_missing_may_be_the_schemas_to_say():
    assert misfits({"properties": {"a": {}, "b": {}}, "required": ["a", "b"]}, {"a": "1"}) == {"b": "is missing"}


def test_a_schema_that_says_nothing_takes_everything():
    assert misfits({}, {"a": "1"}) == {}


@pytest.mark.parametrize("value", ["user\x00:x", "user:pass\nword", "user:\x7f"])
def test_a_basic_credential_holds_no_control_characters(value):
    login = CredentialSpec(key="login", type=CredentialType.BASIC_AUTH, env_var="STORE_LOGIN")
    spec = IntegrationSpec(name="store", display_name="Store", credentials=[login])

    with pytest.raises(CredentialsInvalid):
        check_values(spec, {"login": value})

    assert check_values(spec, {"login": "user:pass word \u00a0"}) == {"login": "user:pass word \u00a0"}
