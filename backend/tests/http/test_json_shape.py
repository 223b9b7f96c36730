import json
import tracemalloc

import pytest

from wren_backend.http.json_shape import MAX_DEPTH, MAX_VALUES, check_json, measure
from wren_core.errors import AgentFixableError


@pytest.mark.parametrize(
    ("value", "depth"),
    [
        (1, 0),
        ("[[[[", 0),
        ('a " quoted [ bracket', 0),
        ("a backslash \\", 0),
        ({"a\\": ["\\\\", '"[{']}, 2),
        ([[], {"[": [1]}], 3),
        ({"script": "x = {'a': [1]}\n" * 100}, 1),
    ],
)
def test_brackets_are_counted_outside_of_strings_alone(value, depth):
    assert measure(json.dumps(value).encode()).depth == depth


@pytest.mark.parametrize("text", [b"[" * (MAX_DEPTH + 1), b'{"a":' * (MAX_DEPTH + 1), b'["\\"",' * (MAX_DEPTH + 1)])
def test_deep_nesting_is_refused_with_the_limit(text):
    with pytest.raises(AgentFixableError, match=f"deeper than {MAX_DEPTH} levels") as refused:
        check_json(text)

    assert refused.value.code == "MALFORMED_JSON"


@pytest.mark.parametrize("text", [b"[" + b"1," * 200_000, b"[" * 200_000, b'{"a":1,' * 200_000, b'"" ' * 300_000])
def test_a_text_of_many_values_is_refused_with_the_limit(text):
    with pytest.raises(AgentFixableError, match=f"more than {MAX_VALUES:,} values") as refused:
        check_json(text)

    assert refused.value.code == "BODY_TOO_LARGE"


@pytest.mark.parametrize("text", [b'{"script": "' + b"\\n" * 3_000_000 + b'"}', b'"' + b"\\\\" * 3_000_000, b"[]"])
def test_a_long_string_is_one_value(text):
    check_json(text)

    assert measure(text).values <= 1


@pytest.mark.parametrize("unit", [b'"', b'\\"', b"[1", b'{"a":', b"\\"])
def test_the_memory_for_a_measurement_grows_with_the_text_alone(unit):
    def peak(count):
        text = unit * count
        tracemalloc.start()
        measure(text)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(2_000_000) < 4 * 2_000_000 * len(unit) + 2**20
