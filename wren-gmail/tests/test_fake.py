import base64
import hashlib
import html
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from wren_gmail import Gmail
from wren_gmail.fake import ALL_SCOPES, FakeGmail
from wren_gmail.integration import READ, WHO

VERIFIER = "v" * 64
CALLBACK = "http://localhost:8080/integrations/gmail/callback"
ME = "/gmail/v1/users/me"


@pytest.fixture
def http(url):
    with httpx2.Client(base_url=url) as http:
        yield http


@pytest.fixture
def alice(http, fake):
    http.headers["authorization"] = f"Bearer {fake.token()}"
    return http


def consent(http, fake, *, button="Continue as alice@example.com", scopes=ALL_SCOPES):
    """Click a button of the consent page; return the parameters of the redirect."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": fake.oauth.client_id,
        "redirect_uri": CALLBACK,
        "scope": " ".join(scopes),
        "state": "s1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **Gmail.spec.auth.additional_parameters,
    }
    page = http.get("/o/oauth2/v2/auth", params=query).text
    form = next(found for found in re.findall(r"<form.*?</form>", page, re.DOTALL) if button in found)
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form)}
    location = http.post("/o/oauth2/v2/auth", data=fields).headers["location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def exchange(http, fake, **form):
    client = {"client_id": fake.oauth.client_id, "client_secret": fake.oauth.client_secret}
    code = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return http.post("/oauth2/token", data={**client, **code, **form})


def code_form(code, **form):
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **form,
    }


def test_a_user_who_consents_can_be_identified_and_read(http, fake):
    back = consent(http, fake)

    tokens = exchange(http, fake, code=back["code"]).json()
    headers = {"authorization": f"Bearer {tokens['access_token']}"}

    assert back["state"] == "s1"
    assert tokens["scope"].split() == list(ALL_SCOPES)
    assert http.get("/oauth2/v2/userinfo", headers=headers).json()["email"] == "alice@example.com"
    assert len(http.get(f"{ME}/messages", headers=headers).json()["messages"]) == 3


def test_a_user_can_deny_consent(http, fake):
    assert consent(http, fake, button="Deny") == {"state": "s1", "error": "access_denied"}


@pytest.mark.parametrize(
    "form", [{"code_verifier": "wrong"}, {"redirect_uri": "http://evil.example"}, {"code": "wrong"}]
)
def test_a_code_works_only_for_its_client(http, fake, form):
    code = consent(http, fake)["code"]

    refused = exchange(http, fake, **{"code": code, **form})

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_a_code_works_once(http, fake):
    code = consent(http, fake)["code"]

    answers = [exchange(http, fake, code=code).status_code for _ in range(2)]

    assert answers == [200, 400]


def test_a_refresh_returns_an_access_token_but_no_refresh_token(http, fake):
    tokens = exchange(http, fake, code=consent(http, fake)["code"]).json()
    fake.oauth.expire_access_tokens()

    renewed = exchange(http, fake, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()

    old, new = ({"authorization": f"Bearer {body['access_token']}"} for body in (tokens, renewed))
    assert http.get(f"{ME}/labels", headers=old).status_code == 401
    assert http.get(f"{ME}/labels", headers=new).status_code == 200
    assert "refresh_token" not in renewed


def test_a_revoked_token_is_refused(http, fake):
    tokens = exchange(http, fake, code=consent(http, fake)["code"]).json()

    for name in ("access_token", "refresh_token"):
        http.post("/oauth2/revoke", data={"token": tokens[name]})

    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    assert http.get(f"{ME}/labels", headers=headers).status_code == 401
    assert exchange(http, fake, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status_code == 400


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic YTpi"}])
def test_an_invalid_token_is_refused_as_google_does(http, headers):
    refused = http.get(f"{ME}/messages", headers=headers)

    error = refused.json()["error"]
    assert refused.status_code == error["code"] == 401
    assert (error["status"], error["errors"][0]["reason"]) == ("UNAUTHENTICATED", "authError")


def test_a_missing_scope_is_refused_as_google_does(http, fake):
    headers = {"authorization": f"Bearer {fake.token(scopes=(READ,))}"}

    refused = http.post(f"{ME}/messages/send", headers=headers, json={"raw": "eA=="})

    error = refused.json()["error"]
    assert (refused.status_code, error["status"]) == (403, "PERMISSION_DENIED")
    assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert http.get("/oauth2/v2/userinfo", headers=headers).status_code == 401


def test_the_user_info_needs_only_its_own_scope(http, fake):
    headers = {"authorization": f"Bearer {fake.token('bob@example.com', scopes=(WHO,))}"}

    assert http.get("/oauth2/v2/userinfo", headers=headers).json()["email"] == "bob@example.com"


def test_the_mailbox_of_another_user_is_refused(alice):
    assert alice.get("/gmail/v1/users/alice@example.com/labels").status_code == 200
    assert alice.get("/gmail/v1/users/bob@example.com/labels").status_code == 403


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("GET", "/messages/none", None, 404),
        ("GET", "/threads/none", None, 404),
        ("GET", "/messages/none/attachments/0", None, 404),
        ("POST", "/messages/none/modify", {}, 404),
        ("DELETE", "/drafts/none", None, 404),
        ("GET", "/history", None, 404),
        ("GET", "/messages?pageToken=junk", None, 400),
        ("POST", "/messages/send", {}, 400),
        ("POST", "/messages/send", {"raw": 7}, 400),
        ("POST", "/messages/send", {"raw": base64.urlsafe_b64encode(b"Subject: x\r\n\r\n").decode()}, 400),
        ("POST", "/messages/send", {"raw": "VG86IGJvYkBleGFtcGxlLmNvbQ==", "threadId": "none"}, 404),
        ("POST", "/drafts", {"message": {}}, 400),
    ],
)
def test_unknown_ids_and_invalid_requests_are_refused(alice, fake, verb, path, body, status):
    refused = alice.request(verb, ME + path, json=body)

    assert refused.status_code == refused.json()["error"]["code"] == status
    assert fake.sent == []


def test_an_unknown_label_is_refused(alice, fake):
    mail = fake.deliver()

    refused = alice.post(f"{ME}/messages/{mail.id}/modify", json={"addLabelIds": ["Nope"]})

    assert refused.status_code == 400
    assert mail.labels == ["INBOX", "UNREAD"]


def test_an_empty_list_is_omitted_as_gmail_does(alice):
    assert alice.get(f"{ME}/messages", params={"q": "from:nobody"}).json() == {"resultSizeEstimate": 0}


def test_attachment_ids_change_with_every_request_as_gmails_do(alice, fake):
    mail = fake.deliver(attachments={"a.txt": b"words"})

    first, second = (
        alice.get(f"{ME}/messages/{mail.id}").json()["payload"]["parts"][1]["body"]["attachmentId"] for _ in range(2)
    )

    contents = {alice.get(f"{ME}/messages/{mail.id}/attachments/{part}").json()["data"] for part in (first, second)}
    assert first != second
    assert contents == {base64.urlsafe_b64encode(b"words").decode()}


def test_the_raw_format_is_the_delivered_message(alice, fake):
    mail = fake.deliver(raw=b"Subject: x\r\n\r\n\xff\xfe")

    raw = alice.get(f"{ME}/messages/{mail.id}", params={"format": "raw"}).json()["raw"]

    assert base64.urlsafe_b64decode(raw) == b"Subject: x\r\n\r\n\xff\xfe"


def test_a_mail_to_the_sender_arrives(alice, fake):
    raw = base64.urlsafe_b64encode(b"To: alice@example.com\r\nSubject: Note\r\n\r\nx").decode()

    sent = alice.post(f"{ME}/messages/send", json={"raw": raw}).json()

    assert set(sent["labelIds"]) == {"SENT", "INBOX", "UNREAD"}
    assert fake.sent[0].header("from") == "alice@example.com"
    assert fake.sent[0].header("message-id").endswith("@mail.gmail.com>")
    assert fake.sent[0].header("date")


def test_drafts_are_listed(alice, fake):
    raw = base64.urlsafe_b64encode(b"Subject: later\r\n\r\nx").decode()

    made = alice.post(f"{ME}/drafts", json={"message": {"raw": raw}}).json()

    assert alice.get(f"{ME}/drafts").json()["drafts"] == [{"id": made["id"], "message": {"id": made["message"]["id"]}}]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("newer_than:2d", [1]),
        ("older_than:1m", [40, 500]),
        ("older_than:1y", [500]),
        ("after:{day}", [1, 40]),
        ("before:{second}", [500]),
        ("to:ann cc:bob", [1]),
        ("in:spam", [7]),
        ("in:anywhere is:read", [7]),
        ("subject:(40 day)", [40]),
        ('subject:"day 4"', [40]),
        ('subject:"40 day"', []),
        ("unknown:operator", []),
    ],
)
def test_search_supports_all_documented_operators(query, days):
    fake = FakeGmail()
    box = fake.mailboxes["bob@example.com"]
    now = datetime.now(UTC)
    for age in (500, 40, 1):
        head = b"To: ann@example.org\r\nCc: bob@example.com\r\n" if age == 1 else b""
        raw = head + b"Subject: Day %d\r\n\r\nx" % age
        fake.deliver(to=box.address, raw=raw, received_at=now - timedelta(days=age))
    fake.deliver(to=box.address, subject="Day 7", labels=("SPAM",), received_at=now)

    cut = now - timedelta(days=50)
    query = query.format(day=f"{cut:%Y/%m/%d}", second=int(cut.timestamp()))
    found = {int(mail.subject.split()[1]) for mail in box.find(query=query)}

    assert found == set(days)


def test_a_new_fake_has_three_unread_recent_mails():
    fake = FakeGmail()

    found = fake.mailboxes["alice@example.com"].find(query="in:inbox is:unread newer_than:1d")

    assert [mail.subject for mail in found] == [
        "Neue Öffnungszeiten ab Montag",
        "Invoice 2041 is due on Friday",
        "Agenda for Thursday",
    ]
    assert fake.sent == []
