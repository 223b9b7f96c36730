import json

import pytest

from wren.openapi.choice import Choice
from wren.openapi.errors import DocumentInvalid
from wren.openapi.importer import import_document
from wren_core.contract.definition import IntegrationDefinition
from wren_core.declarative.integration import declared_integration


def methods_of(imported):
    return {method["id"]: method for method in imported.definition.methods}


def reasons_of(imported):
    return {item.operation: item.reason for item in imported.skipped}


@pytest.fixture(scope="module")
def ledger(imported):
    return imported("ledger.json", config=("Ledger-Tenant-Id",))


@pytest.fixture(scope="module")
def chatter(imported):
    return imported("chatter.json")


@pytest.mark.parametrize("name", ["depot.yaml", "ledger.json", "chatter.json"])
def test_what_is_imported_is_an_integration_and_lossless(imported, name):
    definition = imported(name).definition

    wire = json.loads(json.dumps(definition.to_wire()))

    assert IntegrationDefinition.from_wire(wire) == definition
    assert list(declared_integration(definition).methods()) == [method["id"] for method in wire["methods"]]


def test_title_version_server_and_documents_follow_the_document(ledger):
    definition = ledger.definition

    assert (definition.integration_id, definition.name) == ("ledger_accounting", "Ledger Accounting API")
    assert (definition.description, definition.version) == ("Books & bills.", "")
    assert definition.base_url == "https://{region}.ledger.example/api"
    assert (definition.hosts, definition.config_hosts) == ([], ["{region}.ledger.example"])
    assert definition.docs_url == "https://docs.ledger.example"


def test_operations_that_a_definition_cannot_express_are_skipped_with_the_reason(ledger):
    assert reasons_of(ledger) == {
        "POST /session": "it requires cookie, which the integration does not use",
        "POST /files": "it is on another server (https://files.ledger.example); import it separately with --server",
        "GET /matrix/{m}": "the style 'matrix' in a path",
    }
    assert ledger.operations == {
        "get_invoices": "GET /Invoices",
        "create_invoices": "PUT /Invoices",
        "get_invoice_as_pdf": "GET /Invoices/{InvoiceID}/pdf",
        "create_attachment": "PUT /Invoices/{InvoiceID}/Attachments/{FileName}",
        "contacts_update": "POST /Contacts/{id}",
        "import_": "POST /import",
    }


def test_oauth_asks_for_the_scopes_of_what_was_chosen_and_each_method_names_its_own(ledger):
    definition, methods = ledger.definition, methods_of(ledger)

    assert definition.auth_type == "oauth2"
    assert definition.oauth2_config["authorizationUrl"] == "https://login.ledger.example/authorize"
    assert definition.oauth2_config["scopes"] == ["books.read", "books", "attachments"]
    assert methods["create_invoices"]["scopes"] == ["books", "attachments"]
    assert [item["envVar"] for item in definition.credentials] == ["LEDGER_ACCOUNTING_ACCESS_TOKEN"]


def test_a_configured_header_is_given_once_and_never_passed(ledger):
    methods = methods_of(ledger)

    assert ledger.definition.config_schema == {
        "type": "object",
        "properties": {
            "ledger_tenant_id": {"type": "string", "description": "Whose books"},
            "region": {"type": "string", "description": "Part of the address of the API", "default": "eu"},
        },
        "additionalProperties": False,
        "required": ["ledger_tenant_id"],
    }
    assert "ledger_tenant_id" not in methods["get_invoices"]["inputSchema"]["properties"]
    assert methods["get_invoices"]["request"]["constants"] == [
        {"place": "header", "name": "ledger-tenant-id", "config": "ledger_tenant_id"}
    ]


def test_each_parameter_goes_where_and_how_the_document_says(ledger):
    method = methods_of(ledger)["get_invoices"]

    assert list(method["inputSchema"]["properties"]) == ["IDs", "created", "page", "if_modified_since", "filter"]
    assert method["request"]["placements"] == [
        {"argument": "IDs", "place": "query", "explode": False},
        {"argument": "created", "place": "query", "style": "deepObject", "explode": False},
        {"argument": "if_modified_since", "place": "header", "name": "If-Modified-Since"},
        {"argument": "filter", "place": "query", "style": "json"},
    ]
    assert method["inputSchema"]["properties"]["page"] == {
        "type": "integer",
        "minimum": 0,
        "exclusiveMinimum": 0,
        "description": "Default: 1.",
    }


def test_members_of_a_body_are_arguments_and_collisions_are_reported(ledger):
    method = methods_of(ledger)["contacts_update"]

    assert set(method["inputSchema"]["properties"]) == {"id", "Name", "Age", "body_id", "from_", "x_kind"}
    assert method["inputSchema"]["required"] == ["id"], "the body as a whole is optional"
    assert method["request"]["placements"] == [
        {"argument": "body_id", "place": "body", "name": "id"},
        {"argument": "from_", "place": "body", "name": "from"},
        {"argument": "x_kind", "place": "body", "name": "X-Kind"},
    ]
    assert "contacts_update: 'id' occurs twice; the one in the body is called 'body_id'" in ledger.warnings


def test_schemas_of_3_0_become_2020_12_for_each_direction(ledger):
    method = methods_of(ledger)["create_invoices"]

    given = method["inputSchema"]["$defs"]["Invoice"]
    got = method["outputSchema"]["$defs"]["Invoice"]

    assert list(given["properties"]) == ["Type", "Contact", "Credits", "Password"]
    assert (given["required"], given["additionalProperties"]) == (["Type"], False)
    assert given["properties"]["Type"] == {"type": ["string", "null"], "enum": ["BILL", "SALE", None]}
    assert given["properties"]["Password"] == {"type": "string"}, "its pattern has lookaround"
    assert list(got["properties"]) == ["InvoiceID", "Type", "Total", "Contact", "Credits"]
    assert got["properties"]["Contact"] == {"anyOf": [{"$ref": "#/$defs/Person"}, {"type": "null"}]}
    assert method["outputSchema"]["anyOf"] == [{"$ref": "#/$defs/Invoices"}, {"type": "null"}], "200 or 204"


def test_answers_may_lack_what_the_document_promises_where_a_person_says_so(imported):
    method = methods_of(imported("depot.yaml", allows_missing=True))["get_parcel"]

    assert "required" not in method["outputSchema"]["$defs"]["Parcel"]
    assert "required" in methods_of(imported("depot.yaml"))["get_parcel"]["outputSchema"]["$defs"]["Parcel"]


def test_what_a_call_does_follows_from_its_http_method(ledger):
    methods = methods_of(ledger)

    assert [methods[name]["effect"] for name in ("get_invoices", "create_invoices", "contacts_update")] == [
        "read",
        "write",
        "write",
    ]
    assert [methods[name]["idempotent"] for name in ("create_invoices", "contacts_update")] == [True, False]
    assert methods["create_invoices"]["description"] == (
        "Creates one or more invoices.\n\nThe provider will remove it."
    )


def test_a_get_that_changes_something_can_say_so(read):
    source = read("depot.yaml")
    verbs = [node["get"] for node in source["paths"].values() if "get" in node]

    for effect, is_idempotent in (("read", True), ("write", False), ("destructive", False)):
        verbs[0]["x-wren-effect"] = effect
        method = import_document(source, Choice()).definition.methods[0]
        assert (method["effect"], method["idempotent"]) == (effect, is_idempotent)
        assert method["requiresApproval"] is (effect == "destructive")


def test_an_invalid_effect_skips_the_operation_with_the_reason(read):
    source = read("depot.yaml")
    node = next(node["get"] for node in source["paths"].values() if "get" in node)
    node["x-wren-effect"] = "maybe"

    skipped = import_document(source, Choice()).skipped

    assert [item.reason for item in skipped if "x-wren-effect" in item.reason] == [
        "x-wren-effect must be one of destructive, read, write"
    ]


def test_files_go_in_and_out_as_bytes(ledger):
    methods = methods_of(ledger)

    attachment, pdf, upload = (methods[name] for name in ("create_attachment", "get_invoice_as_pdf", "import_"))

    assert attachment["inputSchema"]["properties"]["body"]["contentEncoding"] == "base64"
    assert attachment["request"]["body"] == "raw"
    assert attachment["request"]["contentType"] == "application/octet-stream"
    assert (attachment["request"]["response"], attachment["outputSchema"]) == ("text", {"type": "string"})
    assert (pdf["request"]["response"], pdf["outputSchema"]["contentEncoding"]) == ("bytes", "base64")
    assert (upload["request"]["body"], upload["request"]["response"]) == ("multipart", "none")


def test_swagger_2_is_read_as_well(chatter):
    definition, methods = chatter.definition, methods_of(chatter)

    assert (definition.base_url, definition.auth_type) == ("https://chatter.example/api", "oauth2")
    assert definition.oauth2_config["tokenUrl"] == "https://chatter.example/api/oauth.access"
    assert list(methods) == ["chat_post_message", "chat_list", "files_upload", "rooms_replace"]
    assert methods["rooms_replace"]["request"] == {
        "method": "PUT",
        "path": "/rooms",
        "placements": [{"argument": "body", "place": "body", "name": ""}],
        "response": "none",
    }
    assert methods["files_upload"]["request"]["body"] == "multipart"
    assert methods["files_upload"]["inputSchema"]["properties"]["file"]["contentEncoding"] == "base64"


def test_collection_formats_become_styles(chatter):
    methods = methods_of(chatter)

    assert methods["chat_list"]["request"]["placements"] == [{"argument": "types", "place": "query", "explode": False}]
    assert methods["chat_post_message"]["request"]["placements"] == [
        {"argument": "blocks", "place": "body", "explode": False}
    ]


def test_a_token_is_not_an_argument_if_the_connection_sends_it(chatter):
    methods = methods_of(chatter)

    assert list(methods["chat_post_message"]["inputSchema"]["properties"]) == ["channel", "as_user", "blocks"]
    assert "chat_post_message: 'token' is left out: the connection sends the token" in chatter.warnings


def test_a_refusal_with_status_200_is_recognised_by_what_a_success_must_say(chatter):
    refusal = methods_of(chatter)["chat_post_message"]["request"]["refusal"]

    verdicts = {reason: item["verdict"] for item in refusal["verdicts"] for reason in item["reasons"]}

    assert (refusal["pointer"], refusal["reason"]) == ("/ok", "/error")
    assert verdicts == {
        "not_authed": "auth_failed",
        "token_revoked": "auth_failed",
        "rate_limited": "rate_limited",
        "channel_not_found": "not_found",
        "invalid_arguments": "invalid_input",
        "fatal_error": "unavailable",
    }
    assert "refusal" not in methods_of(chatter)["chat_list"]["request"]


def test_the_author_of_a_document_says_how_lists_are_read(imported):
    method = methods_of(imported("depot.yaml"))["list_parcels"]

    assert method["request"]["output"] == "/parcels"
    assert method["request"]["pagination"] == {
        "kind": "cursor",
        "parameter": "after",
        "next": "/next",
        "sizeParameter": "limit",
        "size": 2,
    }
    assert method["outputSchema"]["items"] == {"$ref": "#/$defs/Parcel"}
    assert set(method["inputSchema"]["properties"]) == {"state", "x_branch"}, "the pages are not the caller's to turn"


def test_an_example_is_a_call_that_would_be_accepted(imported):
    methods = methods_of(imported("ledger.json", config=("ledger-tenant-id",)))

    assert methods["create_attachment"]["example"] == (
        "ledger_accounting.create_attachment(InvoiceID='...', FileName='...', body='...')"
    )


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"tags": ("PARCELS",)}, ["list_parcels", "create_parcel", "get_parcel", "delete_parcel"]),
        ({"operations": ("getParcel", "DELETE /parcels/{parcelId}")}, ["get_parcel", "delete_parcel"]),
        ({"operations": ("create_parcel",)}, ["create_parcel"]),
    ],
)
def test_operations_are_chosen_by_tag_and_id(imported, choice, expected):
    assert list(methods_of(imported("depot.yaml", **choice))) == expected


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"tags": ("parcel",)}, "no tag 'parcel'; did you mean 'parcels'"),
        ({"operations": ("getParcell",)}, "did you mean 'getParcel'"),
        ({"server": "depot.example"}, "--server https://"),
        ({"auth": "magic"}, "write bearer, basic, none, header:NAME or query:NAME"),
        ({"name": "Depot"}, "definition would not be valid"),
    ],
)
def test_a_choice_that_cannot_be_met_is_refused(imported, choice, said):
    with pytest.raises(DocumentInvalid, match=said):
        imported("depot.yaml", **choice)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "no `openapi` and no `swagger`"),
        ({"openapi": "4.0.0"}, "OpenAPI 3 and Swagger 2.0"),
        ({"swagger": "1.2"}, "OpenAPI 3 and Swagger 2.0"),
        ({"openapi": "3.0.0", "paths": {}}, "no paths"),
        ({"openapi": "3.0.0", "paths": {"/x": {"get": {}}}}, "names no server"),
        ({"openapi": "3.0.0", "servers": [{"url": "/v1"}], "paths": {"/x": {"get": {}}}}, "its server is '/v1'"),
        ({"openapi": "3.1.0", "webhooks": {"x": {}}, "paths": {}}, "only webhooks, which call you"),
        (
            {"openapi": "3.0.0", "servers": [{"url": "https://{t.x.example"}], "paths": {"/x": {"get": {}}}},
            "its server is",
        ),
    ],
)
def test_an_invalid_document_is_refused(document, said):
    with pytest.raises(DocumentInvalid, match=said):
        import_document(document, Choice())


CIRCLE = {"$ref": "#/components/schemas/Circle"}
WRONG = {
    "parameters is text": {"parameters": "x"},
    "a parameter is text": {"parameters": ["x"]},
    "a parameter has no target": {"parameters": [{"$ref": "#/nowhere"}]},
    "a schema is text": {"requestBody": {"content": {"application/json": {"schema": "x"}}}},
    "a body is text": {"requestBody": "x"},
    "security is text": {"security": "x", "parameters": [{"in": "cookie", "name": "a", "required": True}]},
    "pagination is text": {"x-wren-pagination": "x"},
    "pagination is wrong": {"x-wren-pagination": {"kind": "magic"}},
    "the output is no pointer": {"x-wren-output": "items"},
    "the body is mixed": {"requestBody": {"content": {"multipart/mixed": {}}}},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_one_wrong_operation_does_not_cost_the_others(wrong):
    document = {
        "openapi": "3.1.0",
        "info": {"title": "T"},
        "servers": [{"url": "https://x.example"}],
        "paths": {"/right": {"get": {"summary": "Right"}}, "/wrong": {"post": {"summary": "Wrong", **wrong}}},
        "components": {"schemas": {"Circle": {"anyOf": [CIRCLE]}}},
    }

    found = import_document(document, Choice())

    assert list(found.operations.values()) == ["GET /right"]
    assert [item.operation for item in found.skipped] == ["POST /wrong"]
    assert found.skipped[0].reason


def test_one_large_document_takes_seconds_and_not_minutes():
    """Fifty operations whose answers hang together: nothing grows with the square of it."""
    schemas = {f"S{n}": linked(f"S{(n * 7 + i) % 200}" for i in range(4)) for n in range(200)}
    paths = {f"/p{n}": {"get": {"summary": "Read", "responses": {"200": answering(f"S{n}")}}} for n in range(50)}
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Large"},
        "servers": [{"url": "https://x.example"}],
        "paths": paths,
        "components": {"schemas": schemas},
    }

    found = import_document(document, Choice())

    sizes = [len(json.dumps(method)) for method in found.definition.methods]
    assert len(sizes) == 50
    assert max(sizes) < 100_000


def linked(names):
    properties = {f"to_{name}": {"$ref": f"#/components/schemas/{name}"} for name in names}
    return {"type": "object", "properties": properties}


def answering(name):
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


@pytest.mark.parametrize(
    ("server", "is_reported"),
    [("http://api.depot.example", True), ("https://api.depot.example", False), ("http://127.0.0.1:8080", False)],
)
def test_a_server_without_tls_gets_a_warning(imported, server, is_reported):
    warnings = imported("depot.yaml", server=server).warnings

    assert any("does not use TLS" in text for text in warnings) == is_reported


def test_a_scope_called_none_is_none(chatter):
    assert chatter.definition.oauth2_config["scopes"] == ["chat:write", "files:write"]
    assert methods_of(chatter)["rooms_replace"]["scopes"] == []
