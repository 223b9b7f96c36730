from dataclasses import replace
from typing import Annotated

import pytest

from wren_backend.connections.service import ConnectionService, ConnectRequest
from wren_core import CredentialSpec, CredentialType, Integration, IntegrationConfig, IntegrationSpec
from wren_core.contract.definition import IntegrationDefinition
from wren_core.errors import ConfigInvalid
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.plugin import StoredPlugin
from wren_core.plugins.registry import Registry

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Paging(IntegrationConfig):
    """How much at once."""

    size: Annotated[int, "Rows of one page"] = 50


class Ledger(Integration):
    """Keep books."""

    spec = IntegrationSpec(
        name="ledger",
        display_name="Ledger",
        credentials=(CredentialSpec(key="key", type=CredentialType.API_KEY, env_var="LEDGER_KEY"),),
    )

    class Config(IntegrationConfig):
        """Which books."""

        tenant: str
        paging: Paging = Paging()


LOADED = LoadedPlugin(name="ledger", distribution="wren-ledger", version="1.0", integration=Ledger)
STORED = StoredPlugin(
    name="ledger",
    distribution="wren-ledger",
    version="1.0",
    integration_type="integration",
    document=LOADED.document,
    load=lambda: pytest.fail("the class is not needed to check a configuration"),
)


@pytest.fixture
def service_with(context):
    """Make the use cases over an integration that is known from its stored definition only."""

    def make(operators=None):
        registry = Registry(loaded={"ledger": STORED}, failed={})
        return ConnectionService(replace(context, registry=registry, configured={"ledger": operators or {}}))

    return make


def connect(service, subject, config):
    request = ConnectRequest(integration="ledger", config=config, values={"key": "k"})
    return service.create(subject, request).connection


@sqlite_only
def test_a_configuration_is_checked_without_the_class_and_kept_as_it_was_given(service_with, subject):
    service = service_with()

    connection = connect(service, subject, {"tenant": "acme"})
    changed = service.change(subject, connection.id, config={"tenant": "acme", "paging": {"size": 7}})

    assert connection.config == {"tenant": "acme"}
    assert changed.config == {"tenant": "acme", "paging": {"size": 7}}


@sqlite_only
@pytest.mark.parametrize(
    ("config", "field", "reason", "nearest"),
    [
        ({}, "tenant", "is missing", None),
        ({"tenant": 7}, "tenant", "must be string", None),
        ({"tenant": "a", "tenent": "b"}, "tenent", "is unknown", "tenant"),
        ({"tenant": "a", "paging": {"sise": 7}}, "paging.sise", "is unknown", "size"),
        ({"tenant": "a", "paging": {"size": "7"}}, "paging.size", "must be integer", None),
    ],
)
def test_what_does_not_fit_is_named_when_it_is_made_and_when_it_is_changed(
    service_with, subject, config, field, reason, nearest
):
    service = service_with()
    connection = connect(service, subject, {"tenant": "acme"})

    with pytest.raises(ConfigInvalid) as made:
        connect(service, subject, config)
    with pytest.raises(ConfigInvalid) as changed:
        service.change(subject, connection.id, config=config)

    assert made.value.details == changed.value.details
    assert [made.value.details[key] for key in ("field", "reason", "nearest")] == [field, reason, nearest]


@sqlite_only
def test_what_the_operator_configured_need_not_be_given_again(service_with, subject):
    service = service_with({"tenant": "of the operator"})

    connection = connect(service, subject, {"paging": {"size": 7}})

    assert connection.config == {"paging": {"size": 7}}


def test_the_definition_that_is_checked_is_the_one_that_is_stored():
    stored = IntegrationDefinition.model_validate_json(STORED.document)

    assert stored.config_schema["properties"]["paging"]["default"] == {"size": 50}
    assert stored.config_schema["$defs"]["Paging"]["properties"]["size"]["description"] == "Rows of one page"
