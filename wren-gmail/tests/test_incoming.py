import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest

from wren_core.mail.parts import MAX_PARTS
from wren_gmail.incoming import attached_files, decode_data, describe, external_bodies, to_email
from wren_gmail.records import Address

DAY = "Fri, 20 Nov 2026 09:00:00"
BAD_DAY = "Fri, 99 Nov 2026 09:00:00 +0100"


def part(kind="text/plain", content=b"", *, headers=(), parts=(), filename="", size=None, **body):
    data = {"data": base64.urlsafe_b64encode(content).decode()} if content else {}
    return {
        "mimeType": kind,
        "filename": filename,
        "headers": [{"name": name, "value": value} for name, value in headers],
        "body": {"size": len(content) if size is None else size, **data, **body},
        **({"parts": list(parts)} if parts else {}),
    }


def resource(payload, **fields):
    return {"id": "m1", "threadId": "t1", "labelIds": ["INBOX"], "snippet": "first words", "payload": payload, **fields}


def test_headers_are_parsed():
    headers = [
        ("From", "=?utf-8?q?M=C3=BCller=2C_Ann?= <ann@example.org>"),
        ("To", '"Doe, John" <john@example.com>, bob@example.com'),
        ("CC", "eve@example.com"),
        ("Reply-To", "list@example.org"),
        ("Subject", "=?utf-8?q?Gr=C3=BC=C3=9Fe?="),
        ("Date", "Fri, 20 Nov 2026 09:00:00 +0100"),
        ("Message-Id", " <1@example.org> "),
    ]

    email = to_email(resource(part(content=b"hi", headers=headers), labelIds=["INBOX", "UNREAD"]))

    assert email.sender == Address(address="ann@example.org", name="Müller, Ann")
    assert [item.address for item in email.to] == ["john@example.com", "bob@example.com"]
    assert email.to[0].name == "Doe, John"
    assert email.cc == (Address(address="eve@example.com"),)
    assert email.reply_to == (Address(address="list@example.org"),)
    assert email.subject == email.headers["subject"] == "Grüße"
    assert email.date == datetime(2026, 11, 20, 9, tzinfo=timezone(timedelta(hours=1)))
    assert email.message_id == "<1@example.org>"
    assert email.unread


def test_a_mail_without_headers_is_parsed():
    email = to_email(resource(part(content=b"hi"), internalDate="1700000000000"))

    assert (email.id, email.thread_id, email.text) == ("m1", "t1", "hi")
    assert (email.message_id, email.subject, str(email.sender), email.to) == ("", "", "", ())
    assert email.date == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("date", ["yesterday", "", BAD_DAY, "Fri, 20 Nov 99999 09:00:00 GMT", f"{DAY} +{'9' * 30}"])
def test_an_invalid_date_is_replaced_by_the_time_of_arrival(date):
    email = to_email(resource(part(headers=[("Date", date)]), internalDate="1700000000000"))

    assert email.date == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_a_date_without_zone_is_utc():
    email = to_email(resource(part(headers=[("Date", "Fri, 20 Nov 2026 09:00:00 -0000")])))

    assert email.date == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_an_empty_resource_is_parsed():
    email = to_email({"id": "m1"})

    assert email.thread_id == "m1"
    assert email.date is None
    assert email.text == ""


def test_text_and_html_are_found_in_nested_parts():
    inner = part("multipart/alternative", parts=[part("text/plain", b"words"), part("text/html", b"<p>words</p>")])
    payload = part("multipart/mixed", parts=[part("multipart/related", parts=[inner]), part("text/plain", b"footer")])

    email = to_email(resource(payload))

    assert email.text == "words\nfooter"
    assert email.html == "<p>words</p>"


@pytest.mark.parametrize("plain", [[], [part("text/plain", b" \r\n ")]])
def test_text_is_converted_from_the_html_if_there_is_no_plain_text(plain):
    payload = part("multipart/alternative", parts=[*plain, part("text/html", b"<h1>Title</h1>words")])

    assert to_email(resource(payload)).text == "Title\nwords"


def test_a_body_in_another_charset_is_read():
    payload = part(content="Grüße".encode("cp1252"), headers=[("Content-Type", 'text/plain; charset="windows-1252"')])

    assert to_email(resource(payload)).text == "Grüße"


@pytest.mark.parametrize("header", ["text/plain; charset=", 'text/plain; charset="\ud800"', ";;;charset*=''", "\x00"])
def test_an_invalid_content_type_is_ignored(header):
    payload = part(content=b"words", headers=[("Content-Type", header)])

    assert to_email(resource(payload)).text == "words"


def test_line_ends_become_newlines():
    payload = part("multipart/alternative", parts=[part(content=b"a\r\nb\r\n"), part("text/html", b"<p>\r\n</p>")])

    email = to_email(resource(payload))

    assert (email.text, email.html) == ("a\nb", "<p>\n</p>")


def test_an_attached_text_is_not_part_of_the_body():
    attached = part("text/plain", b"log", headers=[("Content-Disposition", "attachment")])
    payload = part("multipart/mixed", parts=[part(content=b"words"), attached])

    email = to_email(resource(payload))

    assert email.text == "words"
    assert [item.size for item in email.attachments] == [3]


def test_a_forwarded_mail_is_an_attachment_not_part_of_the_text():
    forwarded = part("message/rfc822", filename="old.eml", size=10, parts=[part(content=b"old words")])
    payload = part("multipart/mixed", parts=[part(content=b"new words"), forwarded])

    email = to_email(resource(payload))

    assert email.text == "new words"
    assert [item.filename for item in email.attachments] == ["old.eml"]


def test_attachments_are_described():
    files = [
        part("application/pdf", filename="=?utf-8?q?Gr=C3=BC=C3=9Fe=2Epdf?=", size=7, attachmentId="x"),
        part("image/png", size=3, attachmentId="y"),
        part("image/gif"),
    ]

    found = [describe(item) for item in attached_files(resource(part("multipart/mixed", parts=files)))]

    assert [(item.filename, item.content_type, item.size) for item in found] == [
        ("Grüße.pdf", "application/pdf", 7),
        ("attachment-1.png", "image/png", 3),
    ]


def test_texts_that_gmail_stores_separately_are_listed():
    apart = part("text/html", size=9, attachmentId="big")
    payload = part(
        "multipart/mixed", parts=[part(content=b"words"), apart, part("image/png", size=3, attachmentId="y")]
    )

    assert external_bodies(resource(payload)) == [apart]


def test_a_thousand_nested_parts_are_read():
    payload = part(content=b"deep")
    for _ in range(MAX_PARTS - 1):
        payload = part("multipart/mixed", parts=[payload])

    assert to_email(resource(payload)).text == "deep"


def test_parts_beyond_the_limit_are_left_out():
    parts = [part("text/plain", b"%d" % number) for number in range(MAX_PARTS + 500)]

    email = to_email(resource(part("multipart/mixed", parts=parts)))

    assert email.text.splitlines()[-1] == str(MAX_PARTS - 2)


def test_a_partial_mail_shows_its_snippet():
    email = to_email({**resource(part("multipart/mixed"), snippet="it&#39;s cut \ud83d"), "partial": True})

    assert email.partial
    assert email.text == email.snippet == "it's cut ?"


@pytest.mark.parametrize(
    ("data", "content"), [("aGk", b"hi"), ("aGk=", b"hi"), ("_-8=", b"\xff\xef"), ("a", b""), ("", b"")]
)
def test_base64url_is_decoded_with_and_without_padding(data, content):
    assert decode_data(data) == content


def test_html_and_headers_are_for_python_only():
    email = to_email(resource(part("text/html", b"<p>words</p>", headers=[("X-Long", "value")])))

    assert {"html", "headers"}.isdisjoint(email.model_dump(mode="json"))
    assert "<p>" not in repr(email)
    assert email.headers == {"x-long": "value"}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (Address(address="ann@example.org"), "ann@example.org"),
        (Address(address="ann@example.org", name="Ann"), "Ann <ann@example.org>"),
        (Address(), ""),
    ],
)
def test_an_address_prints_as_in_a_header(address, shown):
    assert str(address) == shown
