import json
from email.errors import HeaderParseError
from types import SimpleNamespace

from imap_tools import MailMessage

from wren_imap.records import Email


def test_lone_surrogates_are_replaced():
    mail = Email(id="INBOX:1:1", unread=True, size=1, subject="a\ud83d", to=("b\udce4",), text="x\r\ny")

    assert (mail.subject, mail.to, mail.text) == ("a?", ("b?",), "x\ny")
    assert json.loads(mail.model_dump_json())["subject"] == "a?"


def test_headers_in_raw_bytes_are_decoded_as_far_as_possible():
    raw = "Subject: Grüße\nFrom: Jürgen <j@example.com>\n\nHallo".encode("latin-1")

    mail = Email.from_imap(MailMessage.from_bytes(raw), "INBOX:1:1")

    assert mail.text == "Hallo"
    assert "j@example.com" in mail.sender


def test_a_message_that_cannot_be_parsed_has_its_size():
    class Hopeless:
        flags, size_rfc822, obj = ("\\Seen",), 42, SimpleNamespace(get=lambda name, default: default)

        @property
        def subject(self):
            raise HeaderParseError("Base64 decoding error")

    mail = Email.from_imap(Hopeless(), "INBOX:1:7")

    assert (mail.id, mail.size, mail.unread, mail.subject, mail.date) == ("INBOX:1:7", 42, False, "", None)
