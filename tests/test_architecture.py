"""Architecture rules that a program can check, for every module of every distribution."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from workspace import (
    CONFIGURATION,
    HOSTS,
    INTEGRATIONS,
    MEMBERS,
    METADATA,
    ROOT,
    committed_files,
    nodes,
    parsed,
    shown,
    sources,
)

# Two integrations have the names of ordinary words: prose may mention cron and messaging.
ORDINARY_WORDS = {"cron", "messaging"}
# Of these, the one that is also the name of a field on the wire, so that it appears in quotes for a good reason.
WIRE_FIELDS = {"cron"}
# Data, not code: which distributions safe mode lets in. tests/test_plugin_policy.py compares it with the workspace.
FIRST_PARTY = ROOT / "core" / "src" / "wren_core" / "plugins" / "first_party.txt"
# Data, too: where the key of a provider of models goes when a definition does not say (ADR 25).
KEY_CONVENTIONS = ROOT / "core" / "src" / "wren_core" / "contract" / "key_conventions.json"
# Names of integrations that are also something else, and the modules in which they are that: forms of tool definitions
# that are exported and measured, and the scheme of a database's address.
_TOOL_FORMS = re.compile(
    r"wren_core/export/(tools|strict|token_price)\.py|wren_core/testing/|wren/cli/(commands/)?\w+_cost\.py"
)
OTHER_MEANINGS = {
    "openai": _TOOL_FORMS,
    "anthropic": _TOOL_FORMS,
    "postgres": re.compile(r"wren_backend/storage/database\.py"),
}
LOOKUPS = re.compile("registry|integrations|catalogue|discovery")

GRAB_BAGS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "shared"}
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

SQL_BUILDERS = {
    "select",
    "insert",
    "update",
    "delete",
    "text",
    "func",
    "exists",
    "union",
    "union_all",
    "literal_column",
}
SQL_METHODS = {"exec", "execute", "scalar", "scalars", "query"}
DATABASE = re.compile(r"(session|connection|engine|\bdb)(\(\))?$")
SQL_MODULES = re.compile(r"(repository|models|database|tables|schema|migration)\.py$|/migrations/")


# --- dependencies ----------------------------------------------------------------------------------------------------


def test_the_import_contracts_hold():
    linter = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout


def test_no_import_contract_has_an_exception():
    contracts = CONFIGURATION["tool"]["importlinter"]["contracts"]

    assert [contract["name"] for contract in contracts if "ignore_imports" in contract] == []
    assert [shown(path) for path in committed_files() if path.name == ".importlinter"] == []


def test_every_package_is_covered_by_the_contracts():
    packages = {path.parent.name for member in MEMBERS for path in (member / "src").glob("*/__init__.py")}
    contracts = {contract["type"]: contract for contract in CONFIGURATION["tool"]["importlinter"]["contracts"]}

    assert set(CONFIGURATION["tool"]["importlinter"]["root_packages"]) == packages
    assert set(contracts["forbidden"]["forbidden_modules"]) == packages - {"wren_core"}
    assert set(contracts["independence"]["modules"]) == packages - {"wren_core"}


def test_the_packages_of_every_host_are_layers_without_a_circle():
    """A new package of a host must have a layer: the contract names every package."""
    hosts = {path.parent.name for host in HOSTS for path in (host / "src").glob("*/__init__.py")}
    contracts = CONFIGURATION["tool"]["importlinter"]["contracts"]
    layered = [each for each in contracts if each["type"] == "layers" and each.get("exhaustive")]
    acyclic = [each for each in contracts if each["type"] == "acyclic_siblings"]

    assert hosts >= {"wren_core", "wren", "wren_backend"}
    # A large feature may have layers inside, such as wren_backend.connections.
    assert {name for contract in layered for name in contract["containers"] if "." not in name} == hosts
    assert {name for contract in acyclic for name in contract["ancestors"]} == hosts


def test_no_host_names_an_integration():
    """Not in code, a template, a comment or an example: the next integration must need no change here."""
    words = {word for member in INTEGRATIONS for word in telling_words(member)}
    files = committed_files(*(host / "src" for host in HOSTS))

    named = {
        shown(path): {
            word for word in mentioned(words, path.read_text(errors="replace")) if not means_other(word, path)
        }
        for path in files
        if path not in (FIRST_PARTY, KEY_CONVENTIONS)
    }

    assert len(files) > 50
    assert {path: found for path, found in named.items() if found} == {}


def test_an_integration_has_under_600_lines():
    """Without tests and fake provider; the reference integrations may be longer, and those whose servers differ."""
    further = [member for member in INTEGRATIONS if member.parent.name == "plugins"]
    lengths = {
        member.name: sum(
            len(path.read_text().splitlines()) for path in sources(member) if not path.name.startswith("fake")
        )
        for member in further
    }

    assert len(further) >= 7
    limits = {"wren-imap": 800, "wren-webdav": 800}  # each server keeps another part of the protocol
    assert {name: length for name, length in lengths.items() if length >= limits.get(name, 600)} == {}


def test_no_host_refers_to_an_integration_named_by_an_ordinary_word():
    asked = {shown(path): [ast.unparse(node) for node in nodes(path) if singles_out(node)] for path in sources(*HOSTS)}

    assert {path: found for path, found in asked.items() if found} == {}


def means_other(word: str, path: Path) -> bool:
    """Return whether a word does not name an integration in that module."""
    return word in OTHER_MEANINGS and OTHER_MEANINGS[word].search(path.as_posix()) is not None


def telling_words(member: Path) -> set[str]:
    """Return the words that identify an integration: distribution, package, name and provider."""
    packages = {target.split(":")[0] for target in INTEGRATIONS[member].values()}
    return {
        METADATA[member]["project"]["name"],
        *packages,
        *({*INTEGRATIONS[member], *providers(member)} - ORDINARY_WORDS),
    }


def providers(member: Path) -> set[str]:
    calls = [node for path in sources(member) for node in nodes(path) if isinstance(node, ast.Call)]
    values = [
        keyword.value for call in calls for keyword in call.keywords if keyword.arg in {"provider", "oauth_provider"}
    ]
    return {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}


def mentioned(words: set[str], text: str) -> set[str]:
    return {word for word in words if re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text, re.IGNORECASE)}


def singles_out(node: ast.AST) -> bool:
    """Return whether code names, looks up or compares with an integration whose name is an ordinary word."""
    match node:
        case ast.Attribute(value=receiver, attr=word) if word in ORDINARY_WORDS:
            return LOOKUPS.search(ast.unparse(receiver)) is not None
        case ast.Subscript(value=receiver, slice=ast.Constant(value=word)) if word in ORDINARY_WORDS:
            return LOOKUPS.search(ast.unparse(receiver)) is not None
        case ast.Call(func=receiver, args=[ast.Constant(value=word), *_]) if word in ORDINARY_WORDS:
            return LOOKUPS.search(ast.unparse(receiver)) is not None
        case ast.Compare(left=left, comparators=others):
            words = {each.value for each in (left, *others) if isinstance(each, ast.Constant)}
            return bool(words & ORDINARY_WORDS) and re.search("name|integration|plugin", ast.unparse(node)) is not None
        case ast.Constant(value=str(word)):
            return word in ORDINARY_WORDS - WIRE_FIELDS
    return False


@pytest.mark.parametrize(
    "code",
    [
        "registry.get('cron')",
        "self.registry.spec('messaging')",
        "integrations['cron']",
        "wren.integrations.cron.init()",
        "if integration.name == 'cron': pass",
        "name = 'messaging'",
    ],
)
def test_a_special_case_for_an_integration_is_found(code):
    assert any(map(singles_out, ast.walk(ast.parse(code))))


@pytest.mark.parametrize(
    "code", ["config['cron']", "event.cron", "{'cron': text}", "parse(trigger.config.get('cron'))", "'the cron of it'"]
)
def test_the_cron_field_of_a_schedule_is_not_reported(code):
    assert not any(map(singles_out, ast.walk(ast.parse(code))))


def test_a_mention_is_found_in_any_spelling_but_not_inside_another_word():
    words = {"acme", "wren_acme"}

    assert mentioned(words, "tool = 'acme_send'  # ACME") == {"acme"}
    assert mentioned(words, "import wren_acme") == {"acme", "wren_acme"}
    assert mentioned(words, "pacmen and acmeist") == set()


# --- the shape of modules -------------------------------------------------------------------------------------------


def test_no_module_has_a_vague_name():
    assert [shown(path) for path in sources() if {path.stem, path.parent.name} & GRAB_BAGS] == []


def test_every_module_has_a_docstring():
    trees = {path: parsed(path) for path in sources()}

    assert [shown(path) for path, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []


def test_a_class_name_stands_for_one_class_in_all_hosts():
    classes = [
        (node.name, shown(path))
        for path in sources(*HOSTS)
        for node in parsed(path).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    places = {name: [path for other, path in classes if other == name] for name, _ in classes}

    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_no_module_is_too_long():
    lengths = {shown(path): len(path.read_text().splitlines()) for path in sources()}

    assert {path: lines for path, lines in lengths.items() if lines > MAX_MODULE_LINES} == {}


def test_no_function_is_too_long():
    """All but migrations, which list columns."""
    modules = [path for path in sources() if "migrations" not in path.parts]
    functions = [
        (path, node)
        for path in modules
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    long = [(shown(path), node.name) for path, node in functions if lines_of(node) > MAX_FUNCTION_LINES]

    assert long == []


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_public_names_of_core_and_sdk_have_docstrings():
    """Includes members of public classes and protocols."""
    trees = {path: parsed(path) for member in ("core", "sdk") for path in sources(ROOT / member)}

    silent = {shown(path): unexplained(tree.body) for path, tree in trees.items()}

    assert len(trees) > 50
    assert {path: names for path, names in silent.items() if names} == {}


def unexplained(body: list[ast.stmt]) -> list[str]:
    """Return the public definitions without a docstring; of overloads, the implementation has it."""
    public = [node for node in body if isinstance(node, DEFINITIONS) and not node.name.startswith("_")]
    within = [name for node in public if isinstance(node, ast.ClassDef) for name in unexplained(node.body)]
    return [node.name for node in public if not ast.get_docstring(node) and not is_overload(node)] + within


def is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any(ast.unparse(each).endswith("overload") for each in node.decorator_list)


@pytest.mark.parametrize(
    "code",
    ["def name(): ...", "class name: ...", 'class Other:\n    """It."""\n    @property\n    def name(self): ...'],
)
def test_a_name_without_a_docstring_is_found(code):
    assert unexplained(ast.parse(code).body) == ["name"]


@pytest.mark.parametrize("code", ["def _name(): ...", "@overload\ndef name(): ...", 'def name():\n    """It."""'])
def test_a_documented_or_private_name_is_not_reported(code):
    assert unexplained(ast.parse(code).body) == []


def test_source_code_has_no_assert_statements():
    """`assert` is removed under -O; checks in production must raise."""
    assert [shown(path) for path in sources() if any(isinstance(node, ast.Assert) for node in nodes(path))] == []


def test_annotations_are_not_postponed():
    """SQLModel, FastAPI and the schemas of methods read annotations at run time."""
    files = [path for path in committed_files() if path.suffix == ".py"]
    future = re.compile(r"^from __future__ import .*annotations", re.MULTILINE)

    assert [shown(path) for path in files if future.search(path.read_text())] == []


def test_a_suppression_names_its_rule_and_its_reason():
    suppression = re.compile(r"#\s*(?:noqa|type:\s*ignore).*")
    explained = re.compile(r"# (noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|type: ignore\[[\w, -]+\])\s+(-|#) \w")

    found = [(shown(path), comment) for path in sources() for comment in suppression.findall(path.read_text())]

    assert [each for each in found if not explained.match(each[1])] == []


# --- SQL ------------------------------------------------------------------------------------------------------------


def test_only_repositories_contain_sql():
    modules = [path for path in sources(ROOT / "backend") if not SQL_MODULES.search(path.as_posix())]

    found = {shown(path): sorted({use for node in nodes(path) for use in sql_in(node)}) for path in modules}

    assert len(modules) > 20
    assert {path: uses for path, uses in found.items() if uses} == {}


def sql_in(node: ast.AST) -> set[str]:
    """Return the SQL that a node builds or executes."""
    match node:
        case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] in {"sqlalchemy", "sqlmodel"}:
            return {alias.name for alias in names} & SQL_BUILDERS
        case ast.Call(func=ast.Attribute(value=receiver, attr=method)) if method in SQL_METHODS:
            return {ast.unparse(node.func)} if DATABASE.search(ast.unparse(receiver)) else set()
    return set()


@pytest.mark.parametrize(
    "code",
    ["from sqlmodel import select", "from sqlalchemy import text", "self.session.exec(q)", "connection.execute(q)"],
)
def test_sql_is_found(code):
    assert any(map(sql_in, ast.walk(ast.parse(code))))


@pytest.mark.parametrize("code", ["from sqlmodel import Session", "runs.update(run)", "sandbox.execute(job)"])
def test_other_strings_are_not_reported_as_sql(code):
    assert not any(map(sql_in, ast.walk(ast.parse(code))))
