import pytest

from wren_core import Integration, IntegrationSpec
from wren_core.testing import IntegrationContract
from wren_core.testing.rules.registry import RULES
from wren_core.testing.rules.rule import Tier


class Wanting(Integration):
    spec = IntegrationSpec(name="wanting", display_name="Wanting")


def suite(wanted: str) -> type[IntegrationContract]:
    return type("WantingContract", (IntegrationContract,), {"integration": Wanting, "tier": wanted})


def rule_tests(contract: type) -> list[str]:
    return [name for name in vars(contract) if name.startswith("test_")]


@pytest.mark.parametrize("tier", list(Tier))
def test_every_rule_up_to_the_tier_is_a_test_named_after_its_id(tier):
    rules = [rule for rule in RULES if rule.tier <= tier]

    contract = suite(tier.label)

    assert rule_tests(contract) == [f"test_{rule.id.replace('-', '_')}" for rule in rules]
    assert [getattr(contract, name).__doc__ for name in rule_tests(contract)] == [f"{rule.title}." for rule in rules]


def test_the_default_tier_is_gold():
    class Contract(IntegrationContract):
        integration = Wanting

    assert rule_tests(Contract) == rule_tests(suite("gold"))


def test_pytest_collects_the_suite_only_under_the_authors_class():
    assert rule_tests(IntegrationContract) == []
    assert not IntegrationContract.__name__.startswith("Test")


def test_an_integration_that_is_not_installed_fails_every_test_with_the_reason():
    contract = suite("bronze")()

    with pytest.raises(AssertionError, match="no installed distribution has an entry point 'wanting'"):
        contract.test_W101_offer()
    with pytest.raises(AssertionError, match="W105-definition could not be checked: the integration does not load"):
        contract.test_W105_definition()
