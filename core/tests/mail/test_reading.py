"""E-mails as people receive them, most of them damaged: what is read, and which files there are."""

import base64
from datetime import UTC, datetime

import pytest

from wren_core.mail.parts import parse
from wren_core.mail.reading import File, find_content, read_mail

ARRIVED = datetime(2026, 1, 12, 9, tzinfo=UTC)


def mail(body, *headers, kind="text/plain; charset=utf-8", encoding="8bit"):
    """Return an e-mail with one part."""
    given = body if isinstance(body, bytes) else body.encode()
    lines = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *headers]
    return "\n".join(lines).encode() + b"\n\n" + given


def mixed(*parts, kind="mixed", end="--A--\n"):
    """Return an e-mail with several parts, each its lines."""
    body = "".join(f"--A\n{part}\n" for part in parts)
    return f'Subject: Parts\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary="A"\n\n{body}{end}'.encode()


def read(raw):
    found = read_mail(parse(raw), arrived_at=ARRIVED)
    return found.text, {file.name: file.part.content for file in found.files}


PLAIN = "Content-Type: text/plain\n\nThe words."
HTML = "Content-Type: text/html\n\n<p>The words of the page.</p>"
INNER = "From: eve@example.net\nSubject: Inner subject\n\nInner words."
ENCODED = base64.b64encode(INNER.encode()).decode()
PNG = "Content-Type: image/png\nContent-Transfer-Encoding: base64\n"

TEXTS = [
    # Charsets that are unknown, declared wrongly, or subsets of what was written.
    (
        mail("Grüße € 100".encode("cp1252"), kind='text/plain; charset="windows-1252http-equivContent-Type"'),
        "Grüße € 100",
    ),
    (mail("Grüße € 100".encode("cp1252"), kind="text/plain; charset=iso-8859-1"), "Grüße € 100"),
    (mail("„Grüße“ € 100".encode("cp1252"), kind="text/plain; charset=us-ascii"), "„Grüße“ € 100"),
    (mail("Grüße".encode("cp1252"), kind="text/plain; charset=unknown-8bit"), "Grüße"),
    (mail("Grüße", kind="text/plain; charset=utf8mb4"), "Grüße"),
    (mail("Grüße", kind='text/plain; charset="utf-8;'), "Grüße"),
    (mail("Grüße", kind="text/plain; charset=utf-8; format=flowed; charset=latin1"), "Grüße"),
    (mail("Grüße".encode("utf-7"), kind="text/plain; charset=utf-7"), "Grüße"),
    (mail("朱镕基 €".encode("gb18030"), kind="text/plain; charset=gb2312"), "朱镕基 €"),
    (mail("똠방각하".encode("cp949"), kind="text/plain; charset=ks_c_5601-1987"), "똠방각하"),
    (mail("①日本".encode("cp932"), kind="text/plain; charset=Shift_JIS"), "①日本"),
    (mail("Привет".encode("koi8-r"), kind="text/plain; charset=KOI8-R"), "Привет"),
    (mail("Привет".encode("cp1251"), kind="text/plain; charset=x-cp1251"), "Привет"),
    (mail("Łódź".encode("iso-8859-2"), kind="text/plain; charset=ISO_8859-2"), "Łódź"),
    (mail("日本".encode("iso-2022-jp"), kind="text/plain; charset=iso-2022-jp"), "日本"),
    (mail("שלום".encode("iso-8859-8"), kind="text/plain; charset=iso-8859-8-i"), "שלום"),
    (mail("日本語のテキスト".encode()[:-1], kind="text/plain; charset=utf-8"), "日本語のテキス\ufffd"),
    (mail('<meta charset="gb2312"><p>你好</p>'.encode("gbk"), kind="text/html"), "你好"),
    # Transfer encodings that break off or are damaged.
    (mail("RGVhciBCb2IsIHRoZSBtZWV0aW5nIGlzIG9uIFR1ZXNkY", encoding="base64"), "Dear Bob, the meeting is on Tuesd"),
    (mail("RGVhciBC\nb2I=\n-- \nlist footer\n", encoding="base64"), "Dear Bob"),
    (mail("RGVh\ncg==\nIEJv\nYg==\n", encoding="base64"), "Dear Bob"),
    (mail("Gr=C3=BC=C3=9Fe = =ZZ =", encoding="quoted-printable"), "Grüße = =ZZ"),
    (mail("Grüße", encoding="no-such-encoding"), "Grüße"),
    (mail(base64.b64encode("Grüße".encode()).decode(), encoding="BASE64 "), "Grüße"),
    # Words that are not where they are looked for.
    (mixed(HTML, f"{PLAIN}\n_____\nlist"), "The words of the page.\nThe words.\n_____\nlist"),
    (mixed(f"{PLAIN}", HTML, kind="alternative"), "The words."),
    (mixed("Content-Type: text/plain\n\n   ", HTML, kind="alternative"), "The words of the page."),
    (mixed("Content-Type: text/plain\n\nOne.", f"{PNG}\nAA==", "Content-Type: text/plain\n\nTwo."), "One.\nTwo."),
    (mixed(PLAIN, "Content-Type: application/pgp-signature\n\nxyz", kind="signed"), "The words."),
    (mixed(PLAIN, end=""), "The words."),
    (mixed(PLAIN, kind="report"), "The words."),
    (
        b'Content-Type: multipart/mixed; boundary="never"\n\nThe words without a boundary.\n',
        "The words without a boundary.",
    ),
    (b"Content-Type: multipart/mixed\n\nThe words without a boundary.\n", "The words without a boundary."),
    (mail("The words.", kind='text/plain; name="body.txt"'), "The words."),
    (mixed('Content-Type: text/plain; name="body.txt"\n\nThe words.'), "The words."),
    (mail("# The words", kind="text/markdown"), "# The words"),
    (mail("The words.", kind="nonsense"), "The words."),
    (b"The words, and no header at all", "The words, and no header at all"),
    (b"", ""),
]


@pytest.mark.parametrize(("raw", "text"), TEXTS)
def test_the_words_are_read(raw, text):
    assert read(raw)[0] == text


FILES = [
    (f"{PNG}Content-Disposition: attachment\n\nb25l", {"attachment-1.png": b"one"}),
    (f"{PNG}\nb25l", {"attachment-1.png": b"one"}),
    (f"{PNG}Content-Disposition: inline\nContent-ID: <1@x>\n\nb25l", {"attachment-1.png": b"one"}),
    ("Content-Type: application/pdf\nContent-Disposition: attachment\n\n%PDF", {"attachment-1.pdf": b"%PDF"}),
    (
        f"{PNG}Content-Disposition: attachment; filename*=utf-8''%C3%BCber%20%F0%9F%94%91.png\n\nb25l",
        {"über 🔑.png": b"one"},
    ),
    (f'{PNG}Content-Disposition: attachment; filename*0="a"; filename*1="b.png"\n\nb25l', {"ab.png": b"one"}),
    (f"{PNG}Content-Disposition: attachment; filename*=iso-8859-1'de'%FCber.png\n\nb25l", {"über.png": b"one"}),
    (f'{PNG}Content-Disposition: attachment; filename="=?utf-8?B?w7xiZXIucG5n?="\n\nb25l', {"über.png": b"one"}),
    (f'{PNG}Content-Disposition: attachment; filename="über.png"\n\nb25l', {"über.png": b"one"}),
    ('Content-Type: image/png; name="a b; c.png"\nContent-Transfer-Encoding: base64\n\nb25l', {"a b; c.png": b"one"}),
    (f'{PNG}Content-Disposition: attachment; filename="a.png\n\nb25lIGN1dCBvZmY', {'"a.png': b"one cut off"}),
    ("Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR", {"attachment-1.ics": b"BEGIN:VCALENDAR"}),
    ("Content-Type: text/plain\nContent-Disposition: attachment\n\nlog", {"attachment-1.txt": b"log"}),
    (
        f"Content-Type: message/rfc822\nContent-Disposition: attachment\n\n{INNER}",
        {"Inner subject.eml": INNER.encode()},
    ),
    (f"Content-Type: message/rfc822\n\n{INNER}", {"Inner subject.eml": INNER.encode()}),
    (f'Content-Type: message/rfc822; name="old.eml"\n\n{INNER}', {"old.eml": INNER.encode()}),
    ("Content-Type: message/rfc822\n\nFrom: eve@example.net\n\nx", {"attachment-1.eml": b"From: eve@example.net\n\nx"}),
    (
        f"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{ENCODED}",
        {"Inner subject.eml": INNER.encode()},
    ),
    ("Content-Type: application/octet-stream\n\n", {}),
]


@pytest.mark.parametrize(("part", "files"), FILES)
def test_files_are_found_and_their_text_is_apart(part, files):
    text, found = read(mixed(PLAIN, part))

    assert (text, found) == ("The words.", files)


def test_files_of_one_name_get_numbers():
    part = f'{PNG}Content-Disposition: attachment; filename="%s.png"\n\nb25l'

    _, found = read(mixed(part % "a", part % "A", part % "a", part % "a (1)"))

    assert list(found) == ["a.png", "A (1).png", "a (2).png", "a (1) (1).png"]


def test_an_inner_mail_keeps_its_own_files():
    inner = mixed(PLAIN, f'{PNG}Content-Disposition: attachment; filename="inner.png"\n\nb25l').decode()
    outer = mixed(PLAIN, f"Content-Type: message/rfc822\n\n{inner}").replace(b'"A"', b'"B"', 1)
    outer = outer.replace(b"--A\nContent-Type: text/plain", b"--B\nContent-Type: text/plain", 1)
    outer = outer.replace(b"--A\nContent-Type: message", b"--B\nContent-Type: message") + b"--B--\n"

    text, found = read(outer)

    assert (text, list(found)) == ("The words.", ["Parts.eml"])
    assert read(found["Parts.eml"])[1] == {"inner.png": b"one"}


def test_the_content_of_a_listed_file_is_found_in_the_whole_mail():
    raw = mixed(PLAIN, f"{PNG}\nb25l")
    (file,) = read_mail(parse(raw)).files

    assert find_content(raw, File(name="x", part=file.part)) == b"one"


@pytest.mark.parametrize(
    ("header", "date"),
    [
        ("Mon, 12 Jan 2026 10:00:00 +0100", "2026-01-12T10:00:00+01:00"),
        ("12 Jan 26 10:00 GMT", "2026-01-12T10:00:00+00:00"),
        ("Mon, 12 Jan 2026 10:00:00", "2026-01-12T10:00:00+00:00"),
        ("Mon, 12 Jan 2026 10:00:00 +0100 (CET)", "2026-01-12T10:00:00+01:00"),
        ("2026-01-12T10:00:00+01:00", "2026-01-12T10:00:00+01:00"),
        *(
            (header, ARRIVED.isoformat())
            for header in (
                "Mon, 12 Jan 2026 25:61:00 +0100",
                "Mon, 1 Jan 1900 00:00:00 +0000",
                "Mon, 99 Foo 2026 10:00:00 +0100",
                "yesterday",
                "",
            )
        ),
    ],
)
def test_a_date_that_cannot_be_one_is_replaced_by_the_time_of_arrival(header, date):
    found = read_mail(parse(f"Date: {header}\n\nx".encode()), arrived_at=ARRIVED)

    assert found.date.isoformat() == date


@pytest.mark.parametrize("nested", [10, 200, 3000])
def test_deeply_nested_parts_are_read_or_kept_as_a_file(nested):
    heads = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(nested))

    text, found = read(f"Subject: deep\n{heads}{PLAIN}".encode())

    assert "The words." in text or b"The words." in b"".join(found.values())


def test_many_parts_and_long_headers_are_bounded():
    raw = mixed(*[f"{PLAIN} {number}" for number in range(3000)])
    header = ";".join(f"x{number}=y" for number in range(50_000))

    assert len(read(raw)[0].splitlines()) == 999
    assert read(f"Content-Type: text/plain; {header}\n\nx".encode())[0] == "x"
