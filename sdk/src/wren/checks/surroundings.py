"""Finds where a script counts on the machine of its author: files, modules and hosts that a deployed run has not."""

import ast
from collections.abc import Iterator
from urllib.parse import urlsplit

from wren.checks.file_uses import FileUse, list_file_uses
from wren.checks.finding import Code
from wren.checks.scopes import ScopedNode
from wren.checks.source import Source
from wren.script import session
from wren.script.catalogue import Catalogue
from wren.script.configuration import find_config, find_connection
from wren.script.metadata import find_uses
from wren_core.contract.hosts import configured_hosts
from wren_core.errors import WrenError
from wren_core.protocol.findings import ScriptFinding

_HTTP_MODULES = frozenset({"httpx", "httpx2", "requests", "aiohttp", "urllib3"})
_HTTP_NAMES = frozenset({"get", "post", "put", "patch", "delete", "head", "request", "stream", "urlopen"})
_PAGE = "docs/how-to/scripts.md"
_HOW = f"make an integration of the service with `wren integrations import` or `wren plugin new` ({_PAGE})"


def check_files(source: Source, found: list[ScopedNode]) -> Iterator[ScriptFinding]:
    """Yield files that are not kept after a run, and files that a deployed run does not have."""
    uses = list_file_uses(found)
    first_writes: dict[str, int] = {}
    for use in uses:
        if use.writes:
            first_writes.setdefault(use.path, use.node.lineno)
    for path in dict.fromkeys(use.path for use in uses):
        own = [use for use in uses if use.path == path]
        yield from _check_path(source, path, own, first_writes.get(path))


def _check_path(source: Source, path: str, uses: list[FileUse], written: int | None) -> Iterator[ScriptFinding]:
    reads = [use for use in uses if not use.writes or use.keeps]
    if written is None:
        text = f"the file {path!r} is not on the server: a script is deployed without other files"
        hint = f"put its content into the script, or fetch it from a service ({_PAGE})"
        yield _warn(source, Code.FILE_MISSING, text, uses[0].node, hint)
    elif any(use.keeps or use.node.lineno < written for use in reads):
        text = f"the file {path!r} is gone at the end of each deployed run, so the next run does not find it"
        hint = f"keep it in a service that an integration reaches, such as a database or a file store ({_PAGE})"
        yield _warn(source, Code.FILE_NOT_KEPT, text, uses[0].node, hint)


def check_hosts(source: Source, catalogue: Catalogue, found: list[ScopedNode]) -> Iterator[ScriptFinding]:
    """Yield addresses in calls of HTTP clients that no integration of the script declares."""
    calls = [item.node for item in found if isinstance(item.node, ast.Call) and _is_request(item.node)]
    asked = [(call, host) for call in calls if (host := _read_host(call))]
    if not asked:
        return
    allowed = _list_allowed(source, catalogue)
    if allowed is None:
        return
    for call, host in asked:
        if host not in allowed:
            text = f"a deployed run cannot reach {host!r}: no integration that the script uses declares it"
            listed = f"it can reach {', '.join(sorted(allowed))}" if allowed else "it can reach no host"
            hint = f"{listed}; {_HOW}"
            yield _warn(source, Code.HOST_NOT_ALLOWED, text, call, hint)


def _list_allowed(source: Source, catalogue: Catalogue) -> set[str] | None:
    """Return the names of the hosts a run can reach; None where they depend on what is not known here."""
    hosts: set[str] = set()
    for name in find_uses(source.text).integrations:
        try:
            spec = catalogue.spec(name)
            config = find_config(name, find_connection(session.current(), name, None), None)
            named = [*spec.hosts, *configured_hosts(spec, config)]
        except WrenError:
            return None
        hosts |= {host.partition(":")[0].lower() for host in named}
        if spec.config_hosts and session.current().connections is None:
            return None
    return hosts


def _is_request(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return module in _HTTP_MODULES and name in _HTTP_NAMES
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="urllib"), attr="request"), attr="urlopen"):
            return True
        case ast.Name(id="urlopen"):
            return True
    return False


def _read_host(call: ast.Call) -> str | None:
    texts = [
        node.value
        for node in (*call.args, *(item.value for item in call.keywords if item.arg == "url"))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    texts += [
        part.value
        for node in call.args
        if isinstance(node, ast.JoinedStr)
        for part in node.values[:1]
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.count("/") > 2
    ]
    for text in texts:
        if text.startswith(("http://", "https://")):
            return urlsplit(text).hostname
    return None


def _warn(source: Source, code: Code, text: str, node: ast.AST, hint: str) -> ScriptFinding:
    return source.finding(code, text, node, hint=hint, severity="warning")
