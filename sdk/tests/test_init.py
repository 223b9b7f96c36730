import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import wren
from wren_core import errors


def test_importing_wren_loads_no_client_library_and_no_contract():
    code = "import json, sys, wren; print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    tops = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert tops.isdisjoint({"httpx2", "typer", "rich", "pydantic", "wren_core", "pyflakes", "importlib_metadata"})


def test_every_public_name_can_be_fetched_and_is_listed():
    for name in wren.__all__:
        assert getattr(wren, name) is not None

    assert set(wren.__all__) <= set(dir(wren))


def test_the_errors_are_the_contracts_own():
    assert wren.errors is errors
    assert wren.RateLimited is errors.RateLimited


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(AttributeError, match=r"did you mean 'wren\.on_schedule'"):
        _ = wren.on_shedule


def test_type_checkers_see_the_same_names_as_the_package_offers():
    tree = ast.parse(Path(wren.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))

    told = {name.asname for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names}

    assert told == set(wren.__all__)
