"""An API without a plugin, from its OpenAPI document to a deployed script."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from servers.backend import backend
from servers.process import clean_variables
from wren_core.contract.definition import IntegrationDefinition
from wren_core.export.tools import anthropic_tool, mcp_tool, openai_tool
from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, route, serve

DOCUMENT = Path(__file__).parents[1] / "sdk" / "tests" / "openapi" / "data" / "depot.yaml"
KEY = "key-of-the-north-branch"
SCRIPT = """
import wren

depot = wren.integrations.depot.init(branch="north")


@wren.on_schedule("0 9 * * *")
def tidy():
    taken_in = depot.create_parcel("tea", weight=1.5)
    stored = depot.list_parcels(state="stored")
    depot.delete_parcel(stored[0].id)
    try:
        depot.get_parcel(stored[0].id)
    except wren.NotFound as exc:
        gone = exc.message
    return {"taken_in": taken_in.id, "stored": [parcel.id for parcel in stored], "gone": gone}
"""


class Depot(FakeProvider):
    """An API of parcels with a key; a page of its lists has two items."""

    name = "depot"

    def __init__(self) -> None:
        super().__init__()
        self.parcels = {str(number): {"id": str(number), "content": f"parcel {number}"} for number in (1, 2, 3)}

    def handle(self, request: FakeRequest) -> FakeResponse:
        if (request.headers.get("x-depot-key"), request.headers.get("x-branch")) != (KEY, "north"):
            return FakeResponse(status=401, body={"error": "who are you?"})
        return super().handle(request)

    @route("GET", "/v2/parcels")
    def list(self, request: FakeRequest) -> Any:
        start, size = int(request.query.get("after", "0")), int(request.query["limit"])
        found = [*self.parcels.values()][start : start + size]
        return {"parcels": found, "next": str(start + size) if start + size < len(self.parcels) else None}

    @route("POST", "/v2/parcels")
    def create(self, request: FakeRequest) -> Any:
        self.parcels["4"] = {"id": "4", **request.json()}
        return FakeResponse(status=201, body=self.parcels["4"])

    @route("GET", "/v2/parcels/{id}")
    def get(self, request: FakeRequest) -> Any:
        return self.parcels.get(request.params["id"]) or FakeResponse(status=404, body={"error": "no such parcel"})

    @route("DELETE", "/v2/parcels/{id}")
    def delete(self, request: FakeRequest) -> Any:
        del self.parcels[request.params["id"]]
        return FakeResponse(status=204)


@pytest.fixture
def depot():
    return Depot()


@pytest.fixture
def address(depot):
    with serve(depot) as url:
        yield f"{url}/v2"


def run(home: Path, module: str, *arguments: str) -> str:
    """Run a command as a person whose home is `home`."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=clean_variables(home), capture_output=True, text=True, check=True).stdout


@pytest.mark.timeout(300)
def test_an_api_is_imported_added_connected_documented_and_called(depot, address, tmp_path):
    options = ("--config", "X-Branch", "--output", str(tmp_path / "operator" / "depot.json"), "--json")
    made = json.loads(run(tmp_path, "wren", "integrations", "import", str(DOCUMENT), *options))
    added = run(tmp_path, "wren_backend", "definitions", "add", made["file"], "--data-dir", str(tmp_path / "data"))

    with backend(tmp_path, {"WREN_INTEGRATIONS__DEPOT__BASE_URL": address}) as server:
        connected = server.wren_json("connect", "depot", "--value", f"api_key={KEY}")
        valid = server.request("POST", "/v1/integrations/validate", json={"integrations": ["depot"]}).json()
        docs = server.get("/v1/integrations/depot/docs")
        definition = server.get("/v1/definitions/depot")
        (tmp_path / "tidy.py").write_text(SCRIPT)
        unknown = server.wren("test", str(tmp_path / "tidy.py"), check=False)
        fetched = server.wren_json("integrations", "fetch", "depot")
        python = server.wren("integrations", "fetch", "slack", "--json", check=False)
        deployed = server.wren_json("deploy", str(tmp_path / "tidy.py"))
        finished = server.finished_run(server.start_run(deployed["deployment_id"]))
        log = server.log
        local = server.wren("run", "--local", str(tmp_path / "tidy.py"), "--json", check=False)

    assert added.startswith("added depot with 5 methods")
    assert connected["status"] == "active"
    assert valid == {"valid": True, "warnings": []}
    assert "create_parcel" in json.dumps(docs)
    assert "wren integrations fetch depot" in unknown.stdout
    assert json.loads(Path(fetched["file"]).read_text()) == definition
    assert json.loads(python.stdout)["error"]["code"] == "NOT_DECLARED"
    assert_tools(definition)
    assert (finished["status"], finished["result"]) == (
        "success",
        {"taken_in": "4", "stored": ["1", "2", "3", "4"], "gone": finished["result"]["gone"]},
    )
    assert "404" in finished["result"]["gone"]
    assert [(call["method"], call["outcome"]) for call in finished["calls"]] == [
        ("create_parcel", "ok"),
        ("list_parcels", "ok"),
        ("delete_parcel", "ok"),
        ("get_parcel", "NOT_FOUND"),
    ]
    assert list(depot.parcels) == ["2", "3", "4"]
    assert KEY not in log
    assert json.loads(local.stdout)["error"]["code"] == "CREDENTIAL_MISSING", "a terminal has its own connections"


def assert_tools(definition: dict[str, Any]) -> None:
    methods = IntegrationDefinition.from_wire(definition).to_spec().methods

    tools = [openai_tool("depot", method)["function"] for method in methods]

    assert [tool["name"] for tool in tools] == [
        "depot_list_parcels",
        "depot_create_parcel",
        "depot_get_parcel",
        "depot_delete_parcel",
        "depot_list_vans",
    ]
    destructive = [mcp_tool("depot", method)["annotations"]["destructiveHint"] for method in methods]
    assert destructive == [False, False, False, True, False]
    assert list(anthropic_tool("depot", methods[1])["input_schema"]["properties"]) == [
        "content",
        "weight",
        "secret",
        "inside",
    ]
