from dataclasses import fields

import pytest

from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.limit_strength import describe_limits


@pytest.mark.parametrize("isolation", ["sandlock", "none", "refused"])
def test_every_limit_is_described_with_its_value(isolation: str):
    limits = Limits(memory_bytes=123)

    described = describe_limits(limits, isolation)

    assert set(described) == {item.name for item in fields(Limits)}
    assert described["memory_bytes"]["value"] == 123
    assert described["wall"]["value"] == 300.0


def test_without_a_sandbox_fewer_limits_are_kept():
    assert describe_limits(Limits(), "sandlock")["processes"]["strength"] == "hard"
    assert describe_limits(Limits(), "none")["processes"]["strength"] == "none"
