"""W305: the integration contacts its declared hosts only."""

import ast
from collections.abc import Iterator
from urllib.parse import urlsplit

from wren_core.contract.spec import OAuth2Config
from wren_core.testing.package_sources import iter_sources
from wren_core.testing.rules.call_findings import recording_problem, refuse_without_calls
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    yield from recording_problem(target)
    methods = target.calls.methods.values()
    other_addresses = {
        (method.method, place) for method in methods for call in method.all for place in call.other_addresses
    }
    for name, place in sorted(other_addresses):
        message = f"it contacts {place}, which is not at base_url, so no fake or proxy can take its place"
        yield Finding(place=f"{target.name}.{name}", message=message)
    if not target.has_provider:
        if other_addresses:
            return
        raise NotApplicable("it contacts no host and declares none")
    if not target.calls.problem and not any(method.works or method.makes_no_request for method in methods):
        refuse_without_calls(target)
    known = _addresses(target) | _find_mentioned_hosts(target)
    for host in sorted({host.partition(":")[0] for host in target.spec.hosts} - known):
        message = f"`hosts` names {host}, which nothing else in the package names"
        yield Finding(place=target.name, message=message, weight="note")


def _addresses(target: CheckTarget) -> set[str]:
    """Return the hosts of the spec's own addresses."""
    spec = target.spec
    urls = [spec.base_url]
    if isinstance(spec.auth, OAuth2Config):
        urls += [spec.auth.token_url, spec.auth.revoke_url, spec.auth.userinfo_url]
    return {host for host in (urlsplit(url or "").hostname for url in urls) if host}


def _find_mentioned_hosts(target: CheckTarget) -> set[str]:
    """Return the declared hosts that a text of the package names outside `hosts`."""
    texts = [text for path in iter_sources(target.integration) for text in _texts(ast.parse(path.read_text("utf-8")))]
    declared = {host.partition(":")[0] for host in target.spec.hosts}
    return {host for host in declared if any(host in text for text in texts)}


def _texts(tree: ast.AST) -> Iterator[str]:
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        pending += [
            child
            for child in ast.iter_child_nodes(node)
            if not (isinstance(child, ast.keyword) and child.arg == "hosts")
        ]


RULE = Rule(
    id="W305-hosts",
    tier=Tier.GOLD,
    title="It contacts only its declared address",
    why="Operators allow the declared hosts, and point base_url at proxies and fakes. A request to another host fails "
    "in a sandbox, or sends the user's data to a third party.",
    fix="Build every URL on self.base_url (or on the host in the configuration), follow addresses from the provider's "
    "answers only where `hosts` names them, and switch off the client library's telemetry.",
    check=_check,
)
