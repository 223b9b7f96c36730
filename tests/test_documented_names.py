"""The names that scripts, tests and documents rely on: each one with its value, and two definitions that must load."""

import json
from pathlib import Path

import pytest

import wren
from servers.backend import backend
from servers.google import google
from wren.runner.script_report import check_script
from wren_anthropic import Anthropic
from wren_backend.integrations import get_integration, list_integrations
from wren_core import AIIntegration, CredentialSpec, CredentialType, IntegrationSpec
from wren_core.contract.definition import IntegrationDefinition
from wren_core.declarative.integration import declared_integration
from wren_core.declarative.unbound import NoHandler
from wren_core.export.docs import AuthType, IntegrationDocs, MethodDoc, ParamDoc
from wren_openai import OpenAI

REFERENCE = ["cron", "gmail", "messaging", "slack"]
XERO = {
    "integrationId": "xero",
    "name": "Xero Accounting",
    "description": "Invoices and contacts",
    "version": "1.0.0",
    "methods": [
        {
            "id": "create_invoice",
            "name": "Create Invoice",
            "description": "Create an invoice",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "contact_id": {"type": "string", "description": "Contact"},
                    "line_items": {"type": "array", "items": {"type": "object"}},
                },
                "required": ["contact_id", "line_items"],
            },
            "outputSchema": {
                "type": "object",
                "properties": {
                    "invoice_id": {"type": "string"},
                    "invoice_number": {"type": "string"},
                    "status": {"type": "string"},
                },
            },
        }
    ],
    "configSchema": {
        "type": "object",
        "properties": {
            "tenant_id": {"type": "string", "description": "Tenant"},
            "invoice_prefix": {"type": "string", "default": "INV-", "description": "Prefix"},
        },
    },
    "authType": "oauth2",
    "oauth2Config": {
        "authorizationUrl": "https://login.xero.com/identity/connect/authorize",
        "tokenUrl": "https://identity.xero.com/connect/token",
        "scopes": ["accounting.transactions"],
        "additionalParameters": {},
    },
    "aiConfig": None,
}
CREDIT = {"type": "object", "properties": {"cost": {"type": "number"}}}
ANTHROPIC = {
    "integrationId": "anthropic",
    "name": "Anthropic",
    "description": "Models that write",
    "version": "1.0.0",
    "type": "ai",
    "methods": [
        {
            "id": "complete",
            "name": "Complete",
            "description": "Answer a prompt",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "prompt": {"type": "string"},
                    "modelId": {"type": "string"},
                    "maxTokens": {"type": "integer"},
                    "temperature": {"type": "number"},
                },
                "required": ["prompt"],
            },
            "outputSchema": {
                "type": "object",
                "properties": {
                    "completion": {"type": "string"},
                    "usage": {
                        "type": "object",
                        "properties": {
                            "promptTokens": {"type": "integer"},
                            "completionTokens": {"type": "integer"},
                            "totalTokens": {"type": "integer"},
                            "cost": {"type": "number"},
                        },
                    },
                },
            },
        },
        {
            "id": "generate_image",
            "name": "Generate Image",
            "description": "Make an image",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "prompt": {"type": "string"},
                    "modelId": {"type": "string"},
                    "width": {"type": "integer"},
                    "height": {"type": "integer"},
                    "quality": {"type": "string", "enum": ["standard", "hd"]},
                },
                "required": ["prompt"],
            },
            "outputSchema": {"type": "object", "properties": {"image": {"type": "string"}, "usage": CREDIT}},
        },
    ],
    "configSchema": {
        "type": "object",
        "properties": {
            "defaultTemperature": {"type": "number", "default": 0.7},
            "defaultMaxTokens": {"type": "integer", "default": 1000},
        },
    },
    "authType": "apikey",
    "aiConfig": {
        "provider": "anthropic",
        "availableModels": [
            {
                "id": "claude-x",
                "name": "Claude X",
                "description": "Writes",
                "capabilities": ["text", "vision"],
                "inputFormats": ["text/plain"],
                "outputFormats": ["text/plain"],
                "costPerToken": {"input": 0.000003, "output": 0.000015},
            },
            {
                "id": "claude-draws",
                "name": "Claude Draws",
                "capabilities": ["image_generation"],
                "costPerImage": {"standard": 0.04, "hd": 0.08},
            },
        ],
        "defaultModel": "claude-x",
    },
}
EXAMPLES = [XERO, ANTHROPIC]
READS_REFRESH_TOKEN = """
import os, wren
gmail = wren.integrations.gmail.init()

@wren.on_schedule("0 9 * * *")
def look():
    token = os.environ.get("GMAIL_REFRESH_TOKEN", "")
    print("variable:", token)
    return {"has_it": bool(token), "is_same": gmail.credentials.get("refresh_token", "") == token}
"""


# --- wren.integrations ----------------------------------------------------------------------------------------------


def test_list_returns_plain_names_sorted():
    names = wren.integrations.list()

    assert [name for name in names if name in REFERENCE] == REFERENCE
    assert names == sorted(names)
    assert {type(name) for name in names} == {str}


def test_the_documents_of_an_integration_have_the_documented_members():
    docs = wren.integrations.get_docs("gmail")

    assert isinstance(docs, IntegrationDocs)
    assert (docs.name, docs.auth_type) == ("gmail", "oauth")
    assert docs.description
    assert isinstance(docs.methods, list)
    assert {type(method) for method in docs.methods} == {MethodDoc}
    assert isinstance(docs.init_params, list)
    assert [param.name for param in docs.init_params] == ["sender", "max_attachment_mb"]
    assert docs.init_params[1].default == "25"
    assert docs.example.startswith("import wren\n")


def test_the_members_of_methods_and_parameters_are_the_documented_ones():
    search = next(item for item in wren.integrations.get_docs("gmail").methods if item.name == "search")

    assert (search.description, search.returns) == (search.description.strip(), "list[Email]")
    assert 'gmail.search("' in search.example
    assert isinstance(search.params, list)
    assert [(param.name, param.type, param.required, param.default) for param in search.params] == [
        ("query", "str", True, None),
        ("limit", "int", False, "10"),
    ]
    assert all(param.description for param in search.params)
    assert ParamDoc(name="x", type="str").required is True


def test_all_documents_or_some_are_rendered_as_markdown():
    everything, some = wren.integrations.render_docs(), wren.integrations.render_docs(["gmail", "slack"])

    titles = [line for line in everything.splitlines() if line in ("# Gmail", "# Slack", "# Cron", "# Events")]
    assert sorted(titles) == ["# Cron", "# Events", "# Gmail", "# Slack"]
    assert some.index("# Gmail") < some.index("# Slack")
    assert "# Cron" not in some


@pytest.mark.parametrize("name", wren.integrations.list())
def test_the_example_of_every_shipped_integration_is_a_complete_script(name, tmp_path):
    docs = wren.integrations.get_docs(name)
    script = tmp_path / "example.py"
    script.write_text(docs.example)

    compile(docs.example, name, "exec")
    report = check_script(script)

    assert [finding.message for finding in report.findings] == []
    assert f"wren.integrations.{name}.init(" in docs.example
    assert any(f"{name}.{method.name}(" in docs.example for method in docs.methods)
    assert all(f"{param.name}=" in docs.example for param in docs.init_params if param.required)


@pytest.mark.parametrize("name", wren.integrations.list())
def test_types_in_documents_are_pythons(name):
    docs = wren.integrations.get_docs(name)
    fields = [*docs.init_params, *(field for record in docs.records for field in record.fields)]
    types = [*(item.returns for item in docs.methods), *(item.type for m in docs.methods for item in m.params)]

    for text in [*types, *(field.type for field in fields)]:
        compile(text, name, "eval")
        assert not {"string", "integer", "array", "object", "null"} & set(text.replace("[", " ").split()), text


def test_records_that_methods_take_are_described():
    taken = [record for record in wren.integrations.get_docs("openai").records if record.is_taken]

    assert {"ChatMessage", "ToolDefinition"} <= {record.name for record in taken}


# --- wren_backend.integrations --------------------------------------------------------------------------------------


def test_the_backend_names_and_finds_the_installed_integrations(monkeypatch):
    monkeypatch.setenv("WREN_PUBLIC_URL", "https://wren.example")

    spec = get_integration("gmail")

    assert [name for name in list_integrations() if name in REFERENCE] == REFERENCE
    assert isinstance(spec, IntegrationSpec)
    assert all(isinstance(scope, str) for scope in spec.oauth_scopes)
    assert {scope.rpartition("/")[2] for scope in spec.oauth_scopes} >= {"gmail.readonly", "gmail.send"}
    assert spec.get_setup_url("user123") == "https://wren.example/integrations/gmail/setup?user=user123"
    assert spec.get_env_mapping() == {"access_token": "GMAIL_ACCESS_TOKEN", "refresh_token": "GMAIL_REFRESH_TOKEN"}
    assert get_integration("slack").get_env_mapping() == {
        "access_token": "SLACK_ACCESS_TOKEN",
        "refresh_token": "SLACK_REFRESH_TOKEN",
    }


def test_a_name_that_is_not_installed_is_answered_with_the_nearest():
    with pytest.raises(wren.IntegrationUnknown, match="did you mean 'gmail'"):
        get_integration("gmial")


# --- the table ------------------------------------------------------------------------------------------------------


def test_the_kinds_of_connections_and_credentials_have_the_documented_values():
    auth = {item.name: item.value for item in AuthType}

    assert auth.items() >= {"NONE": "none", "OAUTH": "oauth", "API_KEY": "api_key", "TOKEN": "token"}.items()
    assert {item.name: item.value for item in CredentialType} == {
        "OAUTH2": "oauth2",
        "API_KEY": "api_key",
        "TOKEN": "token",
        "BASIC_AUTH": "basic_auth",
        "CUSTOM": "custom",
    }


@pytest.mark.parametrize(
    ("model", "members"),
    [
        (IntegrationDocs, "name description auth_type methods init_params example"),
        (MethodDoc, "name description params returns example"),
        (ParamDoc, "name type description required default"),
        (CredentialSpec, "key type description env_var required oauth_scopes refresh_key refresh_env_var"),
        (
            IntegrationSpec,
            "name display_name description credentials oauth_provider oauth_scopes setup_url_template docs_url",
        ),
    ],
)
def test_the_classes_have_the_documented_fields(model, members):
    assert set(members.split()) <= set(model.model_fields)


def test_a_local_script_reads_the_refresh_token_where_its_variable_is_set(monkeypatch):
    monkeypatch.setenv("GMAIL_ACCESS_TOKEN", "access")
    without = wren.integrations.gmail.init().credentials
    monkeypatch.setenv("GMAIL_REFRESH_TOKEN", "refresh")
    with_it = wren.integrations.gmail.init().credentials

    assert without.get("refresh_token") is None
    assert with_it["refresh_token"] == "refresh"
    assert "refresh" in with_it.secrets


# --- through a real backend -----------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_a_run_gets_the_refresh_token_only_where_an_operator_asks_for_it(tmp_path):
    asks = {"WREN_INTEGRATIONS__GMAIL__PASS_REFRESH_TOKEN": "1"}
    with google() as provider:
        with backend(tmp_path, provider.variables) as server:
            provider.connect(server)
            deployed = server.deploy(READS_REFRESH_TOKEN, name="look")["deployment_id"]
            usual = server.finished_run(server.start_run(deployed))
            key = server.key
        with backend(tmp_path, {**provider.variables, **asks}, restarted=key) as server:
            run = server.start_run(deployed)
            asked = server.finished_run(run)
            printed = server.log_text(run)

    assert (usual["status"], usual["result"]) == ("success", {"has_it": False, "is_same": True})
    assert (asked["status"], asked["result"]) == ("success", {"has_it": True, "is_same": True})
    assert "variable: [masked]" in printed


@pytest.mark.timeout(300)
def test_definitions_without_a_handler_are_served_as_they_were_given_and_say_so_when_called(tmp_path):
    given = [{**item, "integrationId": f"{item['integrationId']}_copy"} for item in EXAMPLES]
    provided = {
        "integrationId": "ledger",
        "name": "Ledger",
        "methods": XERO["methods"],
        "oauthProvider": "acme",
        "oauthScopes": ["read"],
    }
    variables = {"WREN_PROVIDERS__ACME__CLIENT_ID": "client", "WREN_PROVIDERS__ACME__CLIENT_SECRET": "secret"}
    script = """
import wren

@wren.on_schedule("0 9 * * *")
def pay():
    anthropic = wren.integrations.anthropic_copy.init()
    try:
        anthropic.complete("hi", modelId="claude-x")
    except wren.UserFacingConfigError as exc:
        return [exc.code, exc.message]
"""
    with backend(tmp_path, variables) as server:
        said = [server.operator("definitions", "add", write(tmp_path, item)) for item in (*given, provided, *EXAMPLES)]
        listed = json.loads(server.operator("definitions", "list", "--json"))
        key = server.key
    with backend(tmp_path, variables, restarted=key) as server:
        exported = [server.get(f"/v1/definitions/{item['integrationId']}") for item in given]
        offered = {item["name"]: item for item in server.get("/v1/integrations")["integrations"]}
        table = server.wren("integrations", "list", "--remote").stdout
        ready = server.get("/readyz")
        link = server.wren("connect", "ledger", "--no-browser", "--no-wait", "--json", check=False)
        server.wren("connect", "anthropic_copy", "--value", "api_key=any-key", "--no-browser")
        valid = server.request("POST", "/v1/integrations/validate", json={"integrations": ["anthropic_copy"]}).json()
        run = server.finished_run(server.start_run(server.deploy(script, name="pay")["deployment_id"]))

    assert all(" has no handler for " in text for text in said[:3])
    assert all("performs them" in text for text in said[3:])
    assert {row["name"]: row["no_handler"] for row in listed}["xero_copy"] == ["create_invoice"]
    assert exported == given
    assert offered["anthropic_copy"]["no_handler"] == ["complete", "generate_image"]
    assert (offered["xero_copy"]["type"], offered["xero_copy"]["auth_type"]) == ("integration", "oauth2")
    assert offered["xero"]["no_handler"] == offered["anthropic"]["no_handler"] == []
    assert "anthropic_copy has no handler for complete, generate_image" in " ".join(table.split())
    assert offered["ledger"]["auth_type"] == "oauth2"
    addresses = ["WREN_PROVIDERS__ACME__AUTHORIZATION_URL", "WREN_PROVIDERS__ACME__TOKEN_URL"]
    assert ready["unconfigured"] == [{"integration": "ledger", "variables": addresses}]
    assert json.loads(link.stdout)["error"]["type"] == "UserFacingConfigError"
    assert all(variable in link.stdout for variable in addresses)
    assert valid["valid"] is True
    assert "anthropic_copy has no handler" in valid["warnings"][0]
    assert run["status"] == "success", run
    assert run["result"][0] == "NO_HANDLER"
    assert "installs a plugin of that name" in run["result"][1]


def write(folder: Path, document: dict) -> str:
    path = folder / f"{document['integrationId']}.json"
    path.write_text(json.dumps(document))
    return str(path)


# --- the two definitions --------------------------------------------------------------------------------------------


def test_xero_loads_as_it_is_written():
    integration = declared_integration(IntegrationDefinition.from_wire(XERO))
    spec = integration.full_spec()

    assert (spec.type, spec.auth_type, spec.oauth_provider) == ("integration", "oauth2", "xero")
    assert IntegrationDefinition.from_wire(XERO).to_wire() == XERO
    with pytest.raises(NoHandler, match="xero"):
        integration.create({"tenant_id": "t"}).create_invoice("c", [])


def test_anthropic_loads_as_it_is_written_and_its_key_goes_where_its_provider_wants_it():
    integration = declared_integration(IntegrationDefinition.from_wire(ANTHROPIC))
    spec = integration.full_spec()
    other = {**ANTHROPIC, "aiConfig": {**ANTHROPIC["aiConfig"], "provider": "lab"}}
    unknown = IntegrationDefinition.from_wire(other).to_spec().auth

    assert (spec.type, spec.auth_type) == ("ai", "apikey")
    assert (spec.auth.placement, spec.auth.name, spec.auth.prefix) == ("header", "x-api-key", "")
    assert (unknown.name, unknown.prefix) == ("Authorization", "Bearer ")
    assert spec.ai.available_models[1].cost_per_image.hd == 0.08
    assert spec.ai.available_models[0].context_window is None
    assert integration.create().config.model_dump() == {"defaultTemperature": 0.7, "defaultMaxTokens": 1000}
    assert IntegrationDefinition.from_wire(ANTHROPIC).to_wire() == ANTHROPIC


@pytest.mark.parametrize("integration", [Anthropic, OpenAI])
def test_the_shipped_ai_integrations_answer_to_the_ids_of_the_definition_with_its_names(integration):
    for wanted in ANTHROPIC["methods"]:
        method = integration.full_spec().method(wanted["id"])
        records = {**method.output_schema, **method.output_schema.get("$defs", {})}

        assert list(method.input_schema["properties"]) == list(wanted["inputSchema"]["properties"])
        assert list(method.output_schema["properties"]) == list(wanted["outputSchema"]["properties"])
        usage = records[method.output_schema["properties"]["usage"]["$ref"].rpartition("/")[2]]
        assert list(usage["properties"]) == list(wanted["outputSchema"]["properties"]["usage"]["properties"])
    quality = integration.full_spec().method("generate_image").input_schema["properties"]["quality"]
    assert quality["enum"] == ["standard", "hd"]
    assert issubclass(integration, AIIntegration)
