import ast
import inspect

import pytest

import wren
from wren import integrations
from wren.script.catalogue import installed
from wren.stubs.package import MARK, StubPackage, stub_package

pytestmark = pytest.mark.usefixtures("plugins")


@pytest.fixture
def package(plugins) -> StubPackage:
    return stub_package(installed())


def test_every_integration_that_loads_has_a_file_and_a_name(package):
    namespace = package.files["wren/integrations.pyi"]

    for name, handle in (("parcel", "ParcelHandle"), ("depot", "DepotHandle")):
        assert f"{name}: _{name}.{handle}" in namespace
        assert f"class {handle}:" in package.files[f"wren/_installed/{name}.pyi"]


def test_one_that_cannot_be_loaded_is_left_out_with_a_comment(package):
    assert (
        "# 'broken' is left out: PLUGIN_RAISED; `wren plugins doctor broken`" in package.files["wren/integrations.pyi"]
    )
    assert "wren/_installed/broken.pyi" not in package.files
    assert package.missing["broken"] == "PLUGIN_RAISED"


def test_the_same_installation_gives_the_same_files_in_the_same_order(package):
    again = stub_package(installed())

    assert list(again.files.items()) == list(package.files.items())
    assert list(package.files) == sorted(package.files)
    assert all(text.startswith(MARK) for text in package.files.values())


def test_the_namespace_offers_what_the_module_offers(package):
    tree = ast.parse(package.files["wren/integrations.pyi"])
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}

    assert sorted(functions) == sorted(integrations.__all__)
    for name, node in functions.items():
        real = getattr(integrations, name)
        assert [argument.arg for argument in node.args.args] == list(inspect.signature(real).parameters)
        assert ast.get_docstring(node) == inspect.getdoc(real)


def test_the_package_offers_what_it_offers_without_stubs(package):
    tree = ast.parse(package.files["wren/__init__.pyi"])
    names = [alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]

    assert sorted(names) == sorted(wren.__all__)
