"""The fake of Google and Slack supports the flows that Wren uses, and refuses invalid requests."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import psutil
import pytest

from servers.consent import consent_google, consent_slack
from servers.emulate import PERSON, emulate
from servers.process import is_listening

GOOGLE_BACK = "http://127.0.0.1:8123/integrations/gmail/callback"
SLACK_BACK = "http://127.0.0.1:8123/integrations/slack/callback"
VERIFIER = "a-verifier-that-is-long-enough-to-be-accepted-0123456789"


@pytest.fixture(scope="module")
def providers():
    with emulate(google_redirects=[GOOGLE_BACK], slack_redirects=[SLACK_BACK]) as running:
        yield running


def google_consent_url(providers, *, back=GOOGLE_BACK, state="state-1"):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": providers.google.client_id,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "openid email https://mail.google.com/",
        "state": state,
        "access_type": "offline",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{providers.google_url}/o/oauth2/v2/auth?{urlencode(asked)}"


def google_token(providers, **grant):
    data = {**vars(providers.google), "redirect_uri": GOOGLE_BACK, **grant}
    return httpx2.post(f"{providers.google_url}/oauth2/token", data=data)


def google_tokens(providers):
    code = query(consent_google(google_consent_url(providers), email=PERSON))["code"]
    return google_token(providers, grant_type="authorization_code", code=code, code_verifier=VERIFIER).json()


def query(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_submitted_consent_page_redirects_with_a_code_and_the_state(providers):
    back = consent_google(google_consent_url(providers, state="of this user"), email=PERSON)

    assert back.startswith(GOOGLE_BACK)
    assert query(back)["state"] == "of this user"
    assert query(back)["code"]


def test_a_mail_sent_with_the_token_of_the_flow_is_found_in_sent(providers):
    token = google_tokens(providers)["access_token"]
    mail = f"From: {PERSON}\r\nTo: bob@example.com\r\nSubject: Sent by the flow\r\n\r\nhello"
    raw = base64.urlsafe_b64encode(mail.encode()).decode()

    url = f"{providers.google_url}/gmail/v1/users/me/messages/send"
    sent = httpx2.post(url, json={"raw": raw}, headers=bearer(token)).raise_for_status().json()

    found = {mail["id"]: mail for mail in providers.mails("SENT")}[sent["id"]]
    subject = next(h["value"] for h in found["payload"]["headers"] if h["name"] == "Subject")
    assert subject == "Sent by the flow"


def test_a_code_needs_its_verifier_and_works_once(providers):
    code = query(consent_google(google_consent_url(providers), email=PERSON))["code"]
    again = query(consent_google(google_consent_url(providers), email=PERSON))["code"]

    wrong = google_token(providers, grant_type="authorization_code", code=code, code_verifier="wrong" * 10)
    first = google_token(providers, grant_type="authorization_code", code=again, code_verifier=VERIFIER)
    second = google_token(providers, grant_type="authorization_code", code=again, code_verifier=VERIFIER)

    assert wrong.json()["error"] == "invalid_grant"
    assert first.status_code == 200
    assert second.json()["error"] == "invalid_grant"


def test_a_revoked_token_is_refused_while_refreshing_still_works(providers):
    tokens = google_tokens(providers)
    profile = f"{providers.google_url}/gmail/v1/users/me/messages"
    before = httpx2.get(profile, headers=bearer(tokens["access_token"])).status_code

    httpx2.post(f"{providers.google_url}/oauth2/revoke", data={"token": tokens["access_token"]})
    after = httpx2.get(profile, headers=bearer(tokens["access_token"])).status_code
    fresh = google_token(providers, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()

    assert (before, after) == (200, 401)
    assert httpx2.get(profile, headers=bearer(fresh["access_token"])).status_code == 200


def test_a_token_it_never_issued_is_refused(providers):
    answer = httpx2.get(f"{providers.google_url}/gmail/v1/users/me/messages", headers=bearer("made-up"))

    assert answer.status_code == 401


def test_an_unregistered_redirect_is_refused(providers):
    with pytest.raises(LookupError, match="400"):
        consent_google(google_consent_url(providers, back="http://127.0.0.1:1/elsewhere"), email=PERSON)


def test_consenting_as_an_unknown_user_is_an_error(providers):
    with pytest.raises(LookupError, match=re.escape("email='mallory@example.com'")):
        consent_google(google_consent_url(providers), email="mallory@example.com")


def test_a_received_mail_is_unread_in_the_inbox(start_emulate):
    providers = start_emulate()

    identity = providers.receive_mail(sender="carol@example.com", subject="Lunch", text="Noon?")

    found = {mail["id"]: mail for mail in providers.mails("INBOX")}
    assert {"INBOX", "UNREAD"} <= set(found[identity]["labelIds"])
    assert len(found) == 2


def test_a_post_made_with_the_token_of_the_flow_is_found_in_its_channel(providers):
    asked = {"client_id": providers.slack.client_id, "redirect_uri": SLACK_BACK, "state": "s", "scope": "chat:write"}
    back = consent_slack(f"{providers.slack_url}/oauth/v2/authorize?{urlencode(asked)}")
    grant = {**vars(providers.slack), "code": query(back)["code"], "redirect_uri": SLACK_BACK}
    tokens = httpx2.post(f"{providers.slack_url}/api/oauth.v2.access", data=grant).json()

    message = {"channel": "general", "text": "Posted by the flow"}
    url = f"{providers.slack_url}/api/chat.postMessage"
    posted = httpx2.post(url, data=message, headers=bearer(tokens["access_token"])).json()

    assert query(back)["state"] == "s"
    assert posted["ok"]
    assert [post["text"] for post in providers.posts("general")] == ["Posted by the flow"]
    assert providers.posts("random") == []


def test_slack_refuses_a_token_without_the_scope(providers):
    url = f"{providers.slack_url}/api/chat.postMessage"

    answer = httpx2.post(url, data={"channel": "general", "text": "no"}, headers=bearer("xoxb-made-up")).json()

    assert (answer["ok"], answer["error"]) == (False, "missing_scope")


def test_a_refused_request_raises_an_error(providers):
    with pytest.raises(StopIteration):
        providers.posts("no-such-channel")


def test_it_listens_only_on_loopback(providers):
    port = urlsplit(providers.google_url).port
    server = next(child for child in psutil.Process().children() if is_listening(child.pid, port))

    addresses = {c.laddr.ip for c in server.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN}

    assert addresses == {"127.0.0.1"}


def test_two_instances_share_no_state(providers, start_emulate):
    other = start_emulate()

    other.receive_mail(sender="carol@example.com", subject="Only there", text="")

    assert len(other.mails("INBOX")) == len(providers.mails("INBOX")) + 1
