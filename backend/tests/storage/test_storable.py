import math

import pytest

from wren_backend.storage.storable import storable_json, storable_text

UNSTORABLE = {
    "a\x00": ["\x00", {"n": math.nan, "i": math.inf, "j": -math.inf}, ("t",), "half \ud83d"],
    "kept": [1, 2.5],
}


@pytest.mark.parametrize(
    ("text", "stored"),
    [("plain ü", "plain ü"), ("a\x00b", "a\ufffdb"), ("half \ud83d", "half \ufffd"), ("\x1b[31m", "\x1b[31m")],
)
def test_text_loses_only_what_no_text_column_holds(text, stored):
    assert storable_text(text) == stored


def test_json_is_cleaned_at_every_depth():
    assert storable_json(UNSTORABLE) == {
        "a\ufffd": ["\ufffd", {"n": "nan", "i": "inf", "j": "-inf"}, ["t"], "half \ufffd"],
        "kept": [1, 2.5],
    }


@pytest.mark.parametrize("value", [True, None, 0, -1.5, "", [], {}])
def test_what_can_be_stored_stays_as_it_is(value):
    assert storable_json(value) is value or storable_json(value) == value
    assert type(storable_json(value)) is type(value)
