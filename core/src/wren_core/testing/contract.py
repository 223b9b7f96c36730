"""The conformance suite: the rules of `wren plugin check` as tests that an author's test class inherits."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, Literal

from wren_core.contract.integration import Integration
from wren_core.errors import WrenError
from wren_core.testing.checking import check_installed
from wren_core.testing.rules.registry import RULES
from wren_core.testing.rules.rule import Rule, Tier

TierName = Literal["bronze", "silver", "gold", "platinum"]


class IntegrationContract:
    """The conformance suite. Inherit from it in a test module and name the integration.

    Each rule up to `tier` is one test, named after the rule's id; a rule that could not be tested fails as unproved.
    The integration must be installed (`pip install -e .`). It is checked once, in a separate process; exemptions come
    from its pyproject.toml.

    Example:
        class TestChat(IntegrationContract):
            integration = Chat
    """

    integration: ClassVar[type[Integration]]
    """The class to check."""
    config: ClassVar[Mapping[str, Any]] = {}
    """Values for `create` that the fake does not give."""
    tier: ClassVar[TierName] = "gold"
    """The highest tier whose rules are tests."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        wanted = Tier[cls.tier.upper()]
        for rule in RULES:
            name = f"test_{rule.id.replace('-', '_')}"
            if rule.tier <= wanted:
                setattr(cls, name, _make_test(rule))


def _make_test(rule: Rule) -> Callable[[IntegrationContract], None]:
    def test(self: IntegrationContract) -> None:
        _assert_passed(type(self), rule)

    test.__doc__ = f"{rule.title}."
    return test


def _assert_passed(contract: type[IntegrationContract], rule: Rule) -> None:
    integration = contract.integration
    report = _report(integration.spec.name, json.dumps(dict(contract.config)))
    if isinstance(report, WrenError):
        raise AssertionError(report.message) from report
    checked = report["class"]
    if checked and checked != f"{integration.__module__}:{integration.__qualname__}":
        raise AssertionError(f"the entry point {integration.spec.name!r} loads {checked}, not {integration!r}")
    (result,) = (item for item in report["rules"] if item["id"] == rule.id)
    if not checked and result["outcome"] == "not_applicable":
        raise AssertionError(f"{rule.id} could not be checked: the integration does not load")
    if result["outcome"] in ("failed", "unproved"):
        weights = ("fault", "unproved")
        findings = [f"{item['place']}: {item['message']}" for item in result["findings"] if item["weight"] in weights]
        title = f"{rule.id} {result['outcome']}: {rule.title}"
        raise AssertionError("\n".join([title, *findings, f"fix: {rule.fix}"]))


@cache
def _report(name: str, config: str) -> dict[str, Any] | WrenError:
    """Check once for all tests of a suite, even where the check fails."""
    try:
        return check_installed(name, config=json.loads(config))
    except WrenError as exc:
        return exc
