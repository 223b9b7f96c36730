"""Secrets in every form, however they are cut; and text that is no secret stays as it was."""

import base64
import html
import json
import re
import subprocess
import sys
import time
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wren_backend.executor.masked_stream import MaskedLog, MaskedStream
from wren_backend.executor.masking import MASK, Masker
from wren_backend.executor.secret_encodings import MIN_SECRET_CHARACTERS, encoded_forms
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
    "base64 of a login, in capitals": lambda raw: base64.b64encode(b"user:" + raw).upper(),
}
OTHER_ENCODERS = {
    "capitals": lambda text: text.upper().encode(),
    "small letters": lambda text: text.lower().encode(),
    "mixed case": lambda text: "".join(c.upper() if n % 2 else c.lower() for n, c in enumerate(text)).encode(),
    "reversed": lambda text: text[::-1].encode(),
    "reversed capitals": lambda text: text[::-1].upper().encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "percent for all": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()).encode(),
    "backslash x": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()).encode(),
    "backslash X": lambda text: "".join(f"\\x{byte:02X}" for byte in text.encode()).encode(),
    "backslash octal": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()).encode(),
    "backslash u": lambda text: "".join(f"\\u{ord(c):04x}" for c in text).encode(),
    "escaped html": lambda text: html.escape(text).encode(),
    "decimal entities": lambda text: "".join(f"&#{ord(c)};" for c in text).encode(),
    "hexadecimal entities": lambda text: "".join(f"&#x{ord(c):X};" for c in text).encode(),
    **{f"base32 at {at}": lambda text, at=at: base64.b32encode(b"x" * at + text.encode() + b"tail") for at in range(5)},
    "base32 in small letters": lambda text: base64.b32encode(text.encode()).lower(),
    "base32hex": lambda text: base64.b32hexencode(text.encode()),
    "quoted printable for all": lambda text: "".join(f"={byte:02X}" for byte in text.encode()).encode(),
    "hexadecimal with blanks": lambda text: text.encode().hex(" ").encode(),
    "hexadecimal with colons": lambda text: text.encode().hex(":").upper().encode(),
    "a list of bytes": lambda text: str(list(text.encode())).encode(),
    "binary": lambda text: "".join(f"{byte:08b}" for byte in text.encode()).encode(),
}


@pytest.mark.parametrize("name", OTHER_ENCODERS)
@pytest.mark.parametrize("secret", ["ghp_16C7e42F292c6912E7", "short1", 'pa$$ "<&>" wörd', "x" * 300 + "Y"])
def test_a_secret_that_a_script_encodes_itself_is_masked(name: str, secret: str):
    encoded = OTHER_ENCODERS[name](secret)
    masker = Masker([secret])
    stream = MaskedStream(masker)

    shown = b"".join(stream.feed(bytes([byte])) for byte in b"before " + encoded + b" after") + stream.flush()

    assert shown.startswith(b"before ")
    assert shown.endswith(b" after")
    assert MASK.encode() in shown
    # What encoders of groups add for the bytes before and after, and the mark at the start of UTF-16.
    assert len(shown) - len(b"before  after") - shown.count(MASK.encode()) * len(MASK) <= 20
    assert shown == masker.mask_bytes(b"before " + encoded + b" after")


def test_text_that_differs_from_a_secret_is_shown_in_any_encoding():
    masker = Masker(["ghp_16C7e42F292c6912E7"])
    texts = [encode("an ordinary line of text, 42") for encode in OTHER_ENCODERS.values()]

    assert [masker.mask_bytes(text) for text in texts] == texts


HALVES = [("stdout", b"first ghp_16C7e42"), ("stderr", b"F292c6912E7 last\n")]


@pytest.mark.parametrize("pieces", [HALVES, [(b, a) for (b, _), (_, a) in zip(HALVES[::-1], HALVES, strict=True)]])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_secret_spread_over_both_streams_is_masked(pieces: list[tuple[str, bytes]], size: int):
    log, shown = MaskedLog(Masker(["ghp_16C7e42F292c6912E7"])), []

    for name, data in pieces:
        for at in range(0, len(data), size):
            shown += log.feed(name, data[at : at + size])
    shown += log.flush()

    assert b"".join(data for _, data in shown) == b"first [masked] last\n"
    assert b"".join(data for name, data in shown if name == pieces[1][0]) == b" last\n"


@given(
    pieces=st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(max_size=20)), max_size=12),
)
def test_a_log_without_secrets_keeps_every_byte_in_its_stream(pieces: list[tuple[str, bytes]]):
    log, shown = MaskedLog(Masker(["a secret that is not in there"])), []

    for name, data in pieces:
        shown += log.feed(name, data)
    shown += log.flush()

    for stream in ("stdout", "stderr"):
        given_bytes = b"".join(data for name, data in pieces if name == stream)
        assert b"".join(data for name, data in shown if name == stream) == given_bytes


# Shapes for which a search that starts again at each place takes the square of the size: minutes for this much.
FLOODS = {
    "blanks": '" " * size',
    "blanks of all kinds": "bytes([32, 9, 10, 13]).decode() * (size // 4)",
    "dots": '"." * size',
    "dots and blanks": '"... " * (size // 4)',
    "blanks, then dots": '(" " * 1000 + "...") * (size // 1003)',
    "the start of a secret": "SECRET[:-1] * (size // len(SECRET))",
    "halves at dots": '(SECRET[:-1] + "..." + SECRET[1:]) * (size // 2 // len(SECRET))',
    "one letter of a secret of that letter": '"a" * size',
    "the secret": "SECRET * (size // len(SECRET))",
    "encoded parts": '"".join(f"%{ord(c):02x}" for c in SECRET[:-1]) * (size // 3 // len(SECRET))',
    "numbers": '", 115, 101" * (size // 10)',
}
FLOODED = """
import json, sys
from wren_backend.executor.masked_stream import MaskedStream
from wren_backend.executor.masking import Masker
SECRET, size = "ghp_16C7e42F292c6912E7", 2**18
masker = Masker([SECRET, "a" * 2000, "ab" * 700 + "c", *(f"token-{n}-of-a-run" for n in range(5))])
text = {text}
masked = masker.mask_json({"whole": text, "lines": [text[at : at + 10] for at in range(0, size // 4, 10)]})
stream = MaskedStream(masker)
data = text.encode()
shown = b"".join(stream.feed(data[at : at + 4096]) for at in range(0, len(data), 4096)) + stream.flush()
assert SECRET not in masked["whole"] and SECRET.encode() not in shown
print("done")
"""


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_anything_is_masked_in_seconds(name: str):
    command = [sys.executable, "-c", FLOODED.replace("{text}", FLOODS[name])]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=patience(30), check=False)

    assert (ended.stdout, ended.stderr) == ("done\n", "")


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
    stream = MaskedStream(masker)
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
    stream = MaskedStream(masker)
    raw = data.encode()

    pieces = [stream.feed(raw[start : start + size]) for start in range(0, len(raw), size)]

    assert b"".join([*pieces, stream.flush()]) == masker.mask_bytes(raw)


@given(data=st.binary(max_size=200), size=st.integers(1, 50))
def test_a_stream_without_secrets_passes_unchanged(data: bytes, size: int):
    stream = MaskedStream(Masker(["a secret that is not in there"]))

    pieces = [stream.feed(data[start : start + size]) for start in range(0, len(data), size)]

    assert b"".join([*pieces, stream.flush()]) == data


def test_a_stream_holds_back_only_what_may_be_a_secret():
    stream = MaskedStream(Masker(["secret-token"]))

    assert stream.feed(b"a line\n") == b"a line\n"
    assert stream.feed(b"then sec") == b"then "
    assert stream.feed(b"tion\n") == b"section\n"


def test_a_discarded_half_of_a_secret_is_not_shown():
    stream = MaskedStream(Masker(["secret-token"]))
    shown = stream.feed(b"cut here: secret-to")

    stream.discard()

    assert shown + stream.flush() == b"cut here: "


def test_a_secret_that_begins_another_does_not_leave_its_rest():
    stream = MaskedStream(Masker(["token-1", "token-1-and-more"]))

    shown = stream.feed(b"token-1") + stream.feed(b"-and-more") + stream.flush()

    assert shown == b"[masked]"


@pytest.mark.parametrize("secret", ["", "a", "12345"])
def test_a_short_secret_is_left_alone(secret: str):
    assert Masker([secret]).mask_text(f"text {secret} text 12345") == f"text {secret} text 12345"


def test_a_secret_added_later_is_masked_besides_the_old_one():
    masker = Masker(["first-secret"])
    stream = MaskedStream(masker)
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
