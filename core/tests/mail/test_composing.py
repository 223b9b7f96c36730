from email import message_from_bytes
from email.policy import default

import pytest

from wren_core import InvalidInput
from wren_core.mail.composing import compose

PEOPLE = {"From": "Ann <ann@example.com>", "To": "Bob Müller <bob@example.com>"}


def sent(**content):
    return message_from_bytes(compose(PEOPLE, **{"subject": "Grüße", **content}).as_bytes(), policy=default)


def test_a_message_has_the_given_headers_and_parts(tmp_path):
    (tmp_path / "übersicht.csv").write_text("a,b\n")

    message = sent(text="Hallo", html="<b>Hallo</b>", files=[tmp_path / "übersicht.csv"])

    assert (message["Subject"], str(message["To"])) == ("Grüße", "Bob Müller <bob@example.com>")
    assert message["Message-ID"].endswith("@example.com>")
    assert message["Date"] is not None
    assert message.get_body(("plain",)).get_content().strip() == "Hallo"
    assert message.get_body(("html",)).get_content().strip() == "<b>Hallo</b>"
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("übersicht.csv", "text/csv")


def test_a_message_with_only_html_also_has_a_text():
    assert sent(html="<p>One</p><p>Two</p>").get_body(("plain",)).get_content().split() == ["One", "Two"]


def test_a_reply_names_its_conversation_and_long_ids_are_not_folded():
    long = f"<{'x' * 200}@example.com>"
    ids = " ".join(f"<{number}@example.com>" for number in range(40))

    raw = compose(PEOPLE, subject="Re: x", answers=f"{ids} {long}").as_bytes()

    assert f"In-Reply-To: {long}\r\n".encode() in raw
    references = message_from_bytes(raw, policy=default)["References"].split()
    assert (len(references), references[0], references[-1]) == (21, "<0@example.com>", long)


@pytest.mark.parametrize("answers", ["", "no id", "<a@b\r\nBcc: evil@example.com>"])
def test_an_invalid_message_id_is_ignored(answers):
    message = sent(answers=answers)

    assert message["In-Reply-To"] is None
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    "people",
    [
        {"To": "bob"},
        {"To": "bob@"},
        {"To": "@example.com"},
        {"To": ""},
        {"To": ()},
        {"To": "bob@example.com, ,@x"},
        {"To": ("bob@example.com", "Evil\r\nBcc: evil@example.com")},
        {"Cc": "x\ny@example.com"},
        {"From": "nobody"},
    ],
)
def test_an_invalid_or_forging_address_is_refused_by_name(people):
    (header,) = people

    with pytest.raises(InvalidInput, match=header.lower()) as caught:
        compose({**PEOPLE, **people}, subject="x")

    assert caught.value.details["pointer"] == f"/{header.lower()}"


def test_a_subject_is_one_line():
    with pytest.raises(InvalidInput, match="subject"):
        compose(PEOPLE, subject="x\r\nBcc: evil@example.com")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"/files.*nothing\.pdf"):
        compose(PEOPLE, subject="x", files=[tmp_path / "nothing.pdf"])
