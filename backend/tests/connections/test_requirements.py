import pytest

from wren_backend.connections import requirements
from wren_backend.connections.errors import CredentialsInvalid


def test_what_an_integration_accepts_and_requires(stand_in):
    parcel, weather, abacus = stand_in.Parcel.spec, stand_in.Weather.spec, stand_in.Abacus.spec

    assert [requirements.accepts_connection(spec) for spec in (parcel, weather, abacus)] == [True, True, False]
    assert [requirements.requires_connection(spec) for spec in (parcel, weather, abacus)] == [True, True, False]


def test_tokens_of_oauth_are_not_typed_in(stand_in):
    assert requirements.typed_credentials(stand_in.Parcel.spec) == []
    assert [item.key for item in requirements.typed_credentials(stand_in.Weather.spec)] == ["api_key", "station"]


def test_missing_scopes_are_those_asked_for_and_not_granted(stand_in):
    assert requirements.missing_scopes(stand_in.Parcel.spec, ["parcels.read"]) == ["parcels.write"]


def test_identity_scopes_are_not_missed_because_providers_rename_them(stand_in):
    spec = stand_in.Parcel.spec.model_copy(update={"oauth_scopes": ("openid", "email", "parcels.read")})

    assert requirements.missing_scopes(spec, ["parcels.read", "https://p.test/userinfo.email"]) == []


def test_values_that_fit_are_returned_tidied(stand_in):
    values = requirements.check_values(stand_in.Weather.spec, {"api_key": " k-1\n", "station": ""})

    assert values == {"api_key": "k-1"}


@pytest.mark.parametrize(
    ("values", "details"),
    [
        ({}, {"missing": ["api_key"], "unknown": [], "unusable": []}),
        ({"api_key": "  "}, {"missing": ["api_key"], "unknown": [], "unusable": []}),
        ({"api_key": "k", "apikey": "k"}, {"missing": [], "unknown": ["apikey"], "unusable": []}),
        ({"api_key": "two\nlines"}, {"missing": [], "unknown": [], "unusable": ["api_key"]}),
        ({"api_key": "k", "station": "a\x00b"}, {"missing": [], "unknown": [], "unusable": ["station"]}),
        ({"api_key": "k", "station": "\ud800"}, {"missing": [], "unknown": [], "unusable": ["station"]}),
        ({"api_key": "k" * 20_000}, {"missing": [], "unknown": [], "unusable": ["api_key"]}),
    ],
)
def test_values_that_do_not_fit_are_named_and_never_shown(stand_in, values, details):
    with pytest.raises(CredentialsInvalid) as caught:
        requirements.check_values(stand_in.Weather.spec, values)

    assert caught.value.code == "CREDENTIALS_INVALID"
    assert {key: caught.value.details[key] for key in details} == details
    assert "lines" not in caught.value.message


def test_a_value_of_several_lines_is_fine_where_it_goes_into_no_header(stand_in):
    values = requirements.check_values(stand_in.Weather.spec, {"api_key": "k", "station": "a\nb"})

    assert values["station"] == "a\nb"
