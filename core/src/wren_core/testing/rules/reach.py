"""W208: the declared hosts and scopes are consistent."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from wren_core.contract.spec import template_fields
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    if not target.has_provider:
        raise NotApplicable("it declares no provider")
    spec = target.spec
    hosts = {host.partition(":")[0] for host in spec.hosts}
    address = urlsplit(spec.base_url or "")
    if address.hostname and address.hostname not in hosts:
        yield Finding(place=spec.name, message=f"base_url is on {address.hostname}, which `hosts` does not name")
    if not hosts and not spec.config_hosts:
        yield Finding(
            place=spec.name, message="it has credentials and names no host, so a deployed script reaches none"
        )
    settings = spec.config_schema.get("properties", {})
    for field in [field for template in spec.config_hosts for field in template_fields(template)]:
        if field not in settings:
            yield Finding(place=spec.name, message=f"config_hosts names {field!r}, which is not a field of Config")
    for method in spec.methods:
        missing = sorted(set(method.scopes) - set(spec.required_scopes))
        if missing:
            message = f"it needs the scopes {', '.join(missing)}, which no connection asks for"
            yield Finding(place=f"{spec.name}.{method.id}", message=message)


RULE = Rule(
    id="W208-reach",
    tier=Tier.SILVER,
    title="The declared hosts include base_url, and the requested scopes include those of every method",
    why="A deployed script reaches only the declared hosts, and a token has only the requested scopes.",
    fix="Name every host in `hosts` (or the field that holds it in `config_hosts`), and every scope in auth.scopes.",
    check=_check,
)
