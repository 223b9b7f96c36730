import ast

import pytest

from wren.checks.literals import explain_misfit, read_literal

TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}


@pytest.mark.parametrize(
    ("text", "schema", "reason"),
    [
        ('{"13": 5}', TEXTS, "at /13: "),
        ("{13: 5}", TEXTS, "at /13: "),
        ('{"013": 5}', TEXTS, "at /013: "),
        ('[{"0": None}]', {"items": TEXTS}, "at /0/0: "),
        ('{"13": "x"}', TEXTS, ""),
    ],
)
def test_a_key_that_looks_like_a_number_is_a_key(text, schema, reason):
    literal = read_literal(ast.parse(text, mode="eval").body)
    assert literal is not None
    found = explain_misfit(literal, schema, {})

    assert (found or "").startswith(reason)
    assert bool(found) == bool(reason)
