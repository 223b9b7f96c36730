"""W305: the hosts that are contacted are the declared ones."""

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from wren_core.contract.spec import OAuth2Config
from wren_core.testing.rules.judging import unrehearsed
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    yield from unrehearsed(subject)
    methods = subject.rehearsal.methods.values()
    strangers = {(method.method, place) for method in methods for call in method.all for place in call.strangers}
    for name, place in sorted(strangers):
        message = f"it contacts {place}, which is not at base_url: a stand-in or a proxy could not take its place"
        yield Finding(place=f"{subject.name}.{name}", message=message)
    if not subject.has_provider:
        if strangers:
            return
        raise NotApplicable("it contacts nobody, and declares nobody")
    known = _addresses(subject) | _mentioned(subject)
    for host in sorted({host.partition(":")[0] for host in subject.spec.hosts} - known):
        message = f"`hosts` names {host}, and nothing else in the package does"
        yield Finding(place=subject.name, message=message, weight="note")


def _addresses(subject: Subject) -> set[str]:
    """Return the hosts of the spec's own addresses."""
    spec = subject.spec
    urls = [spec.base_url]
    if isinstance(spec.auth, OAuth2Config):
        urls += [spec.auth.token_url, spec.auth.revoke_url, spec.auth.userinfo_url]
    return {host for host in (urlsplit(url or "").hostname for url in urls) if host}


def _mentioned(subject: Subject) -> set[str]:
    """Return the declared hosts that some text of the package names, apart from `hosts` itself."""
    texts = [text for path in _sources(subject) for text in _texts(ast.parse(path.read_text("utf-8")))]
    declared = {host.partition(":")[0] for host in subject.spec.hosts}
    return {host for host in declared if any(host in text for text in texts)}


def _sources(subject: Subject) -> Iterator[Path]:
    """Yield the modules of the integration's package; of a package without an `__init__.py`, the integration's own."""
    package = sys.modules.get(subject.integration.__module__.partition(".")[0])
    file = getattr(package, "__file__", None)
    if file is not None and Path(file).name == "__init__.py":
        yield from Path(file).parent.rglob("*.py")
    else:
        yield Path(inspect.getfile(subject.integration))


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
    title="It contacts its declared address and nothing else",
    why="Operators allow the declared hosts, and redirect base_url to proxies and stand-ins. A request that goes "
    "elsewhere fails in a sandbox, or tells somebody else about the user.",
    fix="Build every URL on self.base_url (or on the host the configuration names), follow addresses the provider "
    "answers with only where `hosts` names them, and switch off the client library's telemetry.",
    check=_check,
)
