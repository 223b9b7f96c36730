import pytest

from wren_core.testing.rules.registry import RULES
from wren_core.testing.rules.rule import Tier


@pytest.fixture(scope="module")
def results(shop):
    return {result.rule.id: result for result in shop.report(shop.subject()).results}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.id != "W101-offer"], ids=lambda rule: rule.id)
def test_a_sound_integration_passes(rule, results):
    assert (results[rule.id].outcome, results[rule.id].findings) == ("passed", ())


def test_it_is_platinum(shop):
    assert shop.report(shop.subject()).tier is Tier.PLATINUM


def test_ids_are_numbered_by_tier_and_in_order():
    codes = [rule.code for rule in RULES]

    assert codes == sorted(set(codes))
    assert [int(code[1]) for code in codes] == [rule.tier.value for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_asks_why_and_how_to_do_it(rule):
    assert rule.title
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.fix.endswith(".")
