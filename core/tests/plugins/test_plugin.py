import json
import re

import pytest

from wren_core import Integration, IntegrationSpec, method
from wren_core.contract.definition import IntegrationDefinition
from wren_core.errors import PluginFailed
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.plugin import StoredPlugin, document_of


class Mail(Integration):
    """Mail."""

    spec = IntegrationSpec(name="mail", display_name="Mail ✉", type="documents")

    @method
    def send(self, to: str, subject: str = "", attachments: list[str] | None = None) -> str:
        """Send a message."""
        return to


LOADED = LoadedPlugin(name="mail", distribution="wren-mail", version="1.2rc1", integration=Mail)


def stored(document=None, load=None):
    return StoredPlugin(
        name="mail",
        distribution="wren-mail",
        version="1.2rc1",
        integration_type="documents",
        document=LOADED.document if document is None else document,
        load=load or pytest.fail,
    )


def test_a_stored_plugin_equals_the_loaded_one():
    plugin = stored()

    assert plugin.spec == LOADED.spec
    assert plugin.document == LOADED.document == document_of(plugin.spec)
    assert (plugin.integration_type, LOADED.integration_type) == ("documents", "documents")


def test_a_loaded_plugin_has_its_distributions_version_as_a_semantic_one():
    assert LOADED.spec.version == "1.2.0-rc.1"
    assert json.loads(LOADED.document)["version"] == "1.2.0-rc.1"


def test_the_order_of_parameters_survives():
    assert list(stored().spec.methods[0].input_schema["properties"]) == ["to", "subject", "attachments"]


def test_a_document_is_plain_ascii():
    assert LOADED.document.isascii()
    assert stored().spec.display_name == "Mail ✉"


def test_a_stored_definition_is_parsed_once_on_first_use(monkeypatch):
    parsed, parse = [], IntegrationDefinition.model_validate_json
    monkeypatch.setattr(IntegrationDefinition, "model_validate_json", lambda text: parsed.append(text) or parse(text))
    plugin = stored()

    assert (plugin.name, plugin.integration_type, parsed) == ("mail", "documents", [])
    assert plugin.spec is plugin.spec
    assert len(parsed) == 1


def test_the_class_is_loaded_once_on_first_use():
    loads = []
    plugin = stored(load=lambda: loads.append(1) or Mail)

    assert plugin.spec.name == "mail"
    assert loads == []
    assert plugin.integration is plugin.integration is Mail
    assert loads == [1]


@pytest.mark.parametrize(
    "document", ["", "{", "[]", '{"integrationId": "mail"}', '{"integrationId": "M", "name": "x"}']
)
def test_an_invalid_stored_definition_is_a_failure_of_its_plugin(document):
    with pytest.raises(PluginFailed, match="the stored definition of 'mail' cannot be read") as caught:
        _ = stored(document).spec

    assert caught.value.details["distribution"] == "wren-mail"


def test_a_repr_does_not_hold_the_document():
    assert not re.search("inputSchema|definition", repr(stored()))


def test_a_schema_without_a_json_form_has_no_document():
    odd = {"properties": {"a": {"default": object()}}}
    spec = IntegrationSpec(name="odd", display_name="Odd", config_schema=odd)

    with pytest.raises(ValueError, match="serialize"):
        document_of(spec)
