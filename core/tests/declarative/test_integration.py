import json
import threading

import pytest

from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.host import NoHost
from wren_core.declarative.integration import declared_integration
from wren_core.errors import (
    AuthFailed,
    ConfigInvalid,
    CredentialMissing,
    DefinitionInvalid,
    InvalidInput,
    MethodUnknown,
    NotFound,
    OutputInvalid,
    Rejected,
    Unavailable,
)
from wren_core.export.docs import IntegrationDocs
from wren_core.export.rendering import to_markdown
from wren_core.export.tools import openai_tool
from wren_core.testing import serve

KEY = "key-of-the-branch"


class Renewing(NoHost):
    """Hands out the right key when it is asked for another one."""

    def request(self, operation, payload):
        return {"env": {"DEPOT_API_KEY": KEY}}


@pytest.fixture
def make(depot, address, definition):
    made = []

    def build(config=None, *, key=KEY, change=lambda wire: None, **options):
        change(definition)
        integration = declared_integration(IntegrationDefinition.from_wire(definition))
        credentials = {} if key is None else {"api_key": key}
        made.append(integration.create(config, credentials=credentials, base_url=address, **options))
        return made[-1]

    yield build
    for item in made:
        item.close()


def test_a_definition_is_lossless_with_its_requests(definition):
    spec = IntegrationDefinition.from_wire(definition).to_spec()

    wire = json.loads(json.dumps(IntegrationDefinition.from_spec(spec).to_wire()))

    assert IntegrationDefinition.from_wire(wire).to_spec() == spec
    assert [method["request"] for method in wire["methods"]] == [item["request"] for item in definition["methods"]]


def test_a_call_is_the_request_that_was_declared(make, depot):
    parcel = make({"branch": "north"}).get("3")

    assert (parcel.id, parcel["content"]) == ("3", "parcel 3")
    assert [(item.method, item.path) for item in depot.requests] == [("GET", "/v1/parcels/3")]
    assert {name: depot.requests[0].headers[name] for name in ("x-branch", "x-depot-key")} == {
        "x-branch": "north",
        "x-depot-key": KEY,
    }


def test_an_argument_may_have_the_name_of_an_internal_parameter(make, depot):
    names = {name: {"type": "string"} for name in ("caller", "self", "method", "arguments")}

    def change(wire):
        wire["methods"][2]["inputSchema"] = {"type": "object", "properties": names, "additionalProperties": False}

    with pytest.raises(OutputInvalid):
        make(change=change).strange(**dict.fromkeys(names, "x"))

    assert dict(depot.requests[0].query) == dict.fromkeys(names, "x")


def test_a_write_goes_out_as_json(make, depot):
    assert make().add(content="tea").id == "9"
    assert depot.parcels["9"] == "tea"


def test_arguments_are_bound_and_checked_as_those_of_any_method(make, depot):
    integration = make()

    with pytest.raises(InvalidInput, match="unexpected argument 'idd'; did you mean 'id'"):
        integration.get(idd="3")
    with pytest.raises(InvalidInput, match="missing a required argument: 'id'"):
        integration.get()
    with pytest.raises(InvalidInput) as caught:
        integration.invoke("get", {"id": 3})
    with pytest.raises(MethodUnknown, match="did you mean 'get'"):
        integration.invoke("gett", {})
    assert caught.value.details["pointer"] == "/id"
    assert depot.requests == []


def test_an_answer_that_breaks_the_output_schema_names_the_place(make):
    with pytest.raises(OutputInvalid, match=r"depot\.strange broke its output schema") as caught:
        make().strange()

    assert caught.value.details["method"] == "strange"


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (409, Rejected), (503, Unavailable)])
def test_a_status_is_its_verdict(make, depot, status, error):
    depot.fail_next(status, times=3)

    with pytest.raises(error, match=f"depot answered {status}"):
        make().add(content="x")


def test_a_get_that_is_declared_to_write_is_sent_once(make, depot):
    def change(wire):
        method = next(item for item in wire["methods"] if item["id"] == "get")
        method.update(effect="write", idempotent=False)

    depot.fail_next(503)

    with pytest.raises(Unavailable, match="look before you try again"):
        make(change=change).get("1")

    assert len(depot.requests) == 1


def test_a_refused_credential_is_renewed_once_and_never_shown(make, depot):
    assert make(key="key-that-has-ended", host=Renewing()).get("1").id == "1"
    assert [item.headers["x-depot-key"] for item in depot.requests] == ["key-that-has-ended", KEY]
    with pytest.raises(AuthFailed) as caught:
        make(key="key-that-has-ended").get("1")
    assert "key-that-has-ended" not in f"{caught.value} {caught.value.details}"


def test_a_missing_credential_is_reported_before_a_request_is_sent(make, depot):
    with pytest.raises(CredentialMissing, match="api_key"):
        make(key=None).get("1")

    assert depot.requests == []


@pytest.mark.parametrize("method", ["by_cursor", "by_link"])
def test_all_pages_are_one_list(make, method):
    found = make().invoke(method, {})

    assert [item.id for item in found] == ["1", "2", "3", "4", "5"]


def test_a_list_ends_where_enough_is_there(make, depot):
    integration = make()

    assert [item.id for item in integration.by_cursor(limit=3)] == ["1", "2", "3"]
    assert len(depot.requests) == 2
    assert len(integration.by_page()) == 4, "maxItems of the definition"
    assert [dict(item.query) for item in depot.requests[2:]] == [
        {"page": "1", "size": "2"},
        {"page": "2", "size": "2"},
    ]


def test_a_list_with_more_pages_than_allowed_is_refused_and_not_cut(make):
    integration = make()

    with pytest.raises(Rejected, match="more than 2 pages; ask for fewer with limit"):
        integration.patient()
    assert len(integration.patient(limit=4)) == 4


def test_no_page_and_no_redirect_takes_the_credential_elsewhere(make, depot):
    heard = []

    async def stranger(scope, receive, send):
        heard.append(dict(scope["headers"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    with serve(stranger) as elsewhere:
        with pytest.raises(Rejected, match="another address"):
            make().astray(to=f"{elsewhere}/v1/astray")
        with pytest.raises(Rejected, match="302"):
            make().away(to=f"{elsewhere}/v1/parcels/1")

    assert heard == []


def test_configuration_is_checked_by_the_schema_and_defaults_apply(make, depot):
    make().get("1")

    assert depot.requests[0].headers["x-branch"] == "main"
    with pytest.raises(ConfigInvalid, match=r"'branche'.*did you mean 'branch'"):
        make({"branche": "x"})
    with pytest.raises(ConfigInvalid, match="'branch'"):
        make({"branch": 5})


def test_rules_between_fields_count_too(make):
    def change(wire):
        wire["configSchema"]["properties"]["desk"] = {"type": "string"}
        wire["configSchema"]["dependentRequired"] = {"desk": ["branch"], "branch": ["desk"]}
        del wire["configSchema"]["properties"]["branch"]["default"]

    with pytest.raises(ConfigInvalid, match="desk"):
        make({"branch": "north"}, change=change)


def test_a_default_of_an_argument_is_sent(make, depot):
    def change(wire):
        wire["methods"][0]["inputSchema"]["properties"]["lang"] = {"type": "string", "default": "en"}

    integration = make(change=change)
    integration.get("1")
    integration.get("1", lang="de")

    assert [item.query for item in depot.requests] == [{"lang": "en"}, {"lang": "de"}]


def test_it_is_documented_and_exported_like_any_other(make):
    spec = type(make()).full_spec()

    page = to_markdown(IntegrationDocs.from_spec(spec))
    tool = openai_tool("depot", spec.method("get"))["function"]

    assert "### `get(id)`" in page
    assert "| `branch` | str | no, `'main'` | Your branch |" in page
    assert (tool["name"], tool["strict"], list(tool["parameters"]["properties"])) == ("depot_get", True, ["id"])


def test_threads_share_one_instance(make):
    integration = make()
    found = []

    threads = [threading.Thread(target=lambda: found.append(integration.get("2").id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["2"] * 4


def set_method(index, **fields):
    return lambda wire: wire["methods"][index].update(fields)


def set_request(index, **fields):
    return lambda wire: wire["methods"][index]["request"].update(fields)


OPEN = {"type": "object", "properties": {"id": {}}, "required": ["id"]}
KEYWORD = {"type": "object", "properties": {"id": {}, "from": {}}, "required": ["id"], "additionalProperties": False}
OPTIONAL = {"type": "object", "properties": {"id": {}}, "additionalProperties": False}
BROKEN = {"type": "object", "properties": {"id": {"type": "text"}}, "required": ["id"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda wire: wire.update(methods=[]), "declares no method"),
        (lambda wire: wire.update(baseUrl=None), "baseUrl is missing"),
        (lambda wire: wire.update(baseUrl="https://me:pw@api.depot.example"), "no user, query or fragment"),
        (lambda wire: wire.update(hosts=[]), "hosts must name 'api.depot.example'"),
        (lambda wire: wire.update(baseUrl="https://{shop}.depot.example"), "the configuration has no field 'shop'"),
        (
            lambda wire: wire.update(baseUrl="https://{branch}.depot.example"),
            r"configHosts must name '\{branch\}.depot",
        ),
        (lambda wire: wire.update(baseUrl="http://api.depot.example"), "hosts must name 'api.depot.example:80'"),
        (set_method(0, description=""), "get has no description"),
        (set_method(0, inputSchema=OPEN), "additionalProperties: false"),
        (set_method(0, inputSchema=KEYWORD), "'from' cannot be written as an argument"),
        (set_method(0, inputSchema=OPTIONAL), r"\{id\} of the path must be a required property"),
        (set_method(0, inputSchema=BROKEN), "get, input schema"),
        (set_method(0, id="client"), "client: the name belongs to Integration itself"),
        (set_method(0, id="import"), "'import' cannot be called in Python"),
        (set_request(0, placements=[{"argument": "idd", "place": "query"}]), "'idd' is placed and is not a property"),
        (set_request(0, placements=[{"argument": "id", "place": "query"}]), "must be a required property"),
        (set_request(1, placements=[{"argument": "content", "place": "path"}]), r"which has no \{content\}"),
        (set_request(3, placements=[{"argument": "to", "place": "body"}]), "a GET has no body"),
        (set_request(0, constants=[{"place": "body", "name": "x", "value": 1}]), "a GET has no body"),
        (
            set_request(
                1,
                placements=[{"argument": "content", "place": "body", "name": ""}],
                constants=[{"place": "body", "name": "kind", "value": "tea"}],
            ),
            "the body is one value, but content, constant 'kind'",
        ),
        (
            set_request(
                1,
                placements=[{"argument": "content", "place": "body", "name": "/meta/note"}],
                constants=[{"place": "body", "name": "meta", "value": "tea"}],
            ),
            "content and constant 'meta' go to the same place of the body, or one into the other",
        ),
        (
            set_request(0, constants=[{"place": "query", "name": "x", "config": "y"}]),
            "which configSchema does not have",
        ),
        (set_request(0, constants=[{"place": "query", "name": "x", "credential": "y"}]), "which is not a credential"),
        (
            set_request(0, constants=[{"place": "header", "name": "Authorization", "value": "Bearer abc"}]),
            "declare a credential",
        ),
        (set_request(4, response="text"), "pages are read from JSON"),
        (set_request(4, placements=[{"argument": "to", "place": "query", "name": "after"}]), "set by the pagination"),
        (
            set_request(4, pagination={"kind": "link", "limit": "many"}),
            "'many', which is not a property of inputSchema",
        ),
        (set_request(0, path="/../admin/{id}"), "must not lead upwards"),
        (set_request(0, metod="GET"), "/methods/0/request/metod: 'metod' is unknown; did you mean 'method'"),
        (lambda wire: wire["configSchema"]["properties"].update({"a-b": {}}), "a field cannot be called 'a-b'"),
    ],
)
def test_a_definition_that_could_not_be_called_is_refused_with_what_to_change(definition, change, said):
    change(definition)

    with pytest.raises(DefinitionInvalid, match=said):
        declared_integration(IntegrationDefinition.from_wire(definition))
