import importlib.metadata
import tomllib
from pathlib import Path

import pytest

from wren_core.export.tools import anthropic_tool, mcp_tool, openai_tool
from wren_core.plugins.discovery import discover
from wren_core.testing import IntegrationContract
from wren_slack import Slack
from wren_slack.fake import FakeSlack

HOME = Path(__file__).parents[1]


class TestSlack(IntegrationContract):
    integration = Slack


def test_the_installed_distribution_offers_the_integration_and_its_fake():
    (fake,) = importlib.metadata.entry_points(group="wren.fakes", name="slack")

    found = discover(["slack"])

    assert [(plugin.name, plugin.distribution, plugin.integration) for plugin in found.loaded] == [
        ("slack", "wren-slack", Slack)
    ]
    assert found.failed == ()
    assert fake.load() is FakeSlack


def test_the_fake_needs_no_arguments_and_has_the_integrations_name():
    fake = FakeSlack()

    assert fake.name == Slack.spec.name
    assert fake.workspace.find("general").is_member
    assert len(fake.oauth.users) == 2


def test_metadata_have_at_most_twenty_lines():
    text = (HOME / "pyproject.toml").read_text()

    assert sum(1 for line in text.splitlines() if line.strip()) <= 20
    assert set(tomllib.loads(text)) == {"project", "build-system", "tool"}
    assert list(tomllib.loads(text)["tool"]) == ["hatch"]


def test_the_authorization_request_has_slacks_parameters():
    spec = Slack.full_spec()

    assert spec.auth.scope_separator == ","
    assert spec.oauth_provider == "slack"
    assert spec.get_env_mapping() == {
        "access_token": "SLACK_ACCESS_TOKEN",
        "refresh_token": "SLACK_REFRESH_TOKEN",
    }
    assert spec.credentials[0].refresh_env_var == "SLACK_REFRESH_TOKEN"
    assert spec.hosts == ("slack.com", "files.slack.com")
    addresses = (spec.base_url, spec.auth.authorization_url, spec.auth.token_url, spec.auth.revoke_url)
    assert all(address.startswith("https://slack.com/") for address in addresses)


@pytest.mark.parametrize("method_id", list(Slack.methods()))
def test_everything_about_a_method_is_described(method_id):
    method = Slack.full_spec().method(method_id)
    parameters = method.input_schema["properties"]
    records = method.output_schema.get("$defs", {}).values()
    outputs = [item for schema in [method.output_schema, *records] for item in schema.get("properties", {}).items()]

    assert method.description.endswith(".")
    assert method.example.startswith(f"slack.{method_id}(")
    assert method.scopes
    assert [name for name, schema in parameters.items() if not schema.get("description")] == []
    assert outputs
    assert [name for name, schema in outputs if not schema.get("description")] == []


def test_each_setting_is_described():
    settings = Slack.full_spec().config_schema["properties"]

    assert set(settings) == {"default_channel", "timeout_seconds"}
    assert all(schema["description"] for schema in settings.values())


def test_effects_are_declared_correctly():
    methods = Slack.full_spec().methods
    by_effect = {effect: {m.id for m in methods if m.effect == effect} for effect in ("read", "write", "destructive")}

    assert by_effect["read"] == {"history", "thread", "channels", "users", "user"}
    assert by_effect["write"] == {"post", "reply", "update", "react", "upload"}
    assert by_effect["destructive"] == {"delete"}
    assert {m.id for m in methods if m.idempotent and m.effect != "read"} == {"update", "react"}
    assert {m.id for m in methods if m.undo} == {"post", "reply"}
    assert {m.id for m in methods if m.requires_approval} == {"delete"}


@pytest.mark.parametrize("method_id", list(Slack.methods()))
def test_every_method_exports_as_a_tool(method_id):
    method = Slack.full_spec().method(method_id)
    names = set(method.input_schema["properties"])

    strict = openai_tool("slack", method)["function"]

    assert strict["name"] == f"slack_{method_id}"
    # Strict mode does not support free-form objects (`blocks`) and bytes (`content`).
    assert strict["strict"] is (method_id not in ("post", "upload"))
    assert set(strict["parameters"]["properties"]) == names
    assert set(anthropic_tool("slack", method)["input_schema"]["properties"]) == names
    assert mcp_tool("slack", method)["outputSchema"]["type"] == "object"
