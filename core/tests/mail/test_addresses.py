import pytest

from wren_core import InvalidInput
from wren_core.mail.addresses import Address, parse_recipients, read_addresses

HEADERS = [
    ('"Last, First" <a@b.example>', [("Last, First", "a@b.example")]),
    ("Last, First <a@b.example>, bob@example.com", [("Last, First", "a@b.example"), ("", "bob@example.com")]),
    ("=?utf-8?q?M=C3=BCller=2C_Ann?= <ann@example.org>", [("Müller, Ann", "ann@example.org")]),
    ('"=?utf-8?q?M=C3=BCller?=" <ann@example.org>', [("Müller", "ann@example.org")]),
    ("=?utf-8?q?Ann_=3Cann=40example=2Eorg=3E?=", [("Ann", "ann@example.org")]),
    ('"Ann \\"Nan\\" O\'Hara" <ann@example.org>', [('Ann "Nan" O\'Hara', "ann@example.org")]),
    ("ann@example.org (Ann (Sales) Müller)", [("Ann (Sales) Müller", "ann@example.org")]),
    ("Ann (Sales) <ann@example.org>", [("Ann (Sales)", "ann@example.org")]),
    (
        'Team: a@x.example, "C, D" <c@x.example>;, e@x.example',
        [("", "a@x.example"), ("C, D", "c@x.example"), ("", "e@x.example")],
    ),
    ("Re: =?utf-8?q?M=C3=BCller,_Ann?= <ann@example.org>", [("Müller, Ann", "ann@example.org")]),
    ("undisclosed-recipients:;", []),
    ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
    ("Ann <ann@example.org", [("Ann", "ann@example.org")]),
    ("Ann ann@example.org", [("Ann", "ann@example.org")]),
    ("<@relay.example:ann@example.org>", [("", "ann@example.org")]),
    ("MAILER-DAEMON", [("", "MAILER-DAEMON")]),
    ("Ann <ann@bücher.example>", [("Ann", "ann@bücher.example")]),
    ('"never closed <a@b.example>', [("never closed", "a@b.example")]),
    ("", []),
    (" , ,", []),
]


@pytest.mark.parametrize(("header", "people"), HEADERS)
def test_addresses_are_read(header, people):
    assert [(item.name, item.address) for item in read_addresses(header)] == people


@pytest.mark.parametrize(
    "name", ["Last, First", "Müller, Ann", 'Ann "Nan" <x>', "Dr. Ann", "a\\b", "O'Hara (Sales)", "x@y", "Team: all;"]
)
def test_a_name_survives_being_written_and_read(name):
    written = str(Address(address="ann@example.org", name=name))

    assert read_addresses(written) == (Address(address="ann@example.org", name=name),)
    (mailbox,) = parse_recipients("to", written)
    assert (mailbox.display_name, mailbox.addr_spec) == (name, "ann@example.org")


def test_a_name_cannot_forge_a_header():
    (found,) = read_addresses("=?utf-8?q?Ann=0D=0ABcc:_evil=40example.com?= <ann@example.org>")

    assert found == Address(address="ann@example.org", name="Ann Bcc: evil@example.com")


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@straße.example", "ann@xn--strae-oqa.example"),
        ("ann@日本.example", "ann@xn--wgv71a.example"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_an_international_domain_is_written_in_ascii(given, written):
    assert [item.addr_spec for item in parse_recipients("to", given)] == [written]


@pytest.mark.parametrize(
    "given",
    [
        *("", "bob", "bob@", "@example.com", "bob@exa mple.com", "ü@example.com", "<>", "Bob bob@example.com"),
        *("Doe, John <john@example.com>", "bob@a..b", "bob@☃.example", "undisclosed-recipients:;", "a@b\r\nBcc: c@d"),
    ],
)
def test_an_invalid_recipient_is_refused(given):
    with pytest.raises(InvalidInput, match=r"^cc: ") as caught:
        parse_recipients("cc", given)

    assert caught.value.details["pointer"] == "/cc"


@pytest.mark.parametrize("junk", ['"', "(", "<", ",", ":", "a@b,", '"a"', "=?utf-8?q?", "\\"])
def test_junk_takes_linear_time(junk):
    assert len(read_addresses(junk * 100_000)) <= 100_000
