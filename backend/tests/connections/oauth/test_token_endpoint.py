from urllib.parse import parse_qs

import httpx2
import pytest

from wren_backend.connections.oauth.provider_http import BoundedTransport
from wren_backend.connections.oauth.providers import resolve_provider
from wren_backend.connections.oauth.token_endpoint import (
    ClientRefused,
    GrantDead,
    ProviderFailed,
    ProviderUnavailable,
    TokenEndpoint,
    safe_code,
)


class Script:
    """Answers with what the test says and keeps what was asked."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def form(self):
        return {key: values[0] for key, values in parse_qs(self.requests[-1].content.decode()).items()}


@pytest.fixture
def provider_of(stand_in):
    return lambda **changes: resolve_provider(
        stand_in.Parcel.spec,
        {"parcelco": stand_in.provider_settings("https://p.test")["parcelco"].model_copy(update=changes)},
    )


def endpoint_with(*answers):
    script = Script(*answers)
    return TokenEndpoint(BoundedTransport(httpx2.MockTransport(script))), script


def test_a_code_is_exchanged_with_its_verifier_and_redirect_uri(provider_of):
    endpoint, script = endpoint_with(httpx2.Response(200, json={"access_token": "at", "expires_in": 3600}))

    answer = endpoint.exchange(provider_of(), code="c", code_verifier="v", redirect_uri="https://w.test/cb")

    assert answer["access_token"] == "at"
    assert script.form() == {
        "grant_type": "authorization_code",
        "code": "c",
        "code_verifier": "v",
        "redirect_uri": "https://w.test/cb",
        "client_id": "fake-client",
        "client_secret": "fake-client-secret",
    }


def test_a_client_without_a_secret_names_itself_only(provider_of):
    endpoint, script = endpoint_with(httpx2.Response(200, json={"access_token": "at"}))

    endpoint.refresh(provider_of(client_secret=None), "rt")

    assert script.form() == {"grant_type": "refresh_token", "refresh_token": "rt", "client_id": "fake-client"}


def test_a_refresh_that_brings_no_new_refresh_token_keeps_the_old_one(provider_of):
    endpoint, _ = endpoint_with(httpx2.Response(200, json={"access_token": "at"}))

    assert endpoint.refresh(provider_of(), "rt")["refresh_token"] == "rt"


def test_a_refresh_that_brings_a_new_refresh_token_returns_it(provider_of):
    endpoint, _ = endpoint_with(httpx2.Response(200, json={"access_token": "at", "refresh_token": "rt2"}))

    assert endpoint.refresh(provider_of(), "rt")["refresh_token"] == "rt2"


@pytest.mark.parametrize("expires_in", ["3600", "soon", -1, None, [1]])
def test_an_odd_lifetime_passes_as_it_is_for_us_to_judge(provider_of, expires_in):
    endpoint, _ = endpoint_with(httpx2.Response(200, json={"access_token": "at", "expires_in": expires_in}))

    assert endpoint.refresh(provider_of(), "rt")["expires_in"] == expires_in


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_grant"}, GrantDead),
        (200, {"ok": False, "error": "invalid_refresh_token"}, GrantDead),
        (200, {"error": "bad_refresh_token"}, GrantDead),
        (401, {"error": "invalid_client"}, ClientRefused),
        (200, {"ok": False, "error": "bad_client_secret"}, ClientRefused),
        (400, {"error": "temporarily_unavailable"}, ProviderUnavailable),
        (200, {"ok": False, "error": "ratelimited"}, ProviderUnavailable),
        (400, {"error": {"message": "nested"}}, ProviderFailed),
        (200, {"ok": False}, ProviderFailed),
        (302, {}, ProviderFailed),
        (500, {"error": "invalid_grant"}, ProviderUnavailable),
        (429, {}, ProviderUnavailable),
        (200, ["not", "an", "object"], ProviderUnavailable),
    ],
)
def test_a_refusal_says_whose_move_it_is(provider_of, status, body, kind):
    endpoint, _ = endpoint_with(httpx2.Response(status, json=body))

    with pytest.raises(ProviderFailed) as caught:
        endpoint.refresh(provider_of(), "rt")

    assert type(caught.value) is kind


def test_html_instead_of_json_is_passing_trouble(provider_of):
    endpoint, _ = endpoint_with(httpx2.Response(200, html="<h1>maintenance <script>at</script></h1>"))

    with pytest.raises(ProviderUnavailable) as caught:
        endpoint.refresh(provider_of(), "rt")

    assert str(caught.value) == "the provider answered 200 with something that is not JSON"


def test_a_wish_for_a_pause_is_passed_on(provider_of):
    endpoint, _ = endpoint_with(httpx2.Response(503, headers={"retry-after": "17"}))

    with pytest.raises(ProviderUnavailable) as caught:
        endpoint.refresh(provider_of(), "rt")

    assert caught.value.retry_after == 17


@pytest.mark.parametrize(
    "trouble", [httpx2.ConnectTimeout("t"), httpx2.ReadError("r"), httpx2.RemoteProtocolError("p")]
)
def test_a_lost_connection_is_passing_trouble(provider_of, trouble):
    endpoint, _ = endpoint_with(trouble)

    with pytest.raises(ProviderUnavailable):
        endpoint.refresh(provider_of(), "rt")


def test_a_redirect_of_the_token_endpoint_is_not_followed(provider_of):
    elsewhere = httpx2.Response(307, headers={"location": "http://169.254.169.254/"}, json={})
    endpoint, script = endpoint_with(elsewhere)

    with pytest.raises(ProviderFailed):
        endpoint.refresh(provider_of(), "rt")

    assert [request.url.host for request in script.requests] == ["p.test"]


def test_a_redirect_of_userinfo_is_not_followed(provider_of):
    endpoint, script = endpoint_with(httpx2.Response(302, headers={"location": "http://169.254.169.254/"}, json={}))

    with pytest.raises(ProviderFailed):
        endpoint.userinfo(provider_of(), "at")

    assert len(script.requests) == 1


def test_an_answer_too_large_is_refused(provider_of):
    endpoint, _ = endpoint_with(httpx2.Response(200, json={"access_token": "at", "pad": "x" * 500_000}))

    with pytest.raises(ProviderUnavailable):
        endpoint.refresh(provider_of(), "rt")


def test_userinfo_is_asked_with_the_token_in_the_header(provider_of):
    endpoint, script = endpoint_with(httpx2.Response(200, json={"sub": "1"}))

    answer = endpoint.userinfo(provider_of(), "at")

    assert answer == {"sub": "1"}
    assert script.requests[0].headers["authorization"] == "Bearer at"
    assert "at" not in script.requests[0].url.query.decode()


def test_a_revocation_sends_the_token_and_the_client(provider_of):
    endpoint, script = endpoint_with(httpx2.Response(200))

    endpoint.revoke(provider_of(), "rt")

    assert script.form() == {"token": "rt", "client_id": "fake-client", "client_secret": "fake-client-secret"}


@pytest.mark.parametrize("answer", [httpx2.Response(200, json={"ok": False, "error": "x"}), httpx2.Response(503)])
def test_a_revocation_that_did_not_happen_is_reported(provider_of, answer):
    endpoint, _ = endpoint_with(answer)

    with pytest.raises(ProviderFailed):
        endpoint.revoke(provider_of(), "rt")


def test_a_message_never_repeats_what_the_provider_said(provider_of):
    body = {"error": "<b>invalid</b> rt-secret", "error_description": "rt-secret"}
    endpoint, _ = endpoint_with(httpx2.Response(400, json=body))

    with pytest.raises(ProviderFailed) as caught:
        endpoint.refresh(provider_of(), "rt-secret")

    assert str(caught.value) == "the provider answered 400: no error code"


@pytest.mark.parametrize("code", ["invalid_grant", "bad-thing", "E1"])
def test_a_plain_error_code_may_be_shown(code):
    assert safe_code(code) == code


@pytest.mark.parametrize("code", ["", "_", "a b", "<b>", "é", "x" * 61, None, 7])
def test_an_odd_error_code_may_not(code):
    assert safe_code(code) is None
