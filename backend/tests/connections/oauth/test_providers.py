import pytest
from pydantic import SecretStr

from wren_backend.connections.errors import ProviderNotConfigured
from wren_backend.connections.oauth.provider_addresses import unset_fields
from wren_backend.connections.oauth.providers import resolve_provider
from wren_backend.settings import ProviderSettings
from wren_core.contract.spec import OAuth2Config
from wren_core.errors import ConfigInvalid

CLIENT = ProviderSettings(client_id="id", client_secret=SecretStr("the-secret"))


def spec_with(stand_in, **changes):
    auth = OAuth2Config(**{**stand_in.Parcel.spec.auth.model_dump(), **changes})
    return stand_in.Parcel.spec.model_copy(update={"auth": auth})


def test_a_missing_client_id_names_the_exact_variable(stand_in):
    with pytest.raises(ProviderNotConfigured) as caught:
        resolve_provider(stand_in.Parcel.spec, {}, {})

    assert caught.value.code == "PROVIDER_NOT_CONFIGURED"
    assert "WREN_PROVIDERS__PARCELCO__CLIENT_ID" in caught.value.message
    assert caught.value.details["variable"] == "WREN_PROVIDERS__PARCELCO__CLIENT_ID"


def test_without_overrides_the_specs_addresses_count(stand_in):
    provider = resolve_provider(stand_in.Parcel.spec, {"parcelco": CLIENT}, {})

    assert provider.token_url == "https://parcel.test/token"
    assert provider.userinfo_url is None


@pytest.mark.parametrize("setting", ["authorization_url", "token_url", "revoke_url", "userinfo_url"])
def test_an_operator_overrides_every_address(stand_in, setting):
    given = CLIENT.model_copy(update={setting: "http://corp.internal/x"})

    provider = resolve_provider(stand_in.Parcel.spec, {"parcelco": given}, {})

    assert getattr(provider, setting) == "http://corp.internal/x"


@pytest.mark.parametrize("url", ["http://parcel.test/token", "http://169.254.169.254/token"])
def test_a_plugin_cannot_send_secrets_over_plain_http(stand_in, url):
    with pytest.raises(ProviderNotConfigured) as caught:
        resolve_provider(spec_with(stand_in, token_url=url), {"parcelco": CLIENT}, {})

    assert caught.value.details["variable"] == "WREN_PROVIDERS__PARCELCO__TOKEN_URL"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x/", "https://", "https://[::1"])
def test_an_address_that_is_no_http_address_is_refused(stand_in, url):
    given = CLIENT.model_copy(update={"token_url": url})

    with pytest.raises(ProviderNotConfigured):
        resolve_provider(stand_in.Parcel.spec, {"parcelco": given}, {})


def test_an_issuer_must_share_the_origin_of_an_endpoint(stand_in):
    provider = resolve_provider(stand_in.Parcel.spec, {"parcelco": CLIENT}, {})

    assert provider.is_issued_by("https://parcel.test")
    assert provider.is_issued_by("https://parcel.test:443/realm")
    assert not provider.is_issued_by("https://parcel.test.evil.test")
    assert not provider.is_issued_by("http://parcel.test")
    assert not provider.is_issued_by("parcel.test")


def test_a_provider_does_not_show_its_secret(stand_in):
    assert "the-secret" not in repr(resolve_provider(stand_in.Parcel.spec, {"parcelco": CLIENT}, {}))


TENANT = {"type": "object", "properties": {"tenant": {"type": "string"}}, "required": ["tenant"]}


def tenant_spec(stand_in, **changes):
    addresses = {
        "authorization_url": "https://login.example.com/{tenant}/authorize",
        "token_url": "https://{tenant}.shops.example.com/token",
        "revoke_url": "https://login.example.com/{tenant}/revoke",
        **changes,
    }
    return spec_with(stand_in, **addresses).model_copy(update={"config_schema": TENANT})


def test_variables_of_addresses_are_filled_in_from_the_configuration(stand_in):
    provider = resolve_provider(tenant_spec(stand_in), {"parcelco": CLIENT}, {"tenant": "acme"})

    assert provider.authorization_url == "https://login.example.com/acme/authorize"
    assert provider.token_url == "https://acme.shops.example.com/token"
    assert provider.revoke_url == "https://login.example.com/acme/revoke"
    assert provider.is_issued_by("https://acme.shops.example.com")


def test_variables_in_an_operators_address_are_filled_in_too(stand_in):
    given = CLIENT.model_copy(update={"token_url": "http://corp.internal/{tenant}/token"})

    provider = resolve_provider(tenant_spec(stand_in), {"parcelco": given}, {"tenant": "acme"})

    assert provider.token_url == "http://corp.internal/acme/token"


@pytest.mark.parametrize(
    "tenant", ["", None, "evil.test/", "evil.test#", "evil.test?", "a@evil.test", "evil.test:443", "..", "a b", "%2e"]
)
def test_a_value_cannot_lead_to_another_server(stand_in, tenant):
    with pytest.raises(ConfigInvalid) as caught:
        resolve_provider(tenant_spec(stand_in), {"parcelco": CLIENT}, {"tenant": tenant})

    assert caught.value.details["field"] == "tenant"


def test_a_value_in_a_path_stays_one_segment(stand_in):
    spec = tenant_spec(stand_in, token_url="https://login.example.com/{tenant}/token")

    provider = resolve_provider(spec, {"parcelco": CLIENT}, {"tenant": "a/../b?c"})

    assert provider.token_url == "https://login.example.com/a%2F..%2Fb%3Fc/token"


def test_the_fields_that_addresses_lack_are_listed(stand_in):
    spec = tenant_spec(stand_in)

    assert unset_fields(spec, {"parcelco": CLIENT}, {}) == ["tenant"]
    assert unset_fields(spec, {"parcelco": CLIENT}, {"tenant": "acme"}) == []
