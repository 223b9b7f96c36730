import pytest

from wren_core.contract.definition import IntegrationDefinition
from wren_core.declarative.integration import declared_integration
from wren_core.declarative.unbound import NoHandler, handler_notes, is_unbound, unbound_methods
from wren_core.errors import DefinitionInvalid, MethodUnknown


def definition():
    method = {
        "id": "create_invoice",
        "name": "Create Invoice",
        "description": "Create an invoice.",
        "inputSchema": {"type": "object", "properties": {"contact-id": {}, "total": {"type": "number"}}},
    }
    return IntegrationDefinition.from_wire({"integrationId": "ledger", "name": "Ledger", "methods": [method]})


def test_a_definition_without_requests_is_an_integration_that_cannot_be_called():
    ledger = declared_integration(definition()).create()

    with pytest.raises(NoHandler, match=r"ledger\.create_invoice has no handler") as caught:
        ledger.create_invoice(total="not even a number", nothing=1)

    assert caught.value.code == "NO_HANDLER"
    assert "installs a plugin of that name" in caught.value.message
    assert "definitions add" in caught.value.message


def test_a_method_that_is_not_declared_is_unknown_all_the_same():
    with pytest.raises(MethodUnknown):
        declared_integration(definition()).create().invoke("void", {})


def test_a_request_makes_the_method_callable():
    bound = definition().to_wire()
    bound["baseUrl"], bound["hosts"] = "https://ledger.example", ["ledger.example"]
    bound["methods"][0]["inputSchema"] = {"type": "object", "properties": {}, "additionalProperties": False}
    bound["methods"][0]["request"] = {"method": "POST", "path": "/invoices"}

    integration = declared_integration(IntegrationDefinition.from_wire(bound))

    assert unbound_methods(integration.spec) == ()


def test_one_bound_method_needs_an_address_and_leaves_the_others_without_a_handler():
    bound = definition().to_wire()
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    get = {"id": "get", "name": "Get", "description": "Get.", "inputSchema": closed}
    bound["methods"].append({**get, "request": {"method": "GET", "path": "/x"}})

    with pytest.raises(DefinitionInvalid, match="baseUrl is missing"):
        declared_integration(IntegrationDefinition.from_wire(bound))

    bound["baseUrl"], bound["hosts"] = "https://ledger.example", ["ledger.example"]
    spec = declared_integration(IntegrationDefinition.from_wire(bound)).spec

    assert (unbound_methods(spec), is_unbound(spec)) == (("create_invoice",), False)


def test_a_broken_schema_is_refused_without_a_request_too():
    broken = definition().to_wire()
    broken["methods"][0]["inputSchema"] = {"type": "nonsense"}

    with pytest.raises(DefinitionInvalid, match="create_invoice, input schema"):
        declared_integration(IntegrationDefinition.from_wire(broken))


def test_the_note_names_the_methods_and_is_left_out_where_all_are_performed():
    assert handler_notes("ledger", ["pay"])[0].startswith("ledger has no handler for pay")
    assert handler_notes("ledger", []) == []
