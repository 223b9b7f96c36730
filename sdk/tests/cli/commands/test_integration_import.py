import json
from pathlib import Path

import pytest

DEPOT = str(Path(__file__).parents[2] / "openapi" / "data" / "depot.yaml")


def test_a_document_becomes_an_integration_of_this_machine(wren, tmp_path):
    done = wren("integrations", "import", DEPOT, "--name", "cellar", "--config", "X-Branch", "--json")
    shown = wren("integrations", "show", "cellar", "--json")
    listed = wren("integrations", "list", "--json")

    path = tmp_path / "config" / "wren" / "definitions" / "cellar.json"
    assert (done.code, done.json["name"], done.json["file"]) == (0, "cellar", str(path))
    assert [item["operation"] for item in done.json["methods"]] == [
        "GET /parcels",
        "POST /parcels",
        "GET /parcels/{parcelId}",
        "DELETE /parcels/{parcelId}",
        "GET /vans",
    ]
    assert done.json["skipped"] == []
    assert shown.json == json.loads(path.read_text())
    assert "cellar" in [item["name"] for item in listed.json["integrations"]]


def test_what_was_left_out_is_listed_on_standard_error(wren, tmp_path):
    done = wren("integrations", "import", DEPOT, "--name", "cellar", "--output", str(tmp_path / "out" / "cellar.json"))

    assert done.code == 0
    assert done.out.splitlines()[0] == "cellar: 5 methods, 0 operations skipped"
    assert "a part of the answer is not described: /paths/~1vans/get/responses/200/content/application" in done.err
    assert "'https://elsewhere.example/van.json' leads to another document: nothing is fetched" in done.err
    assert (tmp_path / "out" / "cellar.json").exists()


def test_a_document_can_come_and_a_definition_can_go_through_a_pipe(wren):
    text = Path(DEPOT).read_text()

    done = wren("integrations", "import", "-", "--tag", "parcels", "--auth", "bearer", "--output", "-", stdin=text)

    definition = json.loads(done.out)
    assert (done.code, definition["integrationId"], len(definition["methods"])) == (0, "depot", 4)
    assert definition["credentials"][0]["type"] == "token"


def test_a_definition_that_may_have_been_edited_is_not_written_over(wren, tmp_path):
    path = tmp_path / "cellar.json"
    path.write_text("mine")
    arguments = ("integrations", "import", DEPOT, "--name", "cellar", "--output", str(path), "--json")

    refused = wren(*arguments)
    unharmed = path.read_text()
    replaced = wren(*arguments, "--replace")

    assert (refused.code, refused.error["code"], unharmed) == (1, "FILE_EXISTS", "mine")
    assert (replaced.code, json.loads(path.read_text())["integrationId"]) == (0, "cellar")


def test_the_name_of_an_installed_integration_is_not_taken(wren, tmp_path):
    refused = wren("integrations", "import", DEPOT, "--name", "parcel", "--json")
    elsewhere = wren("integrations", "import", DEPOT, "--name", "parcel", "--output", str(tmp_path / "parcel.json"))

    assert (refused.code, refused.error["code"]) == (1, "DUPLICATE_NAME")
    assert elsewhere.code == 0


PARTED = """
openapi: 3.0.3
info: {title: Cellar}
servers: [{url: https://cellar.example}]
paths:
  /wines: {$ref: "paths/wines.yaml"}
"""


def test_a_document_in_several_files_is_read_from_its_folder(wren, tmp_path):
    (tmp_path / "spec" / "paths").mkdir(parents=True)
    (tmp_path / "spec" / "openapi.yaml").write_text(PARTED)
    (tmp_path / "spec" / "paths" / "wines.yaml").write_text("get: {operationId: list_wines, responses: {}}")

    done = wren("integrations", "import", str(tmp_path / "spec" / "openapi.yaml"), "--json")

    assert [item["id"] for item in done.json["methods"]] == ["list_wines"]


def test_a_document_whose_other_files_are_missing_is_refused_and_nothing_is_written(wren, tmp_path):
    (tmp_path / "openapi.yaml").write_text(PARTED)

    for source, text in ((str(tmp_path / "openapi.yaml"), None), ("-", PARTED)):
        done = wren("integrations", "import", source, "--json", **({"stdin": text} if text else {}))

        assert (done.code, done.error["code"]) == (1, "OPENAPI_INVALID")
        assert "/paths/~1wines: $ref 'paths/wines.yaml' leads to another document" in done.error["message"]
        assert "bundle the document into one file first" in done.error["message"]
    assert not (tmp_path / "config" / "wren" / "definitions").exists()


def test_a_definition_that_no_program_would_load_is_refused_at_once(wren, tmp_path):
    schema = {"enum": [f"{number}{'x' * 1000}" for number in range(4000)]}
    operation = {"parameters": [{"$ref": "#/components/parameters/q"}]}
    components = {"parameters": {"q": {"name": "q", "in": "query", "schema": schema}}}
    paths = {f"/x{number}": {"get": operation} for number in range(25)}
    head = {"openapi": "3.0.0", "info": {"title": "Big"}, "servers": [{"url": "https://a.example"}]}
    document = {**head, "paths": paths, "components": components}
    (tmp_path / "big.json").write_text(json.dumps(document))

    done = wren("integrations", "import", str(tmp_path / "big.json"), "--json")

    assert done.code == 1
    assert "25 operations make a definition of more than 16 MiB" in done.error["message"]
    assert "--tag or --operation" in done.error["message"]
    assert not (tmp_path / "config" / "wren" / "definitions").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["missing.yaml"], 2, "cannot be read"),
        ([DEPOT, "--tag", "parcel"], 1, "did you mean 'parcels'"),
        ([str(Path(__file__))], 1, "neither JSON nor YAML|not an object"),
    ],
)
def test_what_cannot_be_done_is_one_error(wren, arguments, code, said):
    done = wren("integrations", "import", *arguments, "--json")

    assert done.code == code
    assert any(part in done.error["message"] for part in said.split("|"))
