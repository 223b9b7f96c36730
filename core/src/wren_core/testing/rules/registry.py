"""All rules, in the order of their numbers."""

from wren_core.errors import AgentFixableError
from wren_core.nearest import list_nearest
from wren_core.testing.rules import (
    auth_errors,
    clients,
    credentials,
    definition,
    description,
    disconnects,
    doubt,
    effects,
    examples,
    exemptions,
    exposure,
    fake,
    hosts,
    import_cost,
    import_effects,
    metadata,
    naming,
    offer,
    outages,
    pagination,
    parameters,
    rate_limits,
    reach,
    readme,
    repeats,
    requirements,
    safety,
    scopes,
    timeouts,
    token_price,
    tools,
    undo,
)
from wren_core.testing.rules.rule import Rule

_BRONZE = (offer, metadata, naming, description, definition, tools, import_effects, exposure, requirements)
_SILVER = (examples, readme, auth_errors, rate_limits, outages, credentials, clients, reach)
_GOLD = (fake, timeouts, disconnects, pagination, hosts, scopes, undo, repeats, parameters, doubt, effects)
_PLATINUM = (token_price, exemptions, safety, import_cost)

RULES: tuple[Rule, ...] = tuple(module.RULE for module in (*_BRONZE, *_SILVER, *_GOLD, *_PLATINUM))


class RuleUnknown(AgentFixableError):
    """There is no rule of that id."""

    code = "RULE_UNKNOWN"


def get_rule(rule_id: str) -> Rule:
    """Return the rule of an id, such as `W203-auth-errors`, or of its number.

    Raises:
        RuleUnknown: with the nearest ids.
    """
    wanted = rule_id.strip().upper()
    for rule in RULES:
        if wanted in (rule.id.upper(), rule.code):
            return rule
    nearest = list_nearest(rule_id, [name for rule in RULES for name in (rule.id, rule.code)])
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else f"they are {RULES[0].code} to {RULES[-1].code}"
    raise RuleUnknown(f"there is no rule {rule_id!r}; {hint}", details={"rules": [rule.id for rule in RULES]})
