import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from wren_backend.connections.errors import FlowRefused
from wren_backend.connections.oauth.flow import authorization_url, check_answer, cookie_name, read_callback
from wren_backend.connections.oauth.providers import resolve_provider


@pytest.fixture
def provider(stand_in):
    return resolve_provider(stand_in.Parcel.spec, stand_in.provider_settings("https://p.test"), {})


def query_of(provider, **changes):
    values = {"redirect_uri": "https://w.test/cb", "scopes": ["a", "b"], "state": "s1", "code_verifier": "v" * 43}
    url = authorization_url(provider, **{**values, **changes})
    return urlsplit(url), parse_qs(urlsplit(url).query)


def test_the_authorization_url_asks_for_a_code_with_pkce_s256(provider):
    url, query = query_of(provider)

    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode().rstrip("=")
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://p.test/authorize"
    assert query == {
        "response_type": ["code"],
        "client_id": ["fake-client"],
        "redirect_uri": ["https://w.test/cb"],
        "scope": ["a b"],
        "state": ["s1"],
        "code_challenge": [challenge],
        "code_challenge_method": ["S256"],
        "access_type": ["offline"],
    }


def test_scopes_are_joined_as_the_provider_wants(provider):
    commas = provider.__class__(**{**vars(provider), "scope_separator": ","})

    assert query_of(commas)[1]["scope"] == ["a,b"]


def test_a_plugin_cannot_replace_our_parameters(provider):
    assert provider.additional_parameters["state"] == "of the plugin"
    assert query_of(provider)[1]["state"] == ["s1"]


def test_a_query_in_the_authorization_url_is_kept(provider):
    with_query = provider.__class__(**{**vars(provider), "authorization_url": "https://p.test/authorize?tenant=x"})

    assert query_of(with_query)[1]["tenant"] == ["x"]


def test_a_callback_is_read():
    answer = read_callback([("state", "s"), ("code", "c"), ("iss", "https://p.test"), ("utm", "x"), ("utm", "y")])

    assert (answer.state, answer.code, answer.issuer) == ("s", "c", "https://p.test")


@pytest.mark.parametrize(
    "parameters",
    [
        [],
        [("state", "")],
        [("code", "c")],
        [("state", "a"), ("state", "b")],
        [("state", "a"), ("code", "1"), ("code", "2")],
    ],
)
def test_a_callback_without_one_state_is_refused(parameters):
    with pytest.raises(FlowRefused):
        read_callback(parameters)


def answer_with(**changes):
    return read_callback([("state", "s"), *changes.items()])


def test_a_code_is_returned(provider):
    assert check_answer(answer_with(code="c", iss="https://p.test"), provider) == "c"


@pytest.mark.parametrize("issuer", ["https://evil.test", "http://p.test", "https://p.test:444", "", "p.test"])
def test_an_answer_of_another_issuer_is_refused(provider, issuer):
    with pytest.raises(FlowRefused, match="another authorization server"):
        check_answer(answer_with(code="c", iss=issuer), provider)


def test_an_error_is_reported_in_our_words(provider):
    with pytest.raises(FlowRefused) as caught:
        check_answer(answer_with(error="access_denied", error_description="<b>no\u202e</b>" + "x" * 1000), provider)

    assert caught.value.message == "access was not granted"
    assert caught.value.details["provider_said"].startswith("<b>no</b>")
    assert len(caught.value.details["provider_said"]) == 300


def test_an_unknown_error_is_shown_only_where_it_is_a_plain_code(provider):
    with pytest.raises(FlowRefused, match=r"answered org_blocked$"):
        check_answer(answer_with(error="org_blocked"), provider)
    with pytest.raises(FlowRefused, match=r"answered with an error$"):
        check_answer(answer_with(error="<script>"), provider)


def test_an_answer_with_neither_code_nor_error_is_refused(provider):
    with pytest.raises(FlowRefused, match="no code"):
        check_answer(answer_with(), provider)


def test_each_flow_has_its_own_cookie():
    assert cookie_name("one") != cookie_name("two")
