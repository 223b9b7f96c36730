import pytest
from pydantic import SecretStr

from wren_backend.connections.errors import ProviderNotConfigured
from wren_backend.connections.oauth.providers import resolve_provider
from wren_backend.settings import ProviderSettings
from wren_core.contract.spec import OAuth2Config

CLIENT = ProviderSettings(client_id="id", client_secret=SecretStr("the-secret"))


def spec_with(stand_in, **changes):
    auth = OAuth2Config(**{**stand_in.Parcel.spec.auth.model_dump(), **changes})
    return stand_in.Parcel.spec.model_copy(update={"auth": auth})


def test_a_missing_client_id_names_the_exact_variable(stand_in):
    with pytest.raises(ProviderNotConfigured) as caught:
        resolve_provider(stand_in.Parcel.spec, {})

    assert caught.value.code == "PROVIDER_NOT_CONFIGURED"
    assert "WREN_PROVIDERS__PARCELCO__CLIENT_ID" in caught.value.message
    assert caught.value.details["variable"] == "WREN_PROVIDERS__PARCELCO__CLIENT_ID"


def test_without_overrides_the_specs_addresses_count(stand_in):
    provider = resolve_provider(stand_in.Parcel.spec, {"parcelco": CLIENT})

    assert provider.token_url == "https://parcel.test/token"
    assert provider.userinfo_url is None


@pytest.mark.parametrize("setting", ["authorization_url", "token_url", "revoke_url", "userinfo_url"])
def test_an_operator_overrides_every_address(stand_in, setting):
    given = CLIENT.model_copy(update={setting: "http://corp.internal/x"})

    provider = resolve_provider(stand_in.Parcel.spec, {"parcelco": given})

    assert getattr(provider, setting) == "http://corp.internal/x"


@pytest.mark.parametrize("url", ["http://parcel.test/token", "http://169.254.169.254/token"])
def test_a_plugin_cannot_send_secrets_over_plain_http(stand_in, url):
    with pytest.raises(ProviderNotConfigured) as caught:
        resolve_provider(spec_with(stand_in, token_url=url), {"parcelco": CLIENT})

    assert caught.value.details["variable"] == "WREN_PROVIDERS__PARCELCO__TOKEN_URL"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x/", "https://", "https://[::1"])
def test_an_address_that_is_no_http_address_is_refused(stand_in, url):
    given = CLIENT.model_copy(update={"token_url": url})

    with pytest.raises(ProviderNotConfigured):
        resolve_provider(stand_in.Parcel.spec, {"parcelco": given})


def test_an_issuer_must_share_the_origin_of_an_endpoint(stand_in):
    provider = resolve_provider(stand_in.Parcel.spec, {"parcelco": CLIENT})

    assert provider.is_issued_by("https://parcel.test")
    assert provider.is_issued_by("https://parcel.test:443/realm")
    assert not provider.is_issued_by("https://parcel.test.evil.test")
    assert not provider.is_issued_by("http://parcel.test")
    assert not provider.is_issued_by("parcel.test")


def test_a_provider_does_not_show_its_secret(stand_in):
    assert "the-secret" not in repr(resolve_provider(stand_in.Parcel.spec, {"parcelco": CLIENT}))
