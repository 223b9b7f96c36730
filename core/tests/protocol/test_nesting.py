from typing import Any

import pytest

from wren_core.protocol.nesting import MAX_NESTING, is_too_deep


def nest(depth: int, *, mapping: bool) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value} if mapping else [value]
    return value


@pytest.mark.parametrize("mapping", [True, False])
def test_depth_is_counted_in_lists_and_objects(mapping: bool):
    assert not is_too_deep(nest(MAX_NESTING, mapping=mapping))
    assert is_too_deep(nest(MAX_NESTING + 1, mapping=mapping))


@pytest.mark.parametrize("depth", [330, 100_000])
def test_a_value_of_any_depth_is_measured(depth: int):
    assert is_too_deep(nest(depth, mapping=False))


def test_a_value_that_contains_itself_is_too_deep():
    value: list[Any] = []
    value += [value, value]

    assert is_too_deep(value)


@pytest.mark.parametrize("value", [None, 1, "[[[[", [], {}, [1] * 100_000, {str(n): [n] for n in range(10_000)}])
def test_width_is_not_depth(value: Any):
    assert not is_too_deep(value, 2)
