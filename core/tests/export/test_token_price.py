"""The estimate compared with real counts: `golden/token_counts.json` has those of two implementations of o200k_base."""

import json
from pathlib import Path

import pytest

from wren_core.export.token_price import count_tokens, tool_tokens

COUNTED = json.loads((Path(__file__).parent / "golden" / "token_counts.json").read_text())
TOOLS = [row for row in COUNTED if row["text"].startswith("{")]


@pytest.mark.parametrize("row", TOOLS, ids=lambda row: row["name"])
def test_a_tool_definition_comes_out_within_six_percent(row):
    assert count_tokens(row["text"]) == pytest.approx(row["o200k_base"], rel=0.06)


@pytest.mark.parametrize("row", COUNTED, ids=lambda row: row["name"])
def test_other_text_comes_out_within_fifteen_percent(row):
    assert count_tokens(row["text"]) == pytest.approx(row["o200k_base"], rel=0.15)


def test_errors_cancel_out_over_many_texts():
    assert sum(count_tokens(row["text"]) for row in COUNTED) == pytest.approx(
        sum(row["o200k_base"] for row in COUNTED), rel=0.03
    )


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("yes", 1), ("hello world", 2), ("2026", 2), ('{"a":{}}', 3), ("\n\n", 1), ("ÆØÅ æøå", 4)],
)
def test_short_texts_have_the_price_of_their_pieces(text, tokens):
    assert count_tokens(text) == tokens


def test_every_character_is_paid_for():
    text = "x_Y9 €\t—\r\n漢字🙂 a'b"

    assert count_tokens(text * 200) == pytest.approx(200 * count_tokens(text), rel=0.1)
    assert count_tokens("🙂" * 100) >= 25


def test_a_tool_costs_what_its_compact_json_costs():
    row = TOOLS[0]

    assert tool_tokens(json.loads(row["text"])) == count_tokens(row["text"])
