import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from wren_core.export.tools import anthropic_tool, mcp_tool, openai_tool
from wren_core.plugins.discovery import discover
from wren_core.testing import IntegrationContract
from wren_gmail import Gmail
from wren_gmail.fake import FakeGmail

HOME = Path(__file__).parents[1]


class TestGmail(IntegrationContract):
    integration = Gmail


def test_neither_the_fake_nor_an_instance_imports_the_client_library():
    program = "import sys, wren_gmail.fake; wren_gmail.Gmail.create(); print('httpx2' in sys.modules)"

    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "False"


def test_the_installed_distribution_offers_the_integration_and_its_fake():
    (fake,) = importlib.metadata.entry_points(group="wren.fakes", name="gmail")

    found = discover(["gmail"])

    assert [(plugin.name, plugin.distribution, plugin.integration) for plugin in found.loaded] == [
        ("gmail", "wren-gmail", Gmail)
    ]
    assert found.failed == ()
    assert fake.load() is FakeGmail


def test_the_fake_needs_no_arguments_and_has_the_integrations_name():
    fake = FakeGmail()

    assert fake.name == Gmail.spec.name
    assert [user.email for user in fake.oauth.users] == ["alice@example.com", "bob@example.com"]


def test_metadata_have_at_most_twenty_lines():
    text = (HOME / "pyproject.toml").read_text()

    assert sum(1 for line in text.splitlines() if line.strip()) <= 20
    assert set(tomllib.loads(text)) == {"project", "build-system", "tool"}


def test_the_authorization_request_has_googles_parameters():
    spec = Gmail.full_spec()

    assert spec.oauth_provider == "google"
    assert spec.auth.additional_parameters == {"access_type": "offline", "prompt": "consent"}
    assert spec.auth.authorization_url == "https://accounts.google.com/o/oauth2/v2/auth"
    assert spec.auth.token_url == "https://oauth2.googleapis.com/token"
    assert spec.auth.revoke_url == "https://oauth2.googleapis.com/revoke"
    assert spec.base_url == "https://gmail.googleapis.com"
    assert spec.hosts == ("gmail.googleapis.com",)
    assert spec.get_env_mapping() == {
        "access_token": "GMAIL_ACCESS_TOKEN",
        "refresh_token": "GMAIL_REFRESH_TOKEN",
    }
    assert (spec.credentials[0].refresh_key, spec.credentials[0].refresh_env_var) == (
        "refresh_token",
        "GMAIL_REFRESH_TOKEN",
    )


def test_each_setting_is_described():
    settings = Gmail.full_spec().config_schema["properties"]

    assert set(settings) == {"sender", "max_attachment_mb"}
    assert all(schema["description"] for schema in settings.values())


def test_effects_are_declared_correctly():
    methods = Gmail.full_spec().methods
    by_effect = {effect: {m.id for m in methods if m.effect == effect} for effect in ("read", "write", "destructive")}

    assert by_effect["read"] == {"inbox", "search", "get", "html_body", "thread", "attachments", "labels"}
    assert by_effect["write"] == {"change_labels", "mark_read", "mark_unread", "send", "reply", "draft"}
    assert by_effect["destructive"] == {"discard_draft"}
    assert {m.id for m in methods if m.idempotent} - by_effect["read"] == {"change_labels", "mark_read", "mark_unread"}
    assert {m.id for m in methods if m.undo} == {"change_labels", "mark_read", "mark_unread", "draft"}
    assert {m.id for m in methods if m.requires_approval} == {"discard_draft"}


@pytest.mark.parametrize("method_id", list(Gmail.methods()))
def test_everything_about_a_method_is_described(method_id):
    method = Gmail.full_spec().method(method_id)
    schemas = [method.input_schema, method.output_schema]
    records = [record for schema in schemas for record in schema.get("$defs", {}).values()]
    named = [item for schema in [*schemas, *records] for item in schema.get("properties", {}).items()]

    assert method.description.endswith(".")
    assert len(method.description) < 120
    assert method.example
    assert f"gmail.{method_id}(" in method.example
    assert method.scopes
    assert [name for name, schema in named if not schema.get("description")] == []


@pytest.mark.parametrize("method_id", list(Gmail.methods()))
def test_no_schema_contains_bytes_html_or_headers(method_id):
    method = Gmail.full_spec().method(method_id)
    records = {**method.input_schema.get("$defs", {}), **method.output_schema.get("$defs", {})}
    fields = {name for record in records.values() for name in record["properties"]}

    assert {"content", "headers", "html"}.isdisjoint(fields | set(method.output_schema.get("properties", {})))
    assert "base64" not in f"{method.input_schema} {method.output_schema}"


@pytest.mark.parametrize("method_id", list(Gmail.methods()))
def test_every_method_exports_as_a_tool(method_id):
    method = Gmail.full_spec().method(method_id)
    names = set(method.input_schema["properties"])

    strict = openai_tool("gmail", method)["function"]

    assert strict["name"] == f"gmail_{method_id}"
    assert strict["strict"] is ("path" not in str(method.input_schema))  # strict mode does not support file paths
    assert set(strict["parameters"]["properties"]) == names
    assert set(anthropic_tool("gmail", method)["input_schema"]["properties"]) == names
    assert mcp_tool("gmail", method)["outputSchema"]["type"] == "object"
