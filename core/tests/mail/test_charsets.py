import pytest

from wren_core.mail.charsets import clean, decode
from wren_core.mail.headers import decode_words


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("Re: =?iso-8859-1?Q?Gr=FC=DFe?= an alle", "Re: Grüße an alle"),
        ("=?utf-8?B?5paH?= =?utf-8?B?5Lu2?=", "文件"),
        ("=?utf-8?B?5pY=?= =?utf-8?B?hw==?=", "文"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?x-unknown?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("already decoded: Grüße", "already decoded: Grüße"),
    ],
)
def test_encoded_words_are_decoded(header, text):
    assert decode_words(header) == text


@pytest.mark.parametrize("header", ["=?utf-8?b?@@@?=", "=?utf-8?x?abc?=", "=?utf-8?q?unfinished", "=??q?x?="])
def test_an_invalid_encoded_word_stays_unchanged(header):
    assert "?" in decode_words(header) or decode_words(header) == ""


def test_an_unknown_charset_is_read_as_well_as_possible():
    assert decode_words("=?x-martian?q?hello=80?=") == "hello€"


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("Grüße".encode(), "utf-8", "Grüße"),
        ("Grüße".encode(), "iso-8859-1", "Grüße"),
        ("Grüße".encode("iso-8859-1"), "iso-8859-1", "Grüße"),
        ("Grüße".encode("cp1252"), "utf-8", "Grüße"),
        ("Grüße".encode("cp1252"), "no-such-charset", "Grüße"),
        ("日本".encode("iso-2022-jp"), "iso-2022-jp", "日本"),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本"),
        ("Grüße".encode("utf-16"), "utf-16", "Grüße"),
        (b"\xff\xfe\x00", "", "ÿþ\x00"),
        (b"plain", "", "plain"),
        (b"zx\x00", "hex", "zx\x00"),
    ],
)
def test_a_body_with_a_wrong_charset_is_read(data, charset, text):
    assert decode(data, charset) == text


@pytest.mark.parametrize("charset", ["idna", "punycode", "PUNYCODE", "unicode_escape"])
def test_python_codecs_that_are_not_charsets_are_not_used(charset):
    assert decode(b"\\u0041 \xe4 \x1b", charset) == "\\u0041 ä \x1b"


def test_lone_surrogates_are_replaced():
    assert clean("cut \ud83d") == "cut ?"
    assert decode(b"\x1b+2AA-", "utf-7") == "\x1b?"
