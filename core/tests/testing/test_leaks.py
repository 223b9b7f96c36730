import base64
from urllib.parse import quote

import pytest

from wren_core.testing.leaks import find_leak

SECRET = 'sk_"live"/+0123456789é'


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (f"token {SECRET} refused", "plain"),
        (f"sent {{'token': {SECRET + chr(10)!r}}}", "plain"),
        ("https://x.example/?key=" + quote(SECRET, safe=""), "URL-quoted"),
        (SECRET.encode().hex(), "hexadecimal"),
        (base64.b64encode(SECRET.encode()).decode(), "base64"),
        (base64.b64encode(f"ann:{SECRET}".encode()).decode(), "base64"),
        (base64.b64encode(f"anna:{SECRET}".encode()).decode(), "base64"),
        (base64.b64encode(f"user1:{SECRET}".encode()).decode(), "base64"),
        (base64.urlsafe_b64encode(f"x:{SECRET}".encode()).decode(), "base64"),
    ],
)
def test_a_secret_is_found_in_every_form(text, form):
    assert find_leak(f"... {text} ...", [SECRET]) == form


def test_a_secret_is_found_behind_python_escapes():
    assert find_leak(repr("a\nsecret-value"), ["a\nsecret-value"]) == "as Python shows it"


@pytest.mark.parametrize("text", ["nothing", SECRET[:-1], ""])
def test_a_text_without_the_secret_has_no_leak(text):
    assert find_leak(text, [SECRET]) is None


def test_a_short_value_does_not_count_as_a_secret():
    assert find_leak("the key is 'on'", ["on", ""]) is None
