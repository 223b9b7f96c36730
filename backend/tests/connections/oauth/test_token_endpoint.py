import base64
import gzip
import json
from urllib.parse import parse_qs

import httpx2
import pytest
from pydantic import SecretStr

from wren_backend.connections.oauth.failures import (
    ClientRefused,
    GrantDead,
    GrantRefused,
    ProviderFailed,
    ProviderUnavailable,
)
from wren_backend.connections.oauth.provider_http import BoundedTransport
from wren_backend.connections.oauth.providers import resolve_provider
from wren_backend.connections.oauth.refusals import safe_code
from wren_backend.connections.oauth.token_endpoint import TokenEndpoint


class Script:
    """Answers with what the test says and keeps what was asked."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
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
        {},
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
        (400, {"error": {"message": "nested"}}, GrantRefused),
        (200, {"ok": False}, GrantRefused),
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

    assert str(caught.value).startswith("the provider answered 200 with something that is neither JSON nor a form;")


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


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": "interaction_required", "suberror": "basic_action"}),
        (400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or unknown refresh token"}),
        (401, {"error": {"code": "invalid_grant", "message": "revoked"}}),
        (400, {"errors": [{"code": "TOKEN_REVOKED"}]}),
        (400, {"error": "consent_required"}),
        (400, {"error": "invalid_request", "error_description": "The refresh token has expired."}),
        (200, {"code": 20026, "msg": "refresh token is invalid"}),
        (200, {"errcode": 40030, "errmsg": "invalid refresh_token"}),
        (400, {"error": {"type": "OAuthException", "code": 190, "message": "Session has expired on Monday"}}),
        (400, {"error": "Token-Revoked"}),
    ],
)
def test_a_dead_grant_is_known_in_other_words_too(provider_of, status, body):
    endpoint, script = endpoint_with(httpx2.Response(status, json=body))

    with pytest.raises(GrantDead):
        endpoint.refresh(provider_of(), "rt")

    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"error": "invalid_request"},
        {"fault": {"faultstring": "no"}},
        {"errors": [{"resource": "RefreshToken", "field": "refresh_token", "code": "invalid"}]},
    ],
)
def test_a_refusal_in_unknown_words_is_one(provider_of, body):
    endpoint, _ = endpoint_with(httpx2.Response(400, json=body))

    with pytest.raises(GrantRefused):
        endpoint.refresh(provider_of(), "rt")


def takes_basic_only(secret="fake-client-secret", refusal=None):
    """A token endpoint that takes HTTP Basic alone."""
    wanted = base64.b64encode(f"fake-client:{secret}".encode()).decode()
    no = refusal or httpx2.Response(401, json={"error": "invalid_client"})

    def answer(request):
        is_ours = request.headers.get("authorization") == f"Basic {wanted}" and b"client_secret" not in request.content
        return httpx2.Response(200, json={"access_token": "at"}) if is_ours else no

    return answer


class Recorder:
    def __init__(self, answer):
        self.answer, self.requests = answer, []

    def __call__(self, request):
        self.requests.append(request)
        return self.answer(request)


@pytest.mark.parametrize(
    "refusal",
    [
        httpx2.Response(401, json={"error": "invalid_client"}),
        httpx2.Response(400, json={"error": "unauthorized_client"}),
        httpx2.Response(401),
        httpx2.Response(401, html="<h1>Unauthorized</h1>"),
        httpx2.Response(400, json={"error": "invalid_request", "error_description": "Missing Authorization header"}),
        httpx2.Response(200, json={"ok": False, "error": "bad_client_secret"}),
    ],
)
def test_http_basic_is_found_out_and_remembered(provider_of, refusal):
    server = Recorder(takes_basic_only(refusal=refusal))
    endpoint = TokenEndpoint(BoundedTransport(httpx2.MockTransport(server)))

    answers = [endpoint.refresh(provider_of(), "rt")["access_token"] for _ in range(2)]

    assert answers == ["at", "at"]
    assert len(server.requests) == 3  # the form, HTTP Basic, and HTTP Basic at once


@pytest.mark.parametrize("sent", ["s/+ %secret", "s%2F%2B+%25secret"])
def test_http_basic_works_with_and_without_the_escapes_of_the_rfc(provider_of, sent):
    endpoint = TokenEndpoint(BoundedTransport(httpx2.MockTransport(takes_basic_only(sent))))

    assert endpoint.refresh(provider_of(client_secret=SecretStr("s/+ %secret")), "rt")["access_token"] == "at"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_declared_method_is_the_only_one_tried(provider_of, method):
    endpoint, script = endpoint_with(httpx2.Response(401, json={"error": "invalid_client"}))

    with pytest.raises(ClientRefused):
        endpoint.refresh(provider_of(token_endpoint_auth_method=method), "rt")

    assert ["authorization" in request.headers for request in script.requests] == [method == "client_secret_basic"]


def test_an_author_may_declare_the_method(stand_in):
    auth = stand_in.Parcel.spec.auth.model_copy(update={"token_endpoint_auth_method": "client_secret_basic"})
    spec = stand_in.Parcel.spec.model_copy(update={"auth": auth})

    assert resolve_provider(spec, stand_in.provider_settings("https://p.test"), {}).client_auth == "client_secret_basic"


def test_a_wrong_secret_is_reported_as_one_after_both_ways(provider_of):
    endpoint, script = endpoint_with(
        httpx2.Response(401, json={"error": "invalid_client"}), httpx2.Response(400, json={"error": "invalid_request"})
    )

    with pytest.raises(ClientRefused):
        endpoint.refresh(provider_of(), "rt")

    assert len(script.requests) == 2


def test_a_dead_grant_behind_http_basic_is_found(provider_of):
    endpoint, _ = endpoint_with(
        httpx2.Response(401, json={"error": "invalid_client"}), httpx2.Response(400, json={"error": "invalid_grant"})
    )

    with pytest.raises(GrantDead):
        endpoint.refresh(provider_of(), "rt")


def test_a_revocation_finds_http_basic_too(provider_of):
    endpoint, script = endpoint_with(httpx2.Response(401, json={"error": "invalid_client"}), httpx2.Response(200))

    endpoint.revoke(provider_of(), "rt")

    assert script.requests[-1].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(200, content=b"access_token=at&expires_in=3600&token_type=bearer"),
        httpx2.Response(200, content=b"access_token=at&expires_in=3600\n", headers={"content-type": "text/plain"}),
        httpx2.Response(200, content=b"\xef\xbb\xbf" + json.dumps({"access_token": "at", "expires_in": 3600}).encode()),
        httpx2.Response(
            200,
            content=b'{"access_token": "at", "expires_in": "3600"}',
            headers={"content-type": "application/x-www-form-urlencoded"},
        ),
        httpx2.Response(
            200,
            content=iter([gzip.compress(b'{"access_token": "at", "expires_in": 3600, "token_type": "bot"}')]),
            headers={"content-encoding": "gzip"},
        ),
    ],
)
def test_a_grant_is_read_from_every_usual_form(provider_of, response):
    endpoint, _ = endpoint_with(response)

    answer = endpoint.exchange(provider_of(), code="c", code_verifier="v", redirect_uri="https://w.test/cb")

    assert (answer["access_token"], int(answer["expires_in"])) == ("at", 3600)


def test_an_error_in_a_form_is_one(provider_of):
    body = b"error=bad_verification_code&error_description=The+code+passed+is+incorrect+or+expired."
    endpoint, _ = endpoint_with(httpx2.Response(200, content=body))

    with pytest.raises(GrantDead):
        endpoint.exchange(provider_of(), code="c", code_verifier="v", redirect_uri="https://w.test/cb")
