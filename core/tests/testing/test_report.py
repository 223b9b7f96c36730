import pytest

from wren_core import Integration, IntegrationSpec, method
from wren_core.testing.project import Project
from wren_core.testing.report import ExemptionInvalid, check_rules, read_exemptions, report_load_failure
from wren_core.testing.rules.registry import RULES, RuleUnknown, get_rule
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget

REASON = "the provider has no pages at all, its lists end after fifty items"


class Echo(Integration):
    """Say it again."""

    spec = IntegrationSpec(name="echo", display_name="Echo")

    @method(example='echo.say("Hi")')
    def say(self) -> str:
        """Say it."""
        return "it"


def rule(code: str, *findings: Finding, tier: Tier | None = None, reason: str = "", error: Exception | None = None):
    real = get_rule(code)

    def judge(target):
        if reason:
            raise NotApplicable(reason)
        if error:
            raise error
        return iter(findings)

    return Rule(id=real.id, tier=tier or real.tier, title=real.title, why=real.why, fix=real.fix, check=judge)


FAULT = Finding(place="echo.say", message="wrong")
NOTE = Finding(place="echo.say", message="unproved", weight="note")


def report(*rules, **exempt):
    project = Project(name="wren-echo", version="1.0", exemptions=exempt)
    return check_rules(CheckTarget(integration=Echo, project=project), rules=rules)


@pytest.mark.parametrize(
    ("broken", "tier"),
    [
        ((), Tier.PLATINUM),
        (("W401",), Tier.GOLD),
        (("W301",), Tier.SILVER),
        (("W201", "W301"), Tier.BRONZE),
        (("W101",), None),
        (("W101", "W401"), None),
    ],
)
def test_the_tier_is_the_one_below_the_lowest_rule_that_failed(broken, tier):
    codes = ("W101", "W201", "W301", "W401")

    assert report(*(rule(code, *([FAULT] if code in broken else [])) for code in codes)).tier is tier


def test_a_note_fails_no_rule_and_stays_in_the_report():
    (result,) = report(rule("W304", NOTE)).results

    assert (result.outcome, result.findings, result.faults) == ("passed", (NOTE,), ())


def test_a_rule_that_does_not_apply_counts_as_passed_and_has_a_reason():
    found = report(rule("W304", reason="no method returns a list"))

    assert found.tier is Tier.PLATINUM
    assert (found.results[0].outcome, found.results[0].reason) == ("not_applicable", "no method returns a list")


def test_a_rule_that_a_plugin_makes_fail_with_an_exception_is_a_finding():
    (result,) = report(rule("W304", error=KeyError("items"))).results

    assert result.outcome == "failed"
    assert result.findings[0].message == "the rule could not be checked: KeyError: 'items'"


def test_an_exempt_rule_does_not_lower_the_tier_but_excludes_platinum():
    found = report(rule("W304", FAULT), get_rule("W402"), W304=REASON)

    assert found.tier is Tier.GOLD
    assert (found.results[0].outcome, found.results[0].reason) == ("exempt", REASON)
    assert found.results[1].findings[0].message == f"W304-pagination is exempt: {REASON}"


@pytest.mark.parametrize(
    ("rule_result", "outcome"), [(rule("W304"), "passed"), (rule("W304", reason="-"), "not_applicable")]
)
def test_an_exemption_that_is_no_longer_needed_is_a_note(rule_result, outcome):
    (result,) = report(rule_result, W304=REASON).results

    assert result.outcome == outcome
    assert result.findings[0].message == f"its exemption is no longer needed; remove it ({REASON})"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"W999": REASON}, "there is no rule 'W999'"),
        ({"W108": REASON}, "W108-exposure is bronze, which has no exemptions"),
        ({"W401": REASON}, "W401-token-price is platinum, which has no exemptions"),
        ({"W304": ""}, "W304-pagination needs a reason of at least 20 letters"),
        ({"W304": "todo, later, 1234567890"}, "needs a reason"),
        ({"W304": True}, "needs a reason"),
    ],
)
def test_an_exemption_of_an_unknown_rule_or_without_a_reason_is_refused(written, message):
    with pytest.raises(ExemptionInvalid, match=message):
        read_exemptions(written)


def test_an_exemption_names_a_rule_by_its_number_or_its_id():
    expected = {"W304-pagination": REASON}

    assert read_exemptions({"W304": f"  {REASON}\n"}) == read_exemptions({"W304-pagination": REASON}) == expected


def test_the_error_about_an_unknown_rule_names_the_nearest_one():
    with pytest.raises(RuleUnknown, match="did you mean W203"):
        get_rule("W203-auth")

    assert get_rule("w203") is get_rule("W203-auth-errors")


def test_an_integration_that_does_not_load_fails_the_first_rule_and_no_other_is_checked():
    found = report_load_failure("echo", Project(name="wren-echo"), [FAULT])

    assert found.tier is None
    assert [result.outcome for result in found.results] == ["failed", *["not_applicable"] * (len(RULES) - 1)]


def test_a_report_converts_to_json():
    shown = report(rule("W304", FAULT), rule("W101")).to_json()

    assert (shown["integration"], shown["distribution"], shown["tier"]) == ("echo", "wren-echo", "silver")
    assert shown["rules"][0] == {
        "id": "W304-pagination",
        "tier": "gold",
        "title": get_rule("W304").title,
        "outcome": "failed",
        "reason": "",
        "fix": get_rule("W304").fix,
        "findings": [{"place": "echo.say", "message": "wrong", "weight": "fault"}],
    }
    assert shown["rules"][1]["fix"] == ""
