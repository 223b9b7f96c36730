import base64
import hashlib
import html
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from wren_core.testing import serve
from wren_slack import Slack
from wren_slack.fake import FakeSlack

REDIRECT = "http://127.0.0.1:1/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def send(url, form=None, token=None):
    """Send one request; return status, headers and text."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(url, data=data, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read().decode()


def authorize(url, **changes):
    """Return the status and text of the consent page."""
    query = {
        "client_id": "fake-client",
        "scope": Slack.spec.auth.scope_separator.join(Slack.spec.required_scopes),
        "redirect_uri": REDIRECT,
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    status, _, text = send(f"{url}/oauth/v2/authorize?{urllib.parse.urlencode(query)}")
    return status, text


def consent(url, who="alice@example.com"):
    """Submit the consent page; return the query of the redirect."""
    _, page = authorize(url)
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        fields = {html.unescape(n): html.unescape(v) for n, v in re.findall(r'name="([^"]+)" value="([^"]*)"', form)}
        if fields["email"] == who:
            status, headers, _ = send(url + "/oauth/v2/authorize", fields)
            assert status == 302
            assert headers["location"].startswith(REDIRECT)
            return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(headers["location"]).query))
    raise LookupError(who)


def exchange(url, **fields):
    """Call oauth.v2.access; return its JSON; its status is always 200."""
    client = {"client_id": "fake-client", "client_secret": "fake-client-secret", "redirect_uri": REDIRECT}
    status, _, text = send(f"{url}/api/oauth.v2.access", {**client, "code_verifier": VERIFIER, **fields})
    assert status == 200
    return json.loads(text)


def test_consent_gives_a_bot_token_that_works(fake, url, connect):
    answer = consent(url)

    tokens = exchange(url, code=answer["code"])

    assert answer["state"] == "s1"
    assert tokens["ok"] is True
    assert tokens["access_token"].startswith("xoxb-")
    assert tokens["token_type"] == "bot"
    assert tokens["scope"] == ",".join(Slack.spec.required_scopes)
    assert tokens["authed_user"] == {"id": fake.workspace.person("alice").id}
    assert "refresh_token" not in tokens
    assert connect(token=tokens["access_token"]).post("Hello", "#general").text == "Hello"


def test_a_denied_consent_returns_an_error(url):
    assert consent(url, who="") == {"state": "s1", "error": "access_denied"}


def test_scopes_separated_by_spaces_are_refused_as_slack_does(url):
    status, page = authorize(url, scope="chat:write channels:read")

    assert status == 400
    assert "Invalid permissions requested" in page


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"code": "junk"}, "invalid_code"),
        ({"client_secret": "wrong"}, "bad_client_secret"),
        ({"client_id": "wrong"}, "bad_client_secret"),
        ({"code_verifier": "wrong"}, "invalid_code"),
        ({"redirect_uri": "http://127.0.0.1:1/other"}, "invalid_code"),
        ({"grant_type": "refresh_token", "refresh_token": "junk"}, "invalid_refresh_token"),
    ],
)
def test_errors_are_200_with_ok_false(url, fields, error):
    code = consent(url)["code"]

    assert exchange(url, **{"code": code, **fields}) == {"ok": False, "error": error}


def test_a_code_works_once(url):
    code = consent(url)["code"]

    assert exchange(url, code=code)["ok"] is True
    assert exchange(url, code=code) == {"ok": False, "error": "invalid_code"}


def test_with_rotation_tokens_expire_and_each_refresh_token_works_once():
    fake = FakeSlack(token_lifetime=43200)
    with serve(fake) as url:
        first = exchange(url, code=consent(url)["code"])
        second = exchange(url, grant_type="refresh_token", refresh_token=first["refresh_token"])
        reused = exchange(url, grant_type="refresh_token", refresh_token=first["refresh_token"])

        assert first["expires_in"] == second["expires_in"] == 43200
        assert second["scope"] == first["scope"]
        assert second["refresh_token"] != first["refresh_token"]
        assert reused == {"ok": False, "error": "invalid_refresh_token"}
        slack = Slack.create(credentials={"access_token": second["access_token"]}, base_url=f"{url}/api/")
        assert len(slack.channels()) == 3


@pytest.mark.parametrize("how", ["header", "form", "query"])
def test_a_revoked_token_says_so(fake, url, how):
    token = fake.token()
    address = f"{url}/api/auth.revoke"
    sent = {
        "header": lambda: send(address, {}, token=token),
        "form": lambda: send(address, {"token": token}),
        "query": lambda: send(f"{address}?token={token}"),
    }

    answer = json.loads(sent[how]()[2])

    assert answer == {"ok": True, "revoked": True}
    assert json.loads(send(f"{url}/api/auth.test", {}, token=token)[2]) == {"ok": False, "error": "token_revoked"}


def test_expired_revoked_unknown_and_missing_tokens_have_different_errors(fake, url):
    expired = fake.token()
    fake.oauth.expire_access_tokens()
    test = f"{url}/api/auth.test"
    answers = [json.loads(send(test, {}, token=token)[2])["error"] for token in (expired, "xoxb-unknown", None)]
    withdrawn = fake.token()
    fake.oauth.revoke_everything()

    assert answers == ["token_expired", "invalid_auth", "not_authed"]
    assert json.loads(send(test, {}, token=withdrawn)[2])["error"] == "token_revoked"
