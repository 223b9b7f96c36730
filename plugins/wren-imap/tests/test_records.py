import json

from wren_imap.fetching import Fetched
from wren_imap.records import Email


def fetched(raw):
    return Fetched(uid="1", flags=frozenset(), size=len(raw), arrived_at=None, raw=raw)


def test_lone_surrogates_are_replaced():
    mail = Email(id="INBOX:1:1", unread=True, size=1, subject="a\ud83d", to=("b\udce4",), text="x\r\ny")

    assert (mail.subject, mail.to, mail.text) == ("a?", ("b?",), "x\ny")
    assert json.loads(mail.model_dump_json())["subject"] == "a?"


def test_headers_in_raw_bytes_are_decoded():
    raw = "Subject: Grüße\nFrom: Jürgen <j@example.com>\n\nHallo".encode("latin-1")

    mail = Email.from_server(fetched(raw), "INBOX:1:1")

    assert (mail.subject, mail.sender, mail.text) == ("Grüße", "Jürgen <j@example.com>", "Hallo")


def test_only_headers_have_no_body():
    mail = Email.from_server(fetched(b"Subject: x\n\nHallo"), "INBOX:1:1", only_headers=True)

    assert (mail.subject, mail.text, mail.attachments) == ("x", "", ())
