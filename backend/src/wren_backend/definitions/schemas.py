"""Wire shapes of definitions."""

from pydantic import ConfigDict
from pydantic.config import JsonDict

from wren_backend.http.wire import ResponseBody
from wren_core.contract.definition import IntegrationDefinition

_EXAMPLE: JsonDict = {
    "integrationId": "ledger",
    "name": "Ledger",
    "description": "Invoices and payments.",
    "version": "1.0.0",
    "type": "integration",
    "methods": [
        {
            "id": "create_invoice",
            "name": "Create Invoice",
            "description": "Create an invoice.",
            "inputSchema": {
                "type": "object",
                "properties": {"contact_id": {"type": "string", "description": "Who pays"}},
                "required": ["contact_id"],
                "additionalProperties": False,
            },
            "outputSchema": {"type": "object", "properties": {"invoice_id": {"type": "string"}}},
            "effect": "write",
        }
    ],
    "configSchema": {
        "type": "object",
        "properties": {"tenant_id": {"type": "string"}, "invoice_prefix": {"type": "string", "default": "INV-"}},
        "required": ["tenant_id"],
    },
    "authType": "oauth2",
    "oauth2Config": {
        "provider": "ledger",
        "authorizationUrl": "https://login.ledger.example/authorize",
        "tokenUrl": "https://login.ledger.example/token",
        "scopes": ["accounting"],
        "additionalParameters": {"prompt": "consent"},
    },
    "aiConfig": None,
}


class DefinitionRead(IntegrationDefinition):
    """A definition as it is exported and imported: what an integration offers, and how it is connected.

    The keys inside `methods`, `credentials`, `triggers` and the configurations of `authType` and `type` are camelCase,
    those inside schemas are the author's.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})


class DefinitionList(ResponseBody):
    """Definitions, by integration."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"definitions": [_EXAMPLE]}]})

    definitions: list[DefinitionRead]
