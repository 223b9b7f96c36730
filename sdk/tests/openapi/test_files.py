"""Documents in several files: read from the folder of the main one, and from nowhere else."""

import json

import pytest

from wren.openapi.choice import Choice
from wren.openapi.errors import DocumentInvalid
from wren.openapi.files import Folder
from wren.openapi.importer import import_document

HEAD = {"openapi": "3.0.3", "info": {"title": "Depot"}, "servers": [{"url": "https://depot.example"}]}
GOOD = {"operationId": "good", "responses": {"204": {"description": ""}}}


def read(folder, paths, files=None, **more):
    for name, content in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return import_document(Folder(folder).main("api.json", json.dumps({**HEAD, "paths": paths, **more})), Choice())


PET = {"type": "object", "properties": {"name": {"type": "string"}, "friend": {"$ref": "pet.yaml"}}}
FILES = {
    "paths/pets.yaml": {
        "parameters": [{"$ref": "../parameters.yaml#/Tenant"}],
        "get": {"$ref": "get_pets.json"},
        "post": {"operationId": "add", "requestBody": {"$ref": "../bodies.yaml#/New~1Pet"}, "responses": {}},
    },
    "paths/get_pets.json": {
        "operationId": "list",
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "../schemas/pet.yaml"}}}}},
    },
    "parameters.yaml": "Tenant: {name: tenant, in: query, required: true, schema: {type: string}}",
    "bodies.yaml": "New/Pet: {content: {application/json: {schema: {$ref: './schemas/pet.yaml#'}}}}",
    "schemas/pet.yaml": PET,
}


def test_references_are_followed_from_the_file_they_are_in(tmp_path):
    found = read(tmp_path, {"/pets": {"$ref": "./paths/pets.yaml"}}, FILES)

    listing, adding = found.definition.methods
    assert found.skipped == ()
    assert listing["inputSchema"]["required"] == adding["inputSchema"]["required"] == ["tenant"]
    assert set(adding["inputSchema"]["properties"]) == {"tenant", "name", "friend"}
    assert listing["outputSchema"]["$defs"]["pet.yaml"]["properties"]["friend"] == {"$ref": "#/$defs/pet.yaml"}


def test_whole_parts_may_be_in_other_files(tmp_path):
    files = {
        "paths.yaml": {"/good": {"get": GOOD, "servers": []}},
        "parts.yaml": {"schemas": {"A": {"type": "string"}}},
    }
    body = {"content": {"application/json": {"schema": {"properties": {"a": {"$ref": "#/components/schemas/A"}}}}}}
    main = {"$ref": "paths.yaml"}

    assert list(read(tmp_path, main, files).operations.values()) == ["GET /good"]
    found = read(tmp_path, {"/x": {"put": {"requestBody": body}}}, files, components={"$ref": "parts.yaml"})
    assert "has no target" in found.warnings[1], "a pointer of a reference leads through values, not references"
    assert found.definition.methods[0]["inputSchema"]["properties"] == {"a": {}}


OUTSIDE = {"$ref": "elsewhere.yaml#/x"}
AT_AN_ADDRESS = {"$ref": "https://elsewhere.example/x.yaml"}


@pytest.mark.parametrize("there", [OUTSIDE, {"$ref": "../secret.yaml"}, {"$ref": "/etc/hostname"}, AT_AN_ADDRESS])
@pytest.mark.parametrize(
    "paths",
    [
        lambda there: {"/x": there},
        lambda there: there,
        lambda there: {"/x": {"parameters": [there], "get": GOOD}},
        lambda there: {"/x": {"parameters": there, "get": GOOD}},
        lambda there: {"/x": {"get": there}},
        lambda there: {"/x": {"get": {**GOOD, "parameters": [there]}}},
        lambda there: {"/x": {"post": {**GOOD, "requestBody": there}}},
        lambda there: {"/x": {"post": {**GOOD, "requestBody": {"content": there}}}},
        lambda there: {"/x": {"get": {"responses": there}}},
        lambda there: {"/x": {"get": {"responses": {"200": there}}}},
        lambda there: {"/x": {"get": {"responses": {"200": {"content": {"application/json": there}}}}}},
    ],
)
def test_a_document_whose_operations_are_elsewhere_is_refused_whole(tmp_path, paths, there):
    folder = tmp_path / "spec"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("get: {responses: {}}")

    with pytest.raises(
        DocumentInvalid, match=r"\$ref '.*' leads to another document: .*; bundle the document into one"
    ):
        read(folder, {"/good": {"get": GOOD}, **paths(there)})


@pytest.mark.parametrize(
    "schema",
    [
        OUTSIDE,
        {"properties": {"a": OUTSIDE}},
        {"type": "array", "items": OUTSIDE},
        {"allOf": [{"type": "object"}, OUTSIDE]},
    ],
)
@pytest.mark.parametrize("part", ["requestBody", "responses"])
def test_a_schema_in_a_file_that_is_missing_is_refused_too(tmp_path, schema, part):
    content = {"content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": content} if part == "requestBody" else {"responses": {"200": content}}

    with pytest.raises(DocumentInvalid, match="bundle the document into one file first"):
        read(tmp_path, {"/good": {"get": GOOD}, "/x": {"put": operation}})


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    folder = tmp_path / "spec"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("get: {responses: {}}")
    (folder / "inner.yaml").symlink_to(tmp_path / "secret.yaml")

    with pytest.raises(DocumentInvalid, match="it is outside the folder"):
        read(folder, {"/x": {"$ref": "inner.yaml"}})


def test_files_that_refer_to_each_other_end(tmp_path):
    files = {"a.yaml": {"$ref": "b.yaml"}, "b.yaml": {"$ref": "a.yaml"}}
    found = read(tmp_path, {"/good": {"get": GOOD}, "/x": {"$ref": "a.yaml"}}, files)

    assert [item.operation for item in found.skipped] == ["ANY /x"]
    assert "form a cycle" in found.skipped[0].reason


def test_a_file_that_is_no_document_is_named(tmp_path):
    with pytest.raises(DocumentInvalid, match=r"broken\.yaml: the document is neither JSON nor YAML"):
        read(tmp_path, {"/x": {"$ref": "broken.yaml"}}, {"broken.yaml": "a: [1"})


def test_all_files_together_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("wren.openapi.files.MAX_BYTES", 2000)
    files = {f"f{number}.json": {"get": GOOD, "description": "x" * 600} for number in range(5)}

    with pytest.raises(DocumentInvalid, match="together"):
        read(tmp_path, {f"/x{number}": {"$ref": f"f{number}.json"} for number in range(5)}, files)
