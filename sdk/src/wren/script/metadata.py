"""The metadata of a script: the integrations it uses and the triggers of its functions. Pure; runs nothing."""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wren.script.triggers import find_triggers

# Functions of the namespace `wren.integrations`; everything else in it is an integration.
NAMESPACE_FUNCTIONS = frozenset({"get_docs", "list", "render_docs"})
_INTEGRATION_CLASSES = (
    ("wren_core.contract.integration", "Integration"),
    ("wren.script.integration_handle", "IntegrationHandle"),
)


def extract_metadata(source: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a script, in the shape a deployment carries.

    Args:
        source: the script; read for the integrations it names.
        namespace: its module's names after import; read for triggers, and for integrations made at import.
    """
    triggers = list(find_triggers(namespace))
    uses = find_uses(source)
    made = list(_find_made_at_import(namespace.values()))
    accounts = {*uses.accounts, *((name, account) for name, account in made if account is not None)}
    return {
        "integrations": sorted({*uses.integrations, *(name for name, _ in made)}),
        **({"accounts": _group_by_integration(accounts)} if accounts else {}),
        **({"uses_ai": True} if uses.uses_ai else {}),  # left out otherwise, as older servers expect
        "triggers": [{"type": t.type, "func": func, "config": dict(t.config)} for func, t in triggers],
        "schedules": [{"cron": t.config["cron"], "func_name": func} for func, t in triggers if t.type == "schedule"],
    }


@dataclass(frozen=True, kw_only=True)
class Uses:
    """What a script uses of the platform."""

    integrations: frozenset[str]
    uses_ai: bool
    """It calls `wren.ai` without naming an integration, so it needs the connected one."""
    accounts: frozenset[tuple[str, str]] = frozenset()
    """`(integration, alias)` of every `init(account="...")`."""


def find_uses(source: str) -> Uses:
    """Return what a script uses; code that has not run counts too.

    Raises:
        SyntaxError: the source is not Python.
    """
    tree = ast.parse(source)
    finder = _Finder()
    finder.visit(tree)
    finder.visit(tree)  # a second pass, now that all aliases are known
    names = finder.found - NAMESPACE_FUNCTIONS
    valid = (name for name in names if name.isidentifier() and not name.startswith("_"))
    return Uses(integrations=frozenset(valid), uses_ai=finder.uses_ai, accounts=frozenset(finder.accounts))


def _group_by_integration(accounts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for integration, alias in sorted(accounts):
        found.setdefault(integration, []).append(alias)
    return found


def _find_made_at_import(values: Iterable[Any]) -> Iterator[tuple[str, str | None]]:
    """Yield the integrations among a module's values, with their accounts, for scripts that choose at run time."""
    # Looked up among the loaded modules: a script that uses no integration need not pay for importing them.
    loaded = [(sys.modules.get(module), name) for module, name in _INTEGRATION_CLASSES]
    classes = tuple(getattr(module, name) for module, name in loaded if module is not None)
    return ((value.name, vars(value).get("account_alias")) for value in values if isinstance(value, classes))


class _Finder(ast.NodeVisitor):
    """Follows the aliases of `wren` and `wren.integrations`; ignores scopes, so it may find too much."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.uses_ai = False
        self._packages: set[str] = set()
        self._namespaces: set[str] = set()
        self._ai_names: set[str] = set()
        self.accounts: set[tuple[str, str]] = set()
        self._handles: dict[str, str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name == "wren.integrations" and alias.asname:
                self._namespaces.add(alias.asname)
            elif alias.name.partition(".")[0] == "wren":
                self._packages.add(alias.asname or "wren")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and node.module == "wren":
            self._namespaces |= {alias.asname or alias.name for alias in node.names if alias.name == "integrations"}
            self._ai_names |= {alias.asname or alias.name for alias in node.names if alias.name == "ai"}
        elif node.level == 0 and node.module == "wren.integrations":
            self.found |= {alias.name for alias in node.names}
            self._handles |= {alias.asname or alias.name: alias.name for alias in node.names}

    def visit_Assign(self, node: ast.Assign) -> None:
        targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if self._is_namespace(node.value):
            self._namespaces.update(targets)
        elif (integration := self._integration_of(node.value)) is not None:
            self._handles |= dict.fromkeys(targets, integration)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if self._is_namespace(node.value):
            self.found.add(node.attr)
        self.uses_ai = self.uses_ai or self._is_ai(node)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self.uses_ai = self.uses_ai or (isinstance(node.ctx, ast.Load) and self._is_ai(node))

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Name(id="getattr"), args=[target, ast.Constant(value=str(name)), *_]):
                if self._is_namespace(target):
                    self.found.add(name)
            case ast.Call(func=ast.Attribute(value=target, attr="init")):
                self._visit_init(target, node)
        if self._is_ai(node.func):
            self._visit_ai(node)
        else:
            self.generic_visit(node)

    def _visit_init(self, handle: ast.expr, node: ast.Call) -> None:
        """Record the account that an `init` names by a literal."""
        integration = self._integration_of(handle)
        match [keyword.value for keyword in node.keywords if keyword.arg == "account"]:
            case [ast.Constant(value=str(alias))] if integration is not None:
                self.accounts.add((integration, alias))

    def _integration_of(self, node: ast.expr) -> str | None:
        """Return the name of the integration, if an expression is its handle."""
        match node:
            case ast.Name(id=name):
                return self._handles.get(name)
            case ast.Attribute(value=target, attr=name) if self._is_namespace(target):
                return name
            case ast.Call(func=ast.Name(id="getattr"), args=[target, ast.Constant(value=str(name)), *_]):
                return name if self._is_namespace(target) else None
        return None

    def _visit_ai(self, node: ast.Call) -> None:
        """Record a call of `wren.ai`: a literal name is the integration, otherwise the connected one is used."""
        match [keyword.value for keyword in node.keywords if keyword.arg == "integration"]:
            case [ast.Constant(value=str(name))]:
                self.found.add(name)
            case _:
                self.uses_ai = True
        for part in (*node.args, *node.keywords):
            self.visit(part)

    def _is_ai(self, node: ast.expr) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self._ai_names
            case ast.Attribute(value=ast.Name(id=name), attr="ai"):
                return name in self._packages
        return False

    def _is_namespace(self, node: ast.expr) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self._namespaces
            case ast.Attribute(value=ast.Name(id=name), attr="integrations"):
                return name in self._packages
        return False
