"""Documents that are wrong, or meant to hurt: each is refused, or costs no more than its own operations."""

import ast
from pathlib import Path

import pytest

from wren.openapi import importer
from wren.openapi.choice import Choice
from wren.openapi.errors import DocumentInvalid
from wren.openapi.importer import import_document
from wren.openapi.text import read_document

GOOD = {"operationId": "good", "summary": "Works", "responses": {"204": {"description": ""}}}
LEVELS = 2000
OF_PYTHON = ("AttributeError", "Exception", "IndexError", "KeyError", "LookupError", "TypeError")


def document(*, post=None, schemas=None, paths=None, **more):
    body = {"content": {"application/json": {"schema": post}}}
    written = {"post": {"operationId": "bad", "requestBody": body, "responses": {}}} if post else {}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Depot"},
        "servers": [{"url": "https://depot.example"}],
        "paths": {"/good": {"get": GOOD}, **({"/bad": written} if written else {}), **(paths or {})},
        "components": {"schemas": schemas or {}},
        **more,
    }


def swagger(**more):
    return {"swagger": "2.0", "host": "depot.example", "paths": {"/good": {"get": GOOD}}, **more}


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def chain(link):
    return {f"A{level}": link(ref(f"A{level + 1}")) for level in range(LEVELS)} | {f"A{LEVELS}": {"type": "string"}}


def methods_of(source):
    return [method["id"] for method in import_document(source, Choice()).definition.methods]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({**document(), "paths": [1]}, ": /paths: must be an object, not an array"),
        (document(servers=[{"url": "https://[::1"}]), "its server is"),
        (document(servers=[{"url": "https://a.example:port"}]), "its server is"),
        (
            document(servers=[{"url": "https://{a}.example", "variables": [1]}]),
            ": /servers/0/variables: must be an object",
        ),
        (
            document(
                components={"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "a\r\nb"}}},
                paths={"/good": {"get": {**GOOD, "security": [{"key": []}]}}},
            ),
            ": /components/securitySchemes/key: .* cannot be the name of a header",
        ),
        (document(info="Depot"), ": /info: must be an object, not text"),
        (document(security=[1]), ": /security/0: must be an object, not a number"),
        (swagger(paths=[1]), ": /paths: must be an object"),
        (swagger(parameters=[1]), ": /parameters: must be an object"),
        (swagger(consumes="application/json"), ": /consumes: must be an array, not text"),
        (
            swagger(paths={"/good": {"get": {"parameters": 5}}}),
            "GET /good: /paths/~1good/get/parameters: must be an array",
        ),
    ],
)
def test_a_mistake_outside_the_operations_is_reported_with_its_place(source, message):
    with pytest.raises(DocumentInvalid, match=message):
        import_document(source, Choice())


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (5, "/paths/~1bad/put: must be an object, not a number"),
        ({"responses": [1]}, "/paths/~1bad/put/responses: must be an object, not an array"),
        ({"parameters": [{"in": "query"}]}, "/paths/~1bad/put/parameters/0: a parameter needs a name"),
        (
            {"requestBody": ref("nowhere")},
            "/paths/~1bad/put/requestBody: $ref '#/components/schemas/nowhere' has no target",
        ),
        (
            {"requestBody": {"content": {"application/json": {"schema": {"properties": 5}}}}},
            "/paths/~1bad/put/requestBody/content/application~1json/schema/properties: must be an object",
        ),
    ],
)
def test_a_mistake_in_an_operation_is_the_reason_why_it_is_skipped(operation, reason):
    (skipped,) = import_document(document(paths={"/bad": {"put": operation}}), Choice()).skipped

    assert skipped.operation == "PUT /bad"
    assert skipped.reason.startswith(reason)


def test_a_bug_of_the_importer_is_not_reported_as_an_error_of_the_document():
    """No error of Python is turned into a report on the document."""
    folder = Path(importer.__file__).parent
    caught = [
        (path.name, name.id)
        for path in folder.glob("*.py")
        for handler in ast.walk(ast.parse(path.read_text()))
        if isinstance(handler, ast.ExceptHandler) and handler.type is not None
        for name in ast.walk(handler.type)
        if isinstance(name, ast.Name) and name.id in OF_PYTHON
    ]

    assert caught == []


@pytest.mark.parametrize(
    "operation",
    [
        {"tags": 5, "security": 7, "parameters": {"a": 1}},
        {"responses": [1]},
        {"requestBody": ref("nowhere")},
        {"security": [{"key": None}]},
    ],
)
def test_one_miswritten_operation_costs_no_other(operation):
    components = {"securitySchemes": {"key": {"$ref": "#/nowhere"}}}

    assert "good" in methods_of(document(paths={"/bad": {"put": operation}}, components=components))


@pytest.mark.parametrize(
    "link",
    [
        lambda inner: inner,
        lambda inner: {"type": "array", "items": inner},
        lambda inner: {"allOf": [inner]},
        lambda inner: {"anyOf": [inner, {"type": "null"}]},
    ],
    ids=["references", "lists", "parts", "alternatives"],
)
@pytest.mark.parametrize("place", ["input", "output"])
def test_schemas_that_refer_without_end_cost_their_own_operation_alone(link, place):
    schemas = chain(link)
    answer = {"200": {"description": "", "content": {"application/json": {"schema": ref("A0")}}}}
    source = (
        document(post=ref("A0"), schemas=schemas)
        if place == "input"
        else document(paths={"/bad": {"get": {"operationId": "bad", "responses": answer}}}, schemas=schemas)
    )

    assert methods_of(source)[0] == "good"


def test_objects_inside_objects_without_end_are_cut():
    schemas = chain(lambda inner: {"type": "object", "properties": {"inside": inner}})

    assert methods_of(document(post=ref("A0"), schemas=schemas)) == ["good", "bad"]


@pytest.mark.timeout(30)
def test_parts_that_share_parts_are_opened_once():
    shared = {f"A{level}": {"allOf": [ref(f"A{level + 1}")] * 2} for level in range(60)}
    source = document(post=ref("A0"), schemas={**shared, "A60": {"type": "object", "properties": {"name": {}}}})

    bad = import_document(source, Choice()).definition.methods[1]

    assert list(bad["inputSchema"]["properties"]) == ["name"]


def test_parts_that_come_back_to_themselves_are_opened_once():
    circle = {
        "A": {"allOf": [ref("B"), {"type": "object", "properties": {"name": {"type": "string"}}}]},
        "B": {"allOf": [ref("A"), {"type": "object", "properties": {"size": {"type": "integer"}}}]},
    }

    bad = import_document(document(post=ref("A"), schemas=circle), Choice()).definition.methods[1]

    assert sorted(bad["inputSchema"]["properties"]) == ["name", "size"]


def test_an_alias_that_holds_itself_is_refused():
    with pytest.raises(DocumentInvalid, match="too deep"):
        read_document("openapi: 3.0.0\nheld: &held\n  inside: *held\n")


def test_arguments_have_names_that_models_take():
    names = ["größe", "n" * 100, "n" * 99]
    parameters = [{"in": "query", "name": name, "schema": {"type": "string"}} for name in names]

    method = import_document(
        document(paths={"/good": {"get": {**GOOD, "parameters": parameters}}}), Choice()
    ).definition.methods[0]

    properties = list(method["inputSchema"]["properties"])
    assert [len(name) <= 64 and name.isascii() for name in properties] == [True] * 3
    assert [item["name"] for item in method["request"]["placements"]] == names
