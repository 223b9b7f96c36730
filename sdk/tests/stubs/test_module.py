import ast
from typing import Annotated, Any

import pytest

from wren.stubs.module import StubModule
from wren_core import Integration, IntegrationConfig, IntegrationSpec, Record, method
from wren_core.contract.definition import IntegrationDefinition
from wren_core.declarative.integration import declared_integration


class Parcel(Record):
    """A parcel on its way."""

    number: str
    inner: "list[Parcel]"


class Post(Integration):
    """Send parcels."""

    spec = IntegrationSpec(name="post", display_name="Post")

    class Config(IntegrationConfig):
        """Defaults."""

        city: Annotated[str, "City used when none is given"]
        retries: int = 2

    @method(effect="write", example='post.send("x")')
    def send(self, to: Annotated[str, "Whom"], *, tags: list[str] | None = None) -> Parcel:
        """Send a parcel."""
        raise NotImplementedError

    @method
    def list(self) -> "list[Parcel]":
        """List the parcels."""
        raise NotImplementedError


def members(text: str, name: str) -> dict[str, str]:
    """Return the heads of a class by name."""
    (found,) = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name == name]
    functions = [node for node in found.body if isinstance(node, ast.FunctionDef)]
    return {node.name: f"({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}" for node in functions}


@pytest.fixture(scope="module")
def text():
    return StubModule(Post).text()


def test_methods_are_typed_as_their_signatures_are(text):
    assert members(text, "Post") == {
        "send": "(self, to: str, *, tags: _builtins.list[str] | tuple[str, ...] | None=None) -> Parcel",
        "list": "(self) -> _builtins.list[Parcel]",
    }


def test_editors_show_what_a_method_does_and_what_it_takes(text):
    (found,) = [node for node in ast.walk(ast.parse(text)) if getattr(node, "name", "") == "send"]

    assert ast.get_docstring(found) == 'Send a parcel.\n\nArgs:\n    to: Whom\n\nExample:\n    post.send("x")'


def test_a_record_of_an_untyped_package_is_written_out(text):
    assert 'class Parcel:\n    """A parcel on its way."""\n    number: str\n    inner: _builtins.list[Parcel]' in text


def test_init_takes_the_settings_and_none_of_them_must_be_given_here(text):
    assert members(text, "PostHandle") == {
        "init": "(self, *, city: str=..., retries: int=2, account: str | None=None) -> Post",
        "get_docs": "(self) -> _wren_core_export_docs.IntegrationDocs",
    }


def test_the_same_integration_gives_the_same_text():
    assert StubModule(Post).text() == StubModule(Post).text()


def definition(**method: Any) -> IntegrationDefinition:
    return IntegrationDefinition.from_wire(
        {
            "integrationId": "shop",
            "name": "Shop",
            "description": "Sell things.",
            "version": "1.0.0",
            "type": "integration",
            "baseUrl": "https://shop.example",
            "hosts": ["shop.example"],
            "authType": "none",
            "configSchema": {"type": "object", "properties": {"currency": {"enum": ["EUR", "USD"]}}},
            "methods": [{"id": "buy", "name": "Buy", "description": "Buy things.", "effect": "write", **method}],
        }
    )


def test_a_declared_method_is_typed_by_its_schemas():
    line = {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}
    declared = definition(
        inputSchema={
            "type": "object",
            "properties": {"note": {"type": "string"}, "lines": {"type": "array", "items": line}},
            "required": ["lines"],
            "additionalProperties": False,
        },
        outputSchema={"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]},
        request={"method": "POST", "path": "/orders"},
    )

    text = StubModule(declared_integration(declared)).text()

    assert members(text, "Shop")["buy"] == "(self, lines: list[ShopBuyLinesItem], note: str=...) -> ShopBuyResult"
    assert "class ShopBuyLinesItem(_typing.TypedDict):\n    sku: str" in text
    assert "class ShopBuyResult(_typing.TypedDict):\n    total: float" in text
    assert (
        members(text, "ShopHandle")["init"]
        == "(self, *, currency: _typing.Literal['EUR', 'USD']=..., account: str | None=None) -> Shop"
    )
