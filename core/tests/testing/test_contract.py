import inspect

import pytest

from wren_core import Integration, IntegrationSpec
from wren_core.testing import IntegrationContract, conformance, contract


class Wanting(Integration):
    spec = IntegrationSpec(name="wanting", display_name="Wanting")


class WantingContract(IntegrationContract):
    integration = Wanting


def test_every_rule_is_a_test_of_the_suite():
    source = inspect.getsource(contract)
    names = [name for name in vars(conformance) if name.endswith("_faults") and not name.startswith("_")]

    assert len(names) == 8
    assert [name for name in names if f"_expect_none({name}(" not in source] == []


def test_a_fault_fails_the_test_and_is_its_message():
    with pytest.raises(AssertionError, match=r"^Wanting has no docstring$"):
        WantingContract().test_everything_is_described()


def test_without_a_fault_the_test_passes():
    assert WantingContract().test_the_definition_is_lossless() is None


def test_the_suite_is_collected_under_a_name_of_the_authors_only():
    tests = [name for name in vars(IntegrationContract) if name.startswith("test_")]

    assert not IntegrationContract.__name__.startswith("Test")
    assert len(tests) == 8
    assert [name for name in tests if not getattr(IntegrationContract, name).__doc__] == []
