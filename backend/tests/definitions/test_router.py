import json

import pytest
from sqlalchemy import event

from wren_backend.app import create_app
from wren_core import AIConfig, AIModel, Integration, IntegrationSpec, method
from wren_core.contract.definition import IntegrationDefinition
from wren_core.plugins.discovery import FailedPlugin, LoadedPlugin
from wren_core.plugins.plugin import StoredPlugin
from wren_core.plugins.registry import Registry

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
pytestmark = sqlite_only


class Abacus(Integration):
    """Count."""

    spec = IntegrationSpec(name="abacus", display_name="Abacus")

    @method
    def add(self, left: int, right: int = 0) -> int:
        """Add."""
        return left + right


MODEL = AIModel(id="m1", name="M1", capabilities=("text",))
BRAIN = LoadedPlugin(
    name="brain",
    distribution="wren-brain",
    version="2.0",
    integration=type(
        "Brain",
        (Integration,),
        {
            "__doc__": "Think.",
            "spec": IntegrationSpec(
                name="brain",
                display_name="Brain",
                type="ai",
                ai=AIConfig(provider="lab", available_models=(MODEL,), default_model="m1"),
            ),
        },
    ),
)
LOADED = LoadedPlugin(name="abacus", distribution="wren-abacus", version="1.0", integration=Abacus)
STORED = StoredPlugin(
    name="abacus",
    distribution="wren-abacus",
    version="1.0",
    integration_type="integration",
    document=LOADED.document,
    load=lambda: pytest.fail("no test needs the class"),
)
BROKEN = FailedPlugin(name="broken", distribution="wren-broken", version="1", code="PLUGIN_RAISED", reason="no")


@pytest.fixture
def platform(build_platform):
    return build_platform(registry=Registry(loaded={"abacus": STORED, "brain": BRAIN}, failed={"broken": BROKEN}))


def test_all_definitions_are_listed_by_name(client):
    answer = client.get("/v1/definitions")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert [item["integrationId"] for item in answer.json()["definitions"]] == ["abacus", "brain"]
    assert answer.json()["definitions"][0] == json.loads(LOADED.document)


@pytest.mark.parametrize(
    ("kind", "names"), [("integration", ["abacus"]), ("ai", ["brain"]), ("documents", []), ("database", [])]
)
def test_they_can_be_filtered_by_type(client, kind, names):
    answer = client.get("/v1/definitions", params={"type": kind})

    assert [item["integrationId"] for item in answer.json()["definitions"]] == names


def test_a_type_that_does_not_exist_is_refused(client):
    answer = client.get("/v1/definitions", params={"type": "magic"})

    assert (answer.status_code, answer.json()["error"]["type"]) == (422, "AgentFixableError")
    assert "database" in answer.text


def test_one_definition_can_be_exported_and_imported_again(client):
    document = client.get("/v1/definitions/abacus").json()

    assert document == json.loads(LOADED.document)
    assert IntegrationDefinition.from_wire(document).to_spec() == LOADED.spec
    assert list(document["methods"][0]["inputSchema"]["properties"]) == ["left", "right"]


@pytest.mark.parametrize("path", ["/v1/definitions", "/v1/definitions/abacus", "/v1/definitions?type=ai"])
def test_a_client_that_has_it_gets_no_body(client, path):
    first = client.get(path)
    tag = first.headers["etag"]

    again = client.get(path, headers={"If-None-Match": f'"other", W/{tag}'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert first.headers["cache-control"] == "private, no-cache"
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304
    assert client.get(path, headers={"If-None-Match": '"other"'}).content == first.content


def test_a_tag_belongs_to_its_content(client):
    paths = ("/v1/definitions", "/v1/definitions?type=ai", "/v1/definitions/abacus", "/v1/definitions/brain")

    assert len({client.get(path).headers["etag"] for path in paths}) == len(paths)


def test_another_content_has_another_tag(build_platform, client_of, client, member):
    changed = LoadedPlugin(name="abacus", distribution="wren-abacus", version="1.1", integration=Abacus)
    other = create_app(build_platform(registry=Registry(loaded={"abacus": changed, "brain": BRAIN}, failed={})))

    with client_of(member) as before:
        tags = [before.get(path).headers["etag"] for path in ("/v1/definitions", "/v1/definitions/abacus")]
    after = type(before)(other, headers=member.headers)

    assert [after.get(path).headers["etag"] for path in ("/v1/definitions", "/v1/definitions/abacus")] != tags


def test_an_unknown_integration_comes_with_the_nearest(client):
    answer = client.get("/v1/definitions/abacsu")

    assert answer.status_code == 404
    assert "did you mean 'abacus'?" in answer.json()["error"]["message"]


def test_one_that_failed_says_why(client):
    answer = client.get("/v1/definitions/broken")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "PLUGIN_FAILED")


def test_a_key_is_needed(client_of):
    assert [client_of().get(path).status_code for path in ("/v1/definitions", "/v1/definitions/abacus")] == [401, 401]


def test_answers_come_from_memory(platform, client):
    statements = []
    event.listen(platform.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    for path in ("/v1/definitions", "/v1/definitions/abacus"):
        assert client.get(path).status_code == 200

    assert statements
    assert [text for text in statements if "integration_definitions" in text] == []
