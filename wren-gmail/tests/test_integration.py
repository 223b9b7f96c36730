import re

import pytest

from wren_core import (
    AuthFailed,
    InvalidInput,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    UserFacingConfigError,
    json_pointer,
)
from wren_core.contract.execution import to_json
from wren_core.errors import CredentialMissing
from wren_gmail import Attachment, Gmail
from wren_gmail.fake import ALL_SCOPES
from wren_gmail.fake_wire import google_error
from wren_gmail.integration import COMPOSE, MODIFY, READ, SEND

CSV = bytes(range(256))


def test_the_inbox_lists_the_newest_first(gmail):
    mails = gmail.inbox()

    assert [mail.subject for mail in mails] == [
        "Neue Öffnungszeiten ab Montag",
        "Invoice 2041 is due on Friday",
        "Agenda for Thursday",
    ]
    assert mails[0].sender.name == "Müller & Söhne Newsletter"
    assert mails[2].sender.address == "dana@northwind.example"
    assert mails[2].text.startswith("Hi Alice,\n\ncould you")
    assert mails[0].html.startswith("<h1>Neue Öffnungszeiten</h1>")
    assert mails[0].date > mails[1].date > mails[2].date
    assert all(mail.unread and mail.labels == ("INBOX", "UNREAD") for mail in mails)


def test_the_inbox_stops_at_the_limit_across_pages(gmail, fake):
    fake.page_size = 2
    for number in range(5):
        fake.deliver(subject=f"Number {number}")

    assert [mail.subject for mail in gmail.inbox(limit=5)] == [f"Number {number}" for number in (4, 3, 2, 1, 0)]
    assert len(gmail.inbox(limit=100)) == 8


def test_an_empty_inbox_is_an_empty_list(connect):
    assert connect(user="bob@example.com").inbox() == []


def test_unread_mail_is_marked_as_read(gmail):
    first = gmail.inbox()[0]

    change = gmail.mark_read(first.id)

    assert change.labels == ("INBOX",)
    assert change.removed == ("UNREAD",)
    assert first.id not in {mail.id for mail in gmail.inbox(unread=True)}
    assert gmail.get(first.id).unread is False
    assert gmail.mark_unread(first.id).added == ("UNREAD",)


def test_marking_as_read_twice_equals_once(gmail):
    first = gmail.inbox()[0]

    changes = [gmail.mark_read(first.id) for _ in range(2)]

    assert [change.removed for change in changes] == [("UNREAD",), ()]
    assert changes[0].labels == changes[1].labels


def test_a_mail_that_is_sent_is_found_among_the_sent(gmail, fake):
    sent = gmail.send("Bob <bob@example.com>", "Grüße", "Hällo", cc="carol@example.org")

    (found,) = gmail.search("in:sent")
    assert (found.id, found.thread_id) == (sent.id, sent.thread_id)
    assert (found.subject, found.text) == ("Grüße", "Hällo")
    assert found.sender.address == "alice@example.com"
    assert [item.address for item in (*found.to, *found.cc)] == ["bob@example.com", "carol@example.org"]
    assert fake.sent[0].subject == "Grüße"


def test_a_mail_to_another_user_arrives_without_the_hidden_recipients(gmail, connect):
    gmail.send(["carol@example.org"], "Hello", "Words", bcc=["bob@example.com"])

    (arrived,) = connect(user="bob@example.com").inbox()
    assert arrived.subject == "Hello"
    assert "bcc" not in arrived.headers


def test_mail_is_sent_from_the_configured_address(connect, fake):
    connect(config={"sender": "Sales <sales@example.com>"}).send("bob@example.com", "x", "x")

    assert fake.sent[0].sender == "Sales <sales@example.com>"


def test_html_is_sent_with_a_text_alternative(gmail):
    sent = gmail.send("bob@example.com", "Hello", html="<p>Hello <b>Bob</b></p>")

    found = gmail.get(sent.id)
    assert found.text == "Hello Bob"
    assert gmail.html_body(sent.id).strip() == "<p>Hello <b>Bob</b></p>"


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("from:billing", ["Invoice 2041 is due on Friday"]),
        ("subject:agenda is:unread", ["Agenda for Thursday"]),
        ("318.40", ["Invoice 2041 is due on Friday"]),
        ('"before Thursday"', ["Agenda for Thursday"]),
        ("has:attachment", ["Invoice 2041 is due on Friday"]),
        ("in:inbox -from:billing -from:news", ["Agenda for Thursday"]),
        ("from:nobody", []),
    ],
)
def test_search_finds_what_gmail_would(gmail, query, subjects):
    assert [mail.subject for mail in gmail.search(query)] == subjects


def test_a_reply_stays_in_the_conversation(gmail, fake):
    question = gmail.search("subject:Agenda")[0]

    sent = gmail.reply(question.id, "I will take item 3.")

    answer = gmail.get(sent.id)
    assert answer.thread_id == question.thread_id
    assert answer.subject == "Re: Agenda for Thursday"
    assert [item.address for item in answer.to] == ["dana@northwind.example"]
    assert answer.headers["in-reply-to"] == question.message_id
    assert answer.headers["references"] == question.message_id
    assert [mail.id for mail in gmail.thread(question.thread_id)] == [question.id, sent.id]


def test_a_reply_to_a_reply_refers_to_the_whole_conversation(gmail):
    question = gmail.search("subject:Agenda")[0]
    first = gmail.get(gmail.reply(question.id, "One").id)

    second = gmail.get(gmail.reply(first.id, "Two").id)

    assert second.headers["references"].split() == [question.message_id, first.message_id]
    assert [item.address for item in second.to] == ["dana@northwind.example"]
    assert second.subject == "Re: Agenda for Thursday"


def test_a_reply_to_all_goes_to_all_except_the_account(gmail, fake):
    people = b"From: ann@example.org\r\nTo: alice@example.com, bob@example.com\r\nCc: eve@example.org\r\n"
    mail = fake.deliver(raw=people + b"Subject: Plan\r\n\r\nWhat do you say?")

    answer = gmail.get(gmail.reply(mail.id, "Fine.", reply_all=True).id)

    assert [item.address for item in answer.to] == ["ann@example.org"]
    assert [item.address for item in answer.cc] == ["bob@example.com", "eve@example.org"]


def test_a_mail_without_a_message_id_can_be_answered(gmail, fake):
    mail = fake.deliver(raw=b"From: ann@example.org\r\nSubject: Bare\r\n\r\nx")

    answer = gmail.get(gmail.reply(mail.id, "Fine.").id)

    assert answer.thread_id == mail.thread_id
    assert "in-reply-to" not in answer.headers


def test_attachments_keep_their_bytes_when_sent_and_downloaded(gmail, tmp_path):
    (tmp_path / "table.csv").write_bytes(CSV)
    files = [tmp_path / "table.csv", Attachment(filename="naïve.bin", content=CSV[::-1])]

    sent = gmail.send("bob@example.com", "Files", "See below.", attachments=files)

    described = gmail.get(sent.id).attachments
    found = gmail.attachments(sent.id)
    assert [(item.filename, item.size, item.content) for item in described] == [
        ("table.csv", 256, None),
        ("naïve.bin", 256, None),
    ]
    assert {item.filename: item.content for item in found} == {"table.csv": CSV, "naïve.bin": CSV[::-1]}


def test_attachments_are_saved_in_a_folder(gmail, tmp_path):
    mail = gmail.search("has:attachment")[0]

    (saved,) = gmail.attachments(mail.id, folder=tmp_path / "invoices")

    assert saved.path == str(tmp_path / "invoices" / "invoice-2041.pdf")
    assert (tmp_path / "invoices" / "invoice-2041.pdf").read_bytes() == saved.content


def test_a_downloaded_attachment_can_be_sent_on(gmail, fake):
    mail = gmail.search("has:attachment")[0]

    gmail.send("bob@example.com", "Fwd", "See below.", attachments=gmail.attachments(mail.id))

    assert fake.sent[0].attachments == {"invoice-2041.pdf": gmail.attachments(mail.id)[0].content}


def test_attachments_are_chosen_by_name(gmail, fake):
    mail = fake.deliver(attachments={"a.txt": b"1", "b.txt": b"2"})

    assert [item.filename for item in gmail.attachments(mail.id, names=["b.txt"])] == ["b.txt"]
    with pytest.raises(NotFound, match=re.escape("no attachment ['c.txt']; it has: a.txt, b.txt")):
        gmail.attachments(mail.id, names=["c.txt"])


def test_an_attachment_that_is_too_large_is_not_downloaded(connect, fake):
    mail = fake.deliver(attachments={"big.bin": bytes(1024 * 1024 + 1), "small.bin": b"1"})
    gmail = connect(config={"max_attachment_mb": 1})

    with pytest.raises(InvalidInput, match="name the other files in `names`, or raise max_attachment_mb"):
        gmail.attachments(mail.id)

    assert not [request for request in fake.requests if "/attachments/" in request.path]
    assert gmail.attachments(mail.id, names=["small.bin"])[0].content == b"1"


def test_the_json_form_contains_no_bytes(gmail):
    mail = gmail.search("has:attachment")[0]

    shown = to_json(gmail, "attachments", gmail.attachments(mail.id))

    assert shown == [
        {"filename": "invoice-2041.pdf", "content_type": "application/pdf", "size": 30, "path": None},
    ]


def test_labels_are_changed_by_name(gmail, fake):
    label = fake.mailboxes["alice@example.com"].add_label("Due Soon")
    mail = gmail.search("from:billing")[0]

    change = gmail.change_labels(mail.id, add=["due soon", "STARRED"], remove=["INBOX", "SPAM"])

    assert change.added == (label, "STARRED")
    assert change.removed == ("INBOX",)
    assert [found.id for found in gmail.search("label:due-soon is:starred")] == [mail.id]
    assert ("Due Soon", "user") in {(item.name, item.type) for item in gmail.labels()}


def test_an_unknown_label_is_refused_with_those_that_exist(gmail):
    mail = gmail.inbox()[0]

    with pytest.raises(NotFound, match=re.escape("no label ['Urgent']; there are: INBOX, SENT")):
        gmail.change_labels(mail.id, add=["Urgent"])


@pytest.mark.parametrize("method_id", ["mark_read", "mark_unread", "change_labels"])
def test_the_undo_of_a_label_change_restores_the_exact_labels(gmail, method_id):
    mail = gmail.inbox()[0]
    arguments = {"message_id": mail.id, **({"add": ["STARRED", "INBOX"]} if method_id == "change_labels" else {})}
    output = to_json(gmail, method_id, gmail.invoke(method_id, arguments))

    undo = Gmail.full_spec().method(method_id).undo
    back = {
        name: json_pointer.find({"input": arguments, "output": output}, pointer)
        for name, pointer in undo.arguments.items()
    }
    gmail.invoke(undo.method, back)

    assert set(gmail.get(mail.id).labels) == set(mail.labels)


def test_a_draft_is_stored_and_its_undo_discards_it(gmail, fake):
    draft = gmail.draft("bob@example.com", "Offer", "Dear Bob,", attachments=[Attachment(filename="a", content=b"1")])

    stored = gmail.get(draft.message_id)
    undo = Gmail.full_spec().method("draft").undo
    gmail.invoke(undo.method, {"draft_id": draft.id})

    assert (stored.subject, stored.labels, stored.thread_id) == ("Offer", ("DRAFT",), draft.thread_id)
    assert fake.sent == []
    assert fake.mailboxes["alice@example.com"].drafts == {}
    with pytest.raises(NotFound):
        gmail.get(draft.message_id)


@pytest.mark.parametrize("message_id", ["", "../labels", "a/b", "a?x=1", "..", "a b", "a\n", "x" * 201])
def test_an_invalid_id_is_refused_without_a_request(gmail, fake, message_id):
    with pytest.raises(InvalidInput) as caught:
        gmail.get(message_id)

    assert caught.value.details["pointer"] == "/message_id"
    assert fake.requests == []


@pytest.mark.parametrize("limit", [0, -1, 501, "ten", 1.5])
def test_a_limit_out_of_range_is_refused(gmail, limit):
    with pytest.raises(InvalidInput, match="/limit"):
        gmail.inbox(limit=limit)


@pytest.mark.parametrize("field", ["subject", "to"])
def test_header_injection_sends_no_request(gmail, fake, field):
    arguments = {
        "to": "bob@example.com",
        "subject": "Hello",
        "text": "x",
        field: "bob@example.com\r\nBcc: eve@example.org",
    }

    with pytest.raises(InvalidInput, match=field):
        gmail.send(**arguments)

    assert fake.sent == []


@pytest.mark.parametrize("field", ["subject", "to", "text", "html"])
def test_a_lone_surrogate_is_refused(gmail, field):
    arguments = {"to": "bob@example.com", "subject": "Hello", "text": "x", field: "bob@example.com\ud800"}

    with pytest.raises(InvalidInput):
        gmail.send(**arguments)


def test_an_unknown_argument_suggests_the_nearest_one(gmail):
    with pytest.raises(InvalidInput, match="did you mean 'subject'"):
        gmail.send("bob@example.com", subjekt="x")


@pytest.mark.parametrize(
    ("status", "reason", "error", "code"),
    [
        (400, None, Rejected, "REJECTED"),
        (403, "insufficientPermissions", UserFacingConfigError, "OAUTH_SCOPE_MISSING"),
        (403, "rateLimitExceeded", RateLimited, "RATE_LIMITED"),
        (404, None, NotFound, "NOT_FOUND"),
        (429, None, RateLimited, "RATE_LIMITED"),
        (503, None, Unavailable, "PROVIDER_UNAVAILABLE"),
    ],
)
def test_a_refused_write_becomes_the_right_error(gmail, fake, status, reason, error, code):
    fake.fail_next(status, headers={"retry-after": "30"}, body=google_error(status, "Because.", reason=reason))

    with pytest.raises(error, match="Because") as caught:
        gmail.send("bob@example.com", "x", "x")

    assert caught.value.code == code
    assert fake.sent == []


def test_a_rate_limit_has_the_pause(gmail, fake):
    fake.fail_next(429, headers={"retry-after": "30"})

    with pytest.raises(RateLimited) as caught:
        gmail.inbox()

    assert caught.value.to_wire()["retry_after_ms"] == 30_000


def test_an_unknown_token_is_refused(connect):
    gmail = connect(token="revoked-token")

    with pytest.raises(AuthFailed, match="wren connect gmail") as caught:
        gmail.inbox()

    assert "revoked-token" not in f"{caught.value!r} {caught.value.to_wire()} {gmail!r} {gmail.credentials!r}"


def test_an_expired_token_is_renewed_once_and_the_call_repeated(connect, fake):
    class Renewing:
        asked = 0

        def request(self, operation, payload):
            self.asked += 1
            return {"env": {"GMAIL_ACCESS_TOKEN": fake.token()}}

    host = Renewing()
    gmail = connect(host=host)
    fake.oauth.expire_access_tokens()

    gmail.send("bob@example.com", "x", "x")

    assert len(fake.sent) == 1
    assert host.asked == 1


def test_without_a_token_nothing_is_sent(fake, url):
    with pytest.raises(CredentialMissing, match="access_token"):
        Gmail.create(base_url=url).inbox()

    assert fake.requests == []


CALLS = {
    "inbox": {},
    "search": {"query": "x"},
    "get": {"message_id": "{mail}"},
    "html_body": {"message_id": "{mail}"},
    "thread": {"thread_id": "{mail}"},
    "attachments": {"message_id": "{mail}"},
    "labels": {},
    "change_labels": {"message_id": "{mail}", "add": ["STARRED"]},
    "mark_read": {"message_id": "{mail}"},
    "mark_unread": {"message_id": "{mail}"},
    "send": {"to": "bob@example.com", "subject": "x"},
    "reply": {"message_id": "{mail}", "reply_all": True},
    "draft": {"to": "bob@example.com", "subject": "x"},
    "discard_draft": {"draft_id": "{draft}"},
}


@pytest.fixture
def arguments(fake, gmail):
    names = {"mail": fake.deliver().id, "draft": gmail.draft("bob@example.com", "x").id}

    def of(method_id):
        values = CALLS[method_id].items()
        return {name: value.format(**names) if isinstance(value, str) else value for name, value in values}

    return of


@pytest.mark.parametrize("method_id", list(Gmail.methods()))
def test_the_declared_scopes_are_enough(connect, arguments, method_id):
    scopes = Gmail.full_spec().method(method_id).scopes

    connect(scopes=scopes).invoke(method_id, arguments(method_id))

    assert set(scopes) <= set(Gmail.spec.required_scopes)


@pytest.mark.parametrize("method_id", list(Gmail.methods()))
def test_a_method_without_its_scopes_asks_for_consent(connect, arguments, method_id):
    wider = {READ: {MODIFY}, SEND: {COMPOSE, MODIFY}, COMPOSE: {MODIFY}, MODIFY: set()}
    declared = Gmail.full_spec().method(method_id).scopes
    for scope in declared:
        others = tuple(set(ALL_SCOPES) - {scope} - wider[scope])

        with pytest.raises(UserFacingConfigError) as caught:
            connect(scopes=others).invoke(method_id, arguments(method_id))

        assert caught.value.code == "OAUTH_SCOPE_MISSING"
