import json
from email import message_from_bytes
from email.policy import default

import pytest

from wren_core import InvalidInput
from wren_gmail.outgoing import MAX_MESSAGE_BYTES, Outgoing, compose, multipart_related, reply_recipients, reply_subject
from wren_gmail.records import Address, Attachment, Email

LONG_ID = f"<{'A' * 90}@prod.outlook.example>"


def mail(**fields):
    return Outgoing(**{"to": "bob@example.com", "subject": "Hello", "text": "Words", **fields})


def parsed(outgoing):
    return message_from_bytes(compose(outgoing), policy=default)


def email(**fields):
    return Email(**{"id": "m1", "thread_id": "t1", **fields})


def people(*addresses):
    return tuple(Address(address=address) for address in addresses)


def test_a_message_has_its_headers_and_text():
    message = parsed(
        mail(
            to=["Böb <bob@example.com>", "carol@example.com"],
            cc="dave@example.com",
            bcc=("eve@example.com",),
            subject="Grüße, 文件 " * 20,
            text="Hällo\n",
            sender="Alice <alice@example.com>",
        )
    )

    assert [item.addr_spec for item in message["to"].addresses] == ["bob@example.com", "carol@example.com"]
    assert message["to"].addresses[0].display_name == "Böb"
    assert (message["cc"], message["bcc"], message["from"]) == (
        "dave@example.com",
        "eve@example.com",
        "Alice <alice@example.com>",
    )
    assert message["subject"] == ("Grüße, 文件 " * 20)
    assert message.get_content() == "Hällo\r\n"


def test_a_message_is_seven_bit_with_crlf():
    raw = compose(mail(text="Hällo\nWelt", html="<p>Hällo</p>"))

    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_html_comes_with_a_plain_text():
    message = parsed(mail(text="", html="<p>Hällo</p><p>Welt</p>"))

    assert message.get_body(("html",)).get_content() == "<p>Hällo</p><p>Welt</p>\r\n"
    assert message.get_body(("plain",)).get_content() == "Hällo\r\n\r\nWelt\r\n"


def test_attachments_keep_their_bytes_names_and_types():
    files = [
        Attachment(filename="naïve 文件.pdf", content=bytes(range(256))),
        Attachment(filename="data", content=b"", content_type="application/x-thing"),
        Attachment(filename="old.eml", content=b"a: b\r\n\r\nc", content_type="message/rfc822"),
        Attachment(filename="odd", content=b"1", content_type="no type at all"),
    ]

    found = list(parsed(mail(attachments=files)).iter_attachments())

    assert [(part.get_filename(), part.get_content(), part.get_content_type()) for part in found] == [
        ("naïve 文件.pdf", bytes(range(256)), "application/pdf"),
        ("data", b"", "application/x-thing"),
        ("old.eml", b"a: b\r\n\r\nc", "application/octet-stream"),
        ("odd", b"1", "application/octet-stream"),
    ]


@pytest.mark.parametrize("field", ["subject", "to", "cc", "bcc", "sender"])
@pytest.mark.parametrize("break_", ["\r\nBcc: evil@example.com", "\nX: y", "\r", "\x00", "\x1b"])
def test_header_injection_is_refused(field, break_):
    with pytest.raises(InvalidInput, match="control character"):
        compose(mail(**{field: f"bob@example.com{break_}"}))


def test_header_injection_by_a_file_name_is_refused():
    with pytest.raises(InvalidInput, match="attachments/filename"):
        compose(mail(attachments=[Attachment(filename="a\r\nBcc: evil@example.com", content=b"")]))


@pytest.mark.parametrize(
    "address",
    ["", "bob", "bob@", "@example.com", "Doe, John <john@example.com>", "bob@exa mple.com", "ü@example.com", "<>"],
)
def test_an_invalid_address_is_refused_with_the_field_and_a_hint(address):
    with pytest.raises(InvalidInput, match=r"^cc: ") as caught:
        compose(mail(cc=[address]))

    assert caught.value.details["pointer"] == "/cc"


def test_a_message_without_recipient_is_refused():
    with pytest.raises(InvalidInput, match="to: no address given"):
        compose(mail(to=[]))


def test_several_addresses_in_one_string_are_split():
    message = parsed(mail(to='bob@example.com, "Doe, John" <john@example.com>'))

    assert [item.addr_spec for item in message["to"].addresses] == ["bob@example.com", "john@example.com"]


def test_an_international_domain_is_written_in_ascii():
    assert parsed(mail(to="ann@bücher.example"))["to"] == "ann@xn--bcher-kva.example"


def test_a_reply_refers_to_messages_with_very_long_ids():
    chain = [f"<{number}@example.org>" for number in range(40)]
    original = email(message_id=LONG_ID, headers={"references": " ".join(chain)})

    raw = compose(mail(answers=original))

    message = message_from_bytes(raw, policy=default)
    assert message["in-reply-to"] == LONG_ID
    assert message["references"].split() == [chain[0], *chain[20:], LONG_ID]
    assert max(map(len, raw.split(b"\r\n"))) < 998


@pytest.mark.parametrize(
    "identity", ["", "no brackets", "<a b@example.org>", "<a\r\nBcc:evil@example.com>", "<ü@example.org>"]
)
def test_a_reply_to_a_mail_without_a_usable_id_has_no_such_headers(identity):
    message = parsed(mail(answers=email(message_id=identity)))

    assert message["in-reply-to"] is None
    assert message["references"] is None
    assert message["bcc"] is None


def test_a_message_above_gmails_size_limit_is_refused():
    with pytest.raises(InvalidInput, match="attach less"):
        compose(mail(attachments=[Attachment(filename="big", content=bytes(MAX_MESSAGE_BYTES * 3 // 4))]))


@pytest.mark.parametrize(
    ("subject", "reply"),
    [
        ("Hello", "Re: Hello"),
        ("Re: Hello", "Re: Hello"),
        ("RE: x", "RE: x"),
        ("", "Re: "),
        ("a\r\nBcc: b", "Re: a  Bcc: b"),
    ],
)
def test_a_reply_keeps_the_subject(subject, reply):
    assert reply_subject(subject) == reply


def test_a_reply_goes_to_the_sender():
    original = email(sender=Address(address="ann@example.org"), to=people("alice@example.com", "bob@example.com"))

    assert reply_recipients(original, everyone=False) == (["ann@example.org"], [])


def test_a_reply_goes_to_the_reply_to_address():
    original = email(sender=Address(address="ann@example.org"), reply_to=people("list@example.org"))

    assert reply_recipients(original, everyone=False) == (["list@example.org"], [])


def test_a_reply_to_all_omits_the_account_and_duplicates():
    original = email(
        sender=Address(address="ann@example.org"),
        to=people("Alice@Example.com", "bob@example.com"),
        cc=people("bob@example.com", "ANN@example.org", "eve@example.com"),
    )

    recipients = reply_recipients(original, everyone=True, own="alice@example.com")

    assert recipients == (["ann@example.org"], ["bob@example.com", "eve@example.com"])


def test_a_reply_to_a_sent_mail_goes_to_its_recipients():
    original = email(sender=Address(address="alice@example.com"), to=people("bob@example.com"), labels=("SENT",))

    assert reply_recipients(original, everyone=False) == (["bob@example.com"], [])


def test_an_upload_contains_metadata_and_message():
    kind, body = multipart_related({"threadId": "t1"}, b"Subject: x\r\n\r\nwords\r\n")

    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=default)
    metadata, message = whole.iter_parts()
    assert json.loads(metadata.get_content()) == {"threadId": "t1"}
    assert message.get_content()["subject"] == "x"
