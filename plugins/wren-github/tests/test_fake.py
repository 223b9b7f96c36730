"""The OAuth of the fake, as the backend uses it."""

import html
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from wren_github import GitHub
from wren_github.fake import FakeGitHub

BACK = "http://127.0.0.1:9/integrations/github/callback"


def code_for(fake_server, email="alice@example.com"):
    query = urlencode({"client_id": "fake-client", "redirect_uri": BACK, "scope": "repo", "state": "s"})
    page = httpx2.get(f"{fake_server.url}/login/oauth/authorize?{query}").text
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
        if fields["email"] == email:
            back = httpx2.post(f"{fake_server.url}/login/oauth/authorize", data=fields).headers["location"]
            return parse_qs(urlsplit(back).query)
    raise LookupError(email)


def exchange(fake_server, **changed):
    client = {"client_id": "fake-client", "client_secret": "fake-client-secret", "redirect_uri": BACK, **changed}
    return httpx2.post(f"{fake_server.url}/login/oauth/access_token", data=client)


def test_a_consent_leads_to_a_token_that_works(fake, fake_server):
    answer = exchange(fake_server, code=code_for(fake_server)["code"][0]).json()

    who = httpx2.get(f"{fake_server.url}/user", headers={"authorization": f"Bearer {answer['access_token']}"}).json()

    assert answer["scope"] == "repo"
    assert "expires_in" not in answer
    assert who["login"] == "alice"


def test_errors_have_status_200(fake, fake_server):
    wrong_secret = exchange(fake_server, code="x", client_secret="guessed")
    wrong_code = exchange(fake_server, code="guessed")

    assert (wrong_secret.status_code, wrong_secret.json()["error"]) == (200, "incorrect_client_credentials")
    assert (wrong_code.status_code, wrong_code.json()["error"]) == (200, "bad_verification_code")


def test_a_user_can_deny_consent(fake, fake_server):
    assert code_for(fake_server, email="")["error"] == ["access_denied"]


def test_the_fake_needs_no_arguments_and_has_the_integrations_name():
    assert FakeGitHub().name == GitHub.spec.name
