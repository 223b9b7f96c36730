"""wren-gmail against the third-party fake of emulate, connected with its OAuth flow."""

import base64
import hashlib
import urllib.parse

import httpx2
import pytest

from servers.consent import consent_google
from servers.emulate import PERSON, emulate
from servers.faults import answering, dropped, losing_the_answer
from servers.proxy import proxy
from wren_core import AuthFailed, NotFound, RateLimited, Unavailable
from wren_gmail import Attachment, Gmail
from wren_gmail.api import PAGE_SIZE

CALLBACK = "http://127.0.0.1:8124/integrations/gmail/callback"
VERIFIER = "a-verifier-that-is-long-enough-to-be-accepted-0123456789"


@pytest.fixture(scope="module")
def google():
    with emulate(google_redirects=[CALLBACK]) as providers:
        yield providers


@pytest.fixture(scope="module")
def token(google):
    """An access token from the declared OAuth flow."""
    auth = Gmail.spec.auth
    path = urllib.parse.urlsplit(auth.authorization_url).path
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    query = {
        **auth.additional_parameters,
        "client_id": google.google.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": " ".join(auth.scopes),
        "state": "s1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    back = consent_google(f"{google.google_url}{path}?{urllib.parse.urlencode(query)}", email=PERSON)
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["code"][0]
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    answer = httpx2.post(f"{google.google_url}/oauth2/token", data={**vars(google.google), **grant})
    return answer.raise_for_status().json()["access_token"]


@pytest.fixture(scope="module")
def gmail(google, token):
    gmail = Gmail.create(credentials={"access_token": token}, base_url=google.google_url)
    yield gmail
    gmail.close()


def test_the_token_belongs_to_the_user_who_consented(google, token):
    path = urllib.parse.urlsplit(Gmail.spec.auth.userinfo_url).path

    answer = httpx2.get(google.google_url + path, headers={"authorization": f"Bearer {token}"})

    assert answer.json()["email"] == PERSON


def test_the_inbox_is_read(gmail):
    mail = next(mail for mail in gmail.inbox(limit=50) if mail.id == "msg_invoice")

    assert (mail.subject, mail.text, mail.labels) == ("Invoice 42", "Please pay invoice 42.", ("INBOX", "UNREAD"))
    assert (mail.sender.name, mail.sender.address) == ("Boss", "boss@example.com")
    assert mail.date.isoformat() == "2026-01-05T10:00:00+00:00"


def test_a_mail_that_is_sent_is_found_among_the_sent(gmail, google):
    sent = gmail.send("Böb <bob@example.com>", "Grüße 文件", "Hällo\n\nWelt", html="<p>Hällo</p>")

    found = gmail.get(sent.id)
    assert sent.id in {mail["id"] for mail in google.mails("SENT")}
    assert sent.id in {mail.id for mail in gmail.search("in:sent to:bob@example.com")}
    assert (found.subject, found.text, found.html) == ("Grüße 文件", "Hällo\n\nWelt", "<p>Hällo</p>")
    assert (found.to[0].name, found.to[0].address) == ("Böb", "bob@example.com")
    assert "SENT" in found.labels


def test_search_filters_the_mails(gmail, google):
    identity = google.receive_mail(sender="Ann <ann@example.org>", subject="Quarterly numbers", text="42 of them")

    assert [mail.id for mail in gmail.search("from:ann@example.org subject:quarterly is:unread")] == [identity]
    assert gmail.search("from:ann@example.org subject:yearly") == []


def test_unread_mail_is_marked_as_read_and_back(gmail, google):
    identity = google.receive_mail(sender="ann@example.org", subject="Read me", text="x")

    change = gmail.mark_read(identity)

    assert change.removed == ("UNREAD",)
    assert gmail.get(identity).unread is False
    assert gmail.mark_unread(identity).added == ("UNREAD",)
    assert identity in {mail.id for mail in gmail.inbox(limit=50, unread=True)}


def test_a_reply_stays_in_the_conversation(gmail, google):
    identity = google.receive_mail(sender="Ann <ann@example.org>", subject="Question", text="When?")
    question = gmail.get(identity)

    answer = gmail.get(gmail.reply(identity, "Tomorrow.").id)

    assert answer.thread_id == question.thread_id
    assert (answer.subject, answer.to[0].address) == ("Re: Question", "ann@example.org")
    assert answer.headers["in-reply-to"] == answer.headers["references"] == question.message_id
    assert [mail.id for mail in gmail.thread(question.thread_id)] == [identity, answer.id]


def test_attachments_keep_their_bytes_when_sent_and_downloaded(gmail, tmp_path):
    content = bytes(range(256)) * 5
    (tmp_path / "table.csv").write_bytes(content)

    files = [tmp_path / "table.csv", Attachment(filename="photo.png", content=content[::-1])]
    sent = gmail.send("bob@example.com", "Files", "See below.", attachments=files)

    saved = gmail.attachments(sent.id, folder=tmp_path / "out")
    assert [item.filename for item in gmail.get(sent.id).attachments] == ["table.csv", "photo.png"]
    assert (tmp_path / "out" / "table.csv").read_bytes() == content
    assert saved[1].content == content[::-1]


def test_a_label_change_is_undone(gmail, google):
    identity = google.receive_mail(sender="ann@example.org", subject="Star me", text="x")

    change = gmail.change_labels(identity, add=["starred"], remove=["INBOX"])
    back = gmail.change_labels(identity, add=change.removed, remove=change.added)

    assert (change.added, change.removed) == (("STARRED",), ("INBOX",))
    assert set(back.labels) == {"INBOX", "UNREAD"}
    assert "INBOX" in {label.id for label in gmail.labels()}


def test_a_draft_is_stored_and_discarded(gmail, google):
    draft = gmail.draft("bob@example.com", "Offer", "Dear Bob,")

    stored = gmail.get(draft.message_id)
    gmail.discard_draft(draft.id)

    assert (stored.subject, stored.labels) == ("Offer", ("DRAFT",))
    assert google.mails("DRAFT") == []


def test_more_than_one_page_is_read(gmail, google):
    for number in range(PAGE_SIZE + 5):
        google.receive_mail(sender="pages@example.org", subject=f"Page {number}", text="x")

    found = gmail.search("from:pages@example.org", limit=PAGE_SIZE + 3)

    assert len({mail.id for mail in found}) == PAGE_SIZE + 3


def test_unknown_ids_are_not_found(gmail):
    with pytest.raises(NotFound, match="Requested entity was not found"):
        gmail.get("none")


@pytest.fixture
def troubled(google, token):
    """The proxy in front of the provider, and the integration connected through it."""
    with proxy(google.google_url) as between:
        gmail = Gmail.create(credentials={"access_token": token}, base_url=between.url)
        yield between, gmail
        gmail.close()


def test_an_unknown_token_is_refused(google):
    gmail = Gmail.create(credentials={"access_token": "never-issued"}, base_url=google.google_url)

    with pytest.raises(AuthFailed) as caught:
        gmail.inbox()

    gmail.close()
    assert "never-issued" not in str(caught.value)


def test_retry_after_is_respected(troubled):
    between, gmail = troubled
    between.inject(answering(429, Retry_After="0.2"), path="*/labels")

    assert gmail.labels()

    assert [request.status for request in between.seen("*/labels")] == [429, 200]


def test_a_long_retry_after_is_raised_to_the_caller(troubled):
    between, gmail = troubled
    between.inject(answering(429, Retry_After="120"), path="*/labels")

    with pytest.raises(RateLimited) as caught:
        gmail.labels()

    assert caught.value.retry_after == 120
    assert len(between.seen("*/labels")) == 1


def test_a_read_is_retried_after_a_dropped_connection(troubled):
    between, gmail = troubled
    between.inject(dropped(), path="*/labels")

    assert gmail.labels()


def test_a_mail_whose_response_is_lost_is_sent_once_and_reported_as_uncertain(troubled, google):
    between, gmail = troubled
    between.inject(losing_the_answer(), path="*/messages/send")

    with pytest.raises(Unavailable, match="may have been done") as caught:
        gmail.send("bob@example.com", "Once only", "x")

    assert caught.value.can_retry is False
    assert [mail["snippet"] for mail in google.mails("SENT") if "Once only" in str(mail["payload"])] == ["x"]


def test_a_listing_costs_one_request_per_page_and_per_mail(troubled):
    between, gmail = troubled

    found = gmail.search("from:boss@example.com")

    assert [mail.id for mail in found] == ["msg_invoice"]
    assert [request.path.rpartition("/")[2] for request in between.requests] == ["messages", "msg_invoice"]
