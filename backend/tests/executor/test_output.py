"""What of a run's output is kept, and what the log shows about the rest."""

from dataclasses import dataclass, field

import pytest

from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.masking import Masker
from wren_backend.executor.output import OutputMeter, RunOutput

SECRET = "secret-token"


@dataclass
class Kept:
    output: RunOutput
    texts: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@pytest.fixture
def keep():
    def start(**limits: int) -> Kept:
        texts: list[str] = []
        notices: list[str] = []
        output = RunOutput(
            Masker([SECRET]),
            OutputMeter(Limits(**limits)),
            on_output=lambda stream, text: texts.append(f"{stream[3:]}:{text}"),
            on_notice=notices.append,
        )
        return Kept(output=output, texts=texts, notices=notices)

    return start


def test_a_flood_of_lines_is_cut_at_its_number_and_says_so(keep):
    kept = keep(output_lines=3)

    kept.output.feed("stdout", b"\n" * 1_000_000)
    kept.output.feed("stderr", b"more\n")
    kept.output.close()

    assert kept.texts == ["out:\n\n\n"]
    assert kept.notices == [
        "the log is cut here: the first 3 lines of stdout and stderr are kept, and the script wrote more; "
        "the operator's setting WREN_LIMITS__OUTPUT_LINES is that limit"
    ]
    assert kept.output.truncated


def test_a_flood_of_bytes_is_cut_at_its_size_and_says_so(keep):
    kept = keep(output_bytes=2**20)

    kept.output.feed("stdout", b"x" * (2**20 + 1))
    kept.output.close()

    assert len(kept.texts[0]) == len("out:") + 2**20
    assert "the first 1 MiB" in kept.notices[0]
    assert "WREN_LIMITS__OUTPUT_BYTES" in kept.notices[0]


@pytest.mark.parametrize(("data", "limits"), [(b"a\nb\nc", {"output_lines": 2}), (b"four", {"output_bytes": 4})])
def test_output_that_just_fits_is_whole(keep, data: bytes, limits: dict[str, int]):
    kept = keep(**limits)

    kept.output.feed("stdout", data)
    kept.output.close()

    assert "".join(text.removeprefix("out:") for text in kept.texts) == data.decode()
    assert kept.notices == []


def test_bytes_that_come_one_by_one_are_passed_on_together(keep):
    kept = keep()

    for number in range(1000):
        kept.output.feed("stdout", b"x")
        kept.output.pass_on(5.0 + number / 1e6)
    kept.output.pass_on(6.0)

    assert [len(text) for text in kept.texts] == [5, len("out:") + 999]


def test_a_cut_shows_no_half_of_a_secret(keep):
    kept = keep(output_bytes=10)

    kept.output.feed("stdout", f"at {SECRET}".encode())
    kept.output.close()

    assert kept.texts == ["out:at "]
