import pytest

from wren_core.contract.auth import ApiKeyConfig, CredentialSpec, CredentialType, CustomAuth, OAuth2Config
from wren_core.contract.authorization import authorization
from wren_core.contract.credentials import Credentials
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import CredentialMissing

OAUTH = OAuth2Config(provider="p", authorization_url="https://a.example/a", token_url="https://a.example/t")


def spec_with(auth, *credentials):
    return IntegrationSpec(name="depot", display_name="Depot", auth=auth, credentials=credentials)


def credential(key, kind, *, required=True):
    return CredentialSpec(key=key, type=kind, env_var=key.upper(), required=required)


@pytest.mark.parametrize(
    ("spec", "values", "headers", "query"),
    [
        (
            spec_with(ApiKeyConfig(name="X-Key", prefix="Key "), credential("api_key", CredentialType.API_KEY)),
            {"api_key": "key-1"},
            {"x-key": "Key key-1"},
            {},
        ),
        (
            spec_with(ApiKeyConfig(placement="query", name="key"), credential("api_key", CredentialType.API_KEY)),
            {"api_key": "key-1"},
            {},
            {"key": "key-1"},
        ),
        (spec_with(OAUTH), {"access_token": "tok-1"}, {"authorization": "Bearer tok-1"}, {}),
        (
            spec_with(CustomAuth(), credential("token", CredentialType.TOKEN)),
            {"token": "tok-1"},
            {"authorization": "Bearer tok-1"},
            {},
        ),
        (
            spec_with(CustomAuth(), credential("login", CredentialType.BASIC_AUTH)),
            {"login": "Aladdin:open sesame"},
            {"authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
            {},
        ),
        (spec_with(CustomAuth(), credential("word", CredentialType.CUSTOM)), {"word": "open-sesame"}, {}, {}),
        (spec_with(None), {}, {}, {}),
        (
            spec_with(CustomAuth(), credential("token", CredentialType.TOKEN, required=False)),
            {},
            {},
            {},
        ),
    ],
)
def test_each_kind_of_credential_goes_where_it_belongs(spec, values, headers, query):
    found = authorization(spec, Credentials(values))

    assert (found.headers, found.query) == (headers, query)
    assert not any(value in repr(found) for value in values.values())


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        (spec_with(ApiKeyConfig(name="X-Key"), credential("api_key", CredentialType.API_KEY)), "api_key"),
        (spec_with(OAUTH), "access_token"),
        (spec_with(CustomAuth(), credential("login", CredentialType.BASIC_AUTH)), "login"),
    ],
)
def test_a_missing_credential_is_reported_by_name(spec, key):
    with pytest.raises(CredentialMissing, match=key):
        authorization(spec, Credentials({}, integration="depot"))
