import copy
import json
import pickle
import pprint

import pydantic_core
import pytest

from wren_core import Credentials, CredentialSpec, CredentialType, IntegrationSpec
from wren_core.errors import CredentialMissing

SECRET = "s3cret-value"

SPEC = IntegrationSpec(
    name="mail",
    display_name="Mail",
    credentials=[
        CredentialSpec(
            key="access_token", type=CredentialType.OAUTH2, env_var="MAIL_TOKEN", refresh_env_var="MAIL_REFRESH"
        ),
        CredentialSpec(key="account", type=CredentialType.CUSTOM, env_var="MAIL_ACCOUNT", required=False),
    ],
)


@pytest.fixture
def credentials():
    return Credentials({"access_token": SECRET}, integration="mail")


def test_values_are_read_by_key(credentials):
    assert credentials["access_token"] == SECRET
    assert credentials.get("access_token") == SECRET
    assert credentials.get("other") is None
    assert credentials.get("other", "x") == "x"
    assert "access_token" in credentials
    assert "other" not in credentials
    assert (list(credentials), len(credentials)) == (["access_token"], 1)


def test_a_missing_value_names_the_integration_the_key_and_the_next_step(credentials):
    with pytest.raises(CredentialMissing, match=r"mail has no credential 'api_key'; run `wren connect mail`"):
        credentials["api_key"]


def test_a_missing_value_without_an_integration_is_named_too():
    with pytest.raises(CredentialMissing, match=r"^the integration has no credential 'api_key'"):
        Credentials()["api_key"]


def test_credentials_are_read_from_the_given_environment():
    environ = {"MAIL_TOKEN": SECRET, "MAIL_ACCOUNT": "", "MAIL_REFRESH": "r", "HOME": "/root"}

    assert dict(Credentials.from_env(SPEC, environ)) == {"access_token": SECRET}


def test_required_credentials_without_a_value_are_missing():
    assert [spec.key for spec in Credentials().missing(SPEC.credentials)] == ["access_token"]
    assert Credentials({"access_token": "x"}).missing(SPEC.credentials) == []


@pytest.mark.parametrize(
    "show",
    [repr, str, pprint.pformat, "{}".format, "{!r}".format, lambda value: repr({"in": [value]}), lambda v: f"{v}"],
)
def test_no_way_to_print_them_shows_a_value(credentials, show):
    assert SECRET not in show(credentials)
    assert "access_token=***" in show(credentials)


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, pydantic_core.to_json])
def test_credentials_cannot_be_serialized(credentials, write):
    with pytest.raises((TypeError, pydantic_core.PydanticSerializationError)):
        write(credentials)


def test_they_cannot_be_changed(credentials):
    with pytest.raises(TypeError):
        credentials["access_token"] = "other"


def test_a_later_change_of_the_given_values_has_no_effect():
    values = {"access_token": SECRET}
    credentials = Credentials(values)

    values.clear()

    assert credentials["access_token"] == SECRET


def test_public_values_are_not_secrets_whatever_their_source():
    name = CredentialSpec(key="username", type=CredentialType.BASIC_AUTH, env_var="MAIL_USERNAME", secret=False)
    spec = SPEC.model_copy(update={"credentials": (*SPEC.credentials, name)})
    environ = {"MAIL_TOKEN": SECRET, "MAIL_USERNAME": "postgres"}

    assert Credentials.from_env(spec, environ).secrets == [SECRET]
    assert Credentials.of(spec, {"username": "postgres", "access_token": SECRET}).secrets == [SECRET]
    assert Credentials({"username": "postgres"}).secrets == ["postgres"]


ACCOUNTS = IntegrationSpec(
    name="mail",
    display_name="Mail",
    credentials=(CredentialSpec(key="token", type=CredentialType.API_KEY, env_var="MAIL_TOKEN"),),
)


def test_a_named_account_is_read_from_separate_variables():
    environ = {"MAIL_TOKEN": "mine", "MAIL_TOKEN__WORK_2": "work"}

    assert Credentials.from_env(ACCOUNTS, environ, account="work-2") == {"token": "work"}
    assert Credentials.from_env(ACCOUNTS, environ) == {"token": "mine"}


def test_a_missing_credential_of_an_account_names_the_variable_to_set():
    with pytest.raises(CredentialMissing, match=r"--alias work` or set MAIL_TOKEN__WORK$"):
        Credentials.from_env(ACCOUNTS, {"MAIL_TOKEN": "mine"}, account="work")["token"]
    with pytest.raises(CredentialMissing, match=r"`wren connect mail` or set MAIL_TOKEN$"):
        Credentials.from_env(ACCOUNTS, {})["token"]


def test_replaced_values_belong_to_the_same_account():
    renewed = Credentials.from_env(ACCOUNTS, {"MAIL_TOKEN__WORK": "old"}, account="work").replace(
        ACCOUNTS, {"token": "new"}
    )

    assert renewed == {"token": "new"}
    with pytest.raises(CredentialMissing, match=r"mail \(work\) has no credential"):
        renewed["other"]
