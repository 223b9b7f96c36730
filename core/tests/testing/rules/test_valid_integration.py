import pytest

from wren_core.testing.rules.registry import RULES
from wren_core.testing.rules.rule import Tier


@pytest.fixture(scope="module")
def results(shop):
    return {result.rule.id: result for result in shop.report(shop.target()).results}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.id != "W101-offer"], ids=lambda rule: rule.id)
def test_a_valid_integration_passes_every_rule(rule, results):
    assert (results[rule.id].outcome, results[rule.id].findings) == ("passed", ())


def test_a_valid_integration_is_platinum(shop):
    assert shop.report(shop.target()).tier is Tier.PLATINUM


def test_rule_ids_are_numbered_in_order_and_by_tier():
    codes = [rule.code for rule in RULES]

    assert codes == sorted(set(codes))
    assert [int(code[1]) for code in codes] == [rule.tier.value for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_a_title_a_reason_and_a_remedy(rule):
    assert rule.title
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.fix.endswith(".")
