"""Secrets in every form, however they are cut; and text that is no secret stays as it was."""

import base64
import json
import re
import time
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wren_backend.executor.masking import MASK, MIN_SECRET_CHARACTERS, Masker, encoded_forms
from wren_core.testing.patience import patience

SECRET = 'ya29.A0-_/+= "q\\uote"&more'
ENCODERS = {
    "raw": lambda raw: raw,
    "base64 at 0": base64.b64encode,
    "base64 at 1": lambda raw: base64.b64encode(b"x" + raw),
    "base64 at 2": lambda raw: base64.b64encode(b"xy" + raw),
    "base64 at 3 with more": lambda raw: base64.b64encode(b"xyz" + raw + b"tail"),
    "urlsafe base64 at 0": base64.urlsafe_b64encode,
    "urlsafe base64 at 1": lambda raw: base64.urlsafe_b64encode(b"x" + raw),
    "urlsafe base64 at 2": lambda raw: base64.urlsafe_b64encode(b"xy" + raw),
    "basic auth": lambda raw: base64.b64encode(b"user:" + raw),
    "percent": lambda raw: quote(raw, safe="").encode(),
    "percent with slashes": lambda raw: quote(raw).encode(),
    "percent in lower case": lambda raw: re.sub("%..", lambda m: m[0].lower(), quote(raw, safe="")).encode(),
    "form": lambda raw: quote(raw, safe="").replace("%20", "+").encode(),
    "json": lambda raw: json.dumps({"t": raw.decode()}).encode(),
    "repr": lambda raw: repr(raw.decode()).encode(),
    "hex": lambda raw: raw.hex().encode(),
    "HEX": lambda raw: raw.hex().upper().encode(),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_a_secret_is_masked_in_every_form(name: str):
    encoded = ENCODERS[name](SECRET.encode())

    masked = Masker([SECRET]).mask_bytes(b"before " + encoded + b" after")

    assert MASK.encode() in masked
    assert masked.startswith(b"before ")
    assert masked.endswith(b" after")
    assert not any(form in masked for form in encoded_forms(SECRET))


@pytest.mark.parametrize("name", ENCODERS)
def test_of_a_masked_form_at_most_what_it_shares_with_its_neighbours_is_left(name: str):
    encoded = ENCODERS[name](SECRET.encode())

    left = Masker([SECRET]).mask_bytes(encoded).replace(MASK.encode(), b"")

    assert len(left) <= len(base64.b64encode(b"user:")) + 8


secrets = st.text(min_size=MIN_SECRET_CHARACTERS, max_size=40)
encoders = st.sampled_from(sorted(ENCODERS))


def _valid(text: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


@given(
    secret=secrets.filter(_valid),
    encoder=encoders,
    around=st.binary(max_size=30),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_no_cut_lets_a_secret_through(secret: str, encoder: str, around: bytes, cuts: list[int]):
    data = around + ENCODERS[encoder](secret.encode()) + around
    masker = Masker([secret])
    stream = masker.stream()
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})

    pieces = [stream.feed(data[start:end]) for start, end in pairwise(edges)]
    shown = b"".join([*pieces, stream.flush()])

    assert shown == masker.mask_bytes(data)
    assert secret.encode() not in shown.replace(MASK.encode(), b"")


@given(
    known=st.lists(st.text(alphabet="ab", min_size=6, max_size=9), max_size=4),
    data=st.text(alphabet="ab", max_size=60),
    size=st.integers(1, 12),
)
def test_secrets_that_overlap_one_another_are_masked_alike_in_one_piece_and_in_many(
    known: list[str], data: str, size: int
):
    masker = Masker(known)
    stream = masker.stream()
    raw = data.encode()

    pieces = [stream.feed(raw[start : start + size]) for start in range(0, len(raw), size)]

    assert b"".join([*pieces, stream.flush()]) == masker.mask_bytes(raw)


@given(data=st.binary(max_size=200), size=st.integers(1, 50))
def test_a_stream_without_secrets_passes_unchanged(data: bytes, size: int):
    stream = Masker(["a secret that is not in there"]).stream()

    pieces = [stream.feed(data[start : start + size]) for start in range(0, len(data), size)]

    assert b"".join([*pieces, stream.flush()]) == data


def test_a_stream_holds_back_only_what_may_be_a_secret():
    stream = Masker(["secret-token"]).stream()

    assert stream.feed(b"a line\n") == b"a line\n"
    assert stream.feed(b"then sec") == b"then "
    assert stream.feed(b"tion\n") == b"section\n"


def test_a_discarded_half_of_a_secret_is_not_shown():
    stream = Masker(["secret-token"]).stream()
    shown = stream.feed(b"cut here: secret-to")

    stream.discard()

    assert shown + stream.flush() == b"cut here: "


def test_a_secret_that_begins_another_does_not_leave_its_rest():
    stream = Masker(["token-1", "token-1-and-more"]).stream()

    shown = stream.feed(b"token-1") + stream.feed(b"-and-more") + stream.flush()

    assert shown == b"[masked]"


@pytest.mark.parametrize("secret", ["", "a", "12345"])
def test_a_short_secret_is_left_alone(secret: str):
    assert Masker([secret]).mask_text(f"text {secret} text 12345") == f"text {secret} text 12345"


def test_a_secret_added_later_is_masked_besides_the_old_one():
    masker = Masker(["first-secret"])
    stream = masker.stream()
    before = stream.feed(b"second-secret\n")

    masker.add("second-secret")

    assert before == b"second-secret\n"
    assert stream.feed(b"first-secret second-secret\n") == b"[masked] [masked]\n"


def test_json_is_masked_in_keys_and_values_and_keeps_its_shape():
    masked = Masker(["secret-token"]).mask_json(
        {"secret-token": ["x secret-token", 1, None, True, {"k": "secret-token"}]}
    )

    assert masked == {MASK: [f"x {MASK}", 1, None, True, {"k": MASK}]}


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("dots", ["...", "\n...\n", " ... "])
def test_the_halves_a_shortened_message_has_left_of_a_secret_are_masked(name: str, dots: str):
    encoded = ENCODERS[name](SECRET.encode()).decode()
    masker = Masker([SECRET])
    inner = {form.decode()[at : at + 9] for form in encoded_forms(SECRET) for at in range(len(form) - 8)}

    for cut in range(len(encoded)):
        text = masker.mask_json({"m": f"failed: {encoded[:cut]}{dots}{encoded[cut:]} at the end"})["m"]

        assert text.startswith("failed: ")
        assert dots.strip() in text
        assert text.endswith(" at the end")
        assert [piece for piece in inner if piece in text] == []


@pytest.mark.parametrize(
    "text", ["...", "a ... b", "wait...for it...", "it is...\n...not", f"{SECRET[:5]}...{SECRET[-5:]}"]
)
def test_dots_alone_hide_nothing(text: str):
    assert Masker([SECRET]).mask_text(text) == text


def test_a_secret_that_contains_dots_is_masked_at_a_cut_too():
    secret = "first...second...third-part"

    masked = Masker([secret]).mask_text(f"it was ...{secret[4:]}, said it")

    assert masked == f"it was ...{MASK}, said it"


def test_very_many_dots_cost_no_time():
    masker, started = Masker([SECRET, "x" * 2000]), time.perf_counter()

    masker.mask_text("abcdef...ghijkl" * 70_000)

    assert time.perf_counter() - started < patience(3)


def test_a_masker_shows_no_secret_in_its_repr():
    assert "secret-token" not in repr(Masker(["secret-token"]))
