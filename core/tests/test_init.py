import ast
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import wren_core

HEAVY = {
    "jsonschema",
    "jsonschema_rs",
    "httpx2",
    "requests",
    "cronsim",
    "uvicorn",
    "fastapi",
    "pytest",
}


def modules_after(statement: str) -> set[str]:
    script = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_public_names_are_sorted_and_there():
    assert wren_core.__all__ == sorted(wren_core.__all__)
    assert [name for name in wren_core.__all__ if not hasattr(wren_core, name)] == []


def test_every_public_name_has_a_docstring():
    assert [name for name in wren_core.__all__ if not inspect.getdoc(getattr(wren_core, name))] == []


@pytest.mark.parametrize(
    "statement",
    [
        "import wren_core",
        "import wren_core.plugins.discovery",
        "from wren_core.plugins.discovery import integration_names; integration_names()",
    ],
)
def test_importing_the_contract_and_listing_names_imports_nothing_heavy(statement):
    assert modules_after(statement) & HEAVY == set()


def test_importing_the_contract_reads_no_environment_and_opens_no_socket():
    guard = """
def hook(event, args):
    if event.startswith(('socket.', 'subprocess.', 'os.system')) or (event == 'open' and 'w' in str(args[1])):
        raise RuntimeError(event)
import sys; sys.addaudithook(hook)
import wren_core, wren_core.plugins.discovery, wren_core.plugins.registry, wren_core.export.tools
import wren_core.schedule, wren_core.contract.events
"""
    done = subprocess.run([sys.executable, "-B", "-c", guard], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("statement", ["import wren_core", "from wren_core.errors import InvalidInput"])
def test_a_program_without_schemas_does_not_import_them(statement):
    assert modules_after(statement) & {"pydantic", "pluggy", "wren_core.contract.spec"} == set()


def test_type_checkers_see_exactly_the_names_of_the_package():
    tree = ast.parse(Path(wren_core.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]

    told = {alias.asname: node.module for node in imports for alias in node.names}

    assert sorted(told) == wren_core.__all__
    assert {name: getattr(sys.modules[module], name) for name, module in told.items()} == {
        name: getattr(wren_core, name) for name in told
    }


def test_no_module_takes_the_place_of_a_public_name():
    modules = {module.name for module in pkgutil.iter_modules(wren_core.__path__)}

    assert modules & set(wren_core.__all__) == set()


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'wren_core' has no attribute 'Integratoin'"):
        _ = wren_core.Integratoin
