"""One e-mail, delivered to Gmail and to an IMAP server, is the same to a script: words, people, date and files."""

import base64
import codecs
from datetime import UTC, datetime

import pytest

from wren_core.testing import serve
from wren_gmail import Gmail
from wren_gmail.fake import FakeGmail
from wren_imap import IMAP
from wren_imap.fake import FakeIMAP

HEAD = "From: {sender}\nTo: {to}\nSubject: {subject}\nDate: {date}\nMessage-ID: <1@example.com>\nMIME-Version: 1.0\n"
VALUES = {
    "sender": "Ann <ann@example.com>",
    "to": "bob@example.com",
    "subject": "Minutes",
    "date": "Mon, 12 Jan 2026 10:00:00 +0100",
}
ARRIVED = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
PLAIN, PNG = "Content-Type: text/plain\n\nThe words.", "Content-Type: image/png\nContent-Transfer-Encoding: base64\n"
INNER = (
    'Subject: Inner\nContent-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: text/plain\n\nInner.\n--B--\n'
)


def mail(body, *, kind="text/plain; charset=utf-8", encoding="8bit", **values):
    head = HEAD.format(**{**VALUES, **values}) + f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + (body if isinstance(body, bytes) else body.encode())


def mixed(*parts, kind="mixed", **values):
    body = "".join(f"--A\n{part}\n" for part in parts)
    return mail(f"{body}--A--\n", kind=f'multipart/{kind}; boundary="A"', **values)


MAILS = {
    "html, then a plain footer": mixed("Content-Type: text/html\n\n<p>The budget.</p>", PLAIN),
    "alternatives": mixed(PLAIN, "Content-Type: text/html\n\n<p>The page.</p>", kind="alternative"),
    "a forwarded mail without a name": mixed(PLAIN, f"Content-Type: message/rfc822\n\n{INNER}", f"{PNG}\nb25l"),
    "a file without a name": mixed(PLAIN, f"{PNG}Content-Disposition: attachment\n\nb25l"),
    "an inline picture": mixed(PLAIN, f"{PNG}Content-ID: <1@x>\n\nb25l", kind="related"),
    "an appointment": mixed(PLAIN, "Content-Type: text/calendar\n\nBEGIN:VCALENDAR", kind="alternative"),
    "two files of one name": mixed(*[f'{PNG}Content-Disposition: attachment; filename="a.png"\n\nb25l'] * 2),
    "a name by RFC 2231": mixed(PLAIN, f"{PNG}Content-Disposition: attachment; filename*=utf-8''%C3%BC.png\n\nb25l"),
    "a name in an encoded word": mixed(
        PLAIN, f'{PNG}Content-Disposition: attachment; filename="=?utf-8?q?=C3=BC?="\n\nAA=='
    ),
    "a name with a path": mixed(PLAIN, f'{PNG}Content-Disposition: attachment; filename="../../a.png"\n\nb25l'),
    "a charset with junk": mail("Grüße € 100".encode("cp1252"), kind='text/plain; charset="windows-1252http-equiv"'),
    "more than latin-1": mail("Grüße € 100".encode("cp1252"), kind="text/plain; charset=iso-8859-1"),
    "more than gb2312": mail("朱镕基".encode("gb18030"), kind="text/plain; charset=gb2312"),
    "more than ks_c_5601": mail("똠방각하".encode("cp949"), kind="text/plain; charset=ks_c_5601-1987"),
    "a charset with a broken quote": mail("Grüße", kind='text/plain; charset="utf-8;'),
    "base64 that breaks off": mail("RGVhciBCb2IsIHRoZSBtZWV0aW5nIGlzIG9uIFR1ZXNkY", encoding="base64"),
    "broken quoted-printable": mail("Gr=C3=BC=C3=9Fe =ZZ =", encoding="quoted-printable"),
    "no last boundary": mixed(PLAIN).replace(b"--A--\n", b""),
    "no boundary": mail("The words.", kind="multipart/mixed"),
    "a date that cannot be": mail("Hi", date="Mon, 12 Jan 2026 25:61:00 +0100"),
    "a date of 1900": mail("Hi", date="Mon, 1 Jan 1900 00:00:00 +0000"),
    "no zone": mail("Hi", date="Mon, 12 Jan 2026 10:00:00"),
    "a comma in a name": mail(
        "Hi", sender='"Last, First" <a@b.example>', to="=?utf-8?q?M=C3=BCller=2C_Ann?= <c@d.example>"
    ),
    "a group": mail("Hi", to='Team: "A, B" <a@b.example>, c@b.example;, d@b.example'),
    "headers of other letters": mail("Hi", subject="Grüße", sender="Jürgen <j@example.com>"),
    "nothing but headers": b"Subject: x\n\n",
}


@pytest.fixture(scope="module")
def gmail_server():
    with serve(fake := FakeGmail()) as url:
        gmail = Gmail.create(credentials={"access_token": fake.token()}, base_url=url)
        yield fake, gmail
        gmail.close()


@pytest.fixture(scope="module")
def imap_server():
    fake = FakeIMAP()
    with serve(fake) as url:
        imap = IMAP.create(fake.configuration(url), credentials=fake.credentials())
        yield fake, imap
        imap.close()


@pytest.mark.parametrize("name", MAILS)
def test_both_read_the_same(gmail_server, imap_server, name, tmp_path):
    by_gmail, by_imap = receive(gmail_server, imap_server, MAILS[name], tmp_path)

    assert by_gmail == by_imap
    assert by_gmail["text"] or by_gmail["files"] or name == "nothing but headers"


@pytest.mark.parametrize("name", [name for name, raw in MAILS.items() if b"charset=" in raw])
def test_text_that_gmail_converts_to_utf_8_is_the_same(gmail_server, imap_server, name, tmp_path, monkeypatch):
    def converted(data):
        label = MAILS[name].partition(b"charset=")[2].split(b"\n")[0].strip(b'";').decode()
        codec = {"gb2312": "gb18030", "ks_c_5601-1987": "cp949", "iso-8859-1": "cp1252"}.get(label, "cp1252")
        try:
            return base64.urlsafe_b64encode(codecs.decode(data).encode()).decode()
        except UnicodeDecodeError:
            return base64.urlsafe_b64encode(codecs.decode(data, codec).encode()).decode()

    monkeypatch.setattr("wren_gmail.fake_wire.encode", converted)
    by_gmail, by_imap = receive(gmail_server, imap_server, MAILS[name], tmp_path)

    assert by_gmail["text"] == by_imap["text"]


def receive(gmail_server, imap_server, raw, folder):
    (fake_gmail, gmail), (fake_imap, imap) = gmail_server, imap_server
    mail_id = fake_gmail.deliver(raw=raw, received_at=ARRIVED).id
    imap_id = fake_imap.deliver("", "", "", raw=raw)
    fake_imap.folders["INBOX"].messages[int(imap_id.rpartition(":")[2])].received_at = ARRIVED
    one, other = gmail.get(mail_id), imap.get(imap_id)
    saved = [item.path for item in gmail.attachments(mail_id, folder=folder / "gmail")]
    also_saved = imap.save_attachments(imap_id, folder / "imap")
    return (
        {**summarize(one), "files": [item.filename for item in one.attachments], "saved": contents(saved)},
        {**summarize(other), "files": list(other.attachments), "saved": contents(also_saved)},
    )


def summarize(email):
    names = ("message_id", "subject", "date", "text", "html")
    people = {"sender": str(email.sender), "to": list(map(str, email.to)), "reply_to": list(map(str, email.reply_to))}
    return {**{name: getattr(email, name) for name in names}, **people}


def contents(paths):
    found = {}
    for path in paths:
        with open(path, "rb") as file:
            found[path.rpartition("/")[2]] = file.read()
    return found
