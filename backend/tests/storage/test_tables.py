import pytest

from wren_backend.runs.models import RunStatus
from wren_backend.storage.tables import storable_json, storable_text, stored_enum


@pytest.mark.parametrize(
    ("text", "stored"),
    [("plain ü", "plain ü"), ("a\x00b", "a\ufffdb"), ("half \ud83d", "half ?"), ("\x1b[31m", "\x1b[31m")],
)
def test_text_loses_only_what_no_text_column_holds(text, stored):
    assert storable_text(text) == stored


def test_json_is_cleaned_at_every_depth():
    value = {"a\x00": ["\x00", {"n": float("nan"), "i": float("-inf")}, ("t",)], "kept": [1, 2.5, True, None]}

    assert storable_json(value) == {
        "a\ufffd": ["\ufffd", {"n": "nan", "i": "-inf"}, ["t"]],
        "kept": [1, 2.5, True, None],
    }


def test_an_enumeration_is_stored_by_its_values():
    assert stored_enum(RunStatus).enums == [status.value for status in RunStatus]
