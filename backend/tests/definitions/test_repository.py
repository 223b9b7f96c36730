import json
from datetime import timedelta

import pytest
from sqlalchemy import inspect

from wren_backend.definitions import repository
from wren_backend.definitions.errors import IntegrationNameTaken
from wren_backend.definitions.models import DefinitionSource, StoredDefinition
from wren_backend.definitions.repository import Known
from wren_backend.testing import NOW
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.spec import AIConfig, AIModel, IntegrationSpec, MethodSpec, OAuth2Config
from wren_core.errors import DefinitionInvalid
from wren_core.plugins.plugin import document_of

LATER = NOW + timedelta(hours=1)
SCHEMA = {"type": "object", "properties": {"zeal": {"type": "integer"}, "also": {"default": "\u0000 \ud83d"}}}


def spec_of(name="ledger", **fields):
    return IntegrationSpec(**{"name": name, "display_name": name.title(), "version": "1.0.0", **fields})


def known(spec, *, fingerprint="f" * 64, distribution="wren-ledger"):
    return Known(
        name=spec.name,
        source=DefinitionSource.PLUGIN,
        distribution=distribution,
        distribution_version="1.0",
        fingerprint=fingerprint,
        integration_type=spec.type,
        document=document_of(spec),
    )


def replace(database, *specs, gone=(), now=NOW, **fields):
    with database.writing() as session:
        repository.replace_plugins(session, [known(spec, **fields) for spec in specs], gone=gone, now=now)


def declare(database, spec, *, now=NOW):
    with database.writing() as session:
        return repository.put_declared(session, IntegrationDefinition.from_spec(spec), now=now)


def find(database, name):
    with database.reading() as session:
        return repository.find_definition(session, name)


def listed(database):
    with database.reading() as session:
        return repository.list_known(session)


def test_the_table_is_the_one_that_was_agreed_on(database):
    inspector = inspect(database.engine)
    columns = {column["name"]: column for column in inspector.get_columns("integration_definitions")}
    indexes = {
        index["name"]: (index["column_names"], bool(index["unique"]))
        for index in inspector.get_indexes("integration_definitions")
    }
    json_type = "JSON" if database.is_sqlite else "JSONB"

    assert indexes == {
        "integration_definitions_integration_id_idx": (["integration_id"], True),
        "integration_definitions_type_idx": (["type"], False),
    }
    assert inspector.get_pk_constraint("integration_definitions")["constrained_columns"] == ["id"]
    assert [str(columns[name]["type"]) for name in ("integration_id", "name", "version", "type")] == [
        *("VARCHAR(255)", "VARCHAR(255)", "VARCHAR(50)", "VARCHAR(255)")
    ]
    assert str(columns["id"]["type"]) == ("CHAR(32)" if database.is_sqlite else "UUID")
    assert {str(columns[name]["type"]) for name in ("methods", "config_schema", "oauth2_config", "ai_config")} == {
        json_type
    }
    assert {name for name, column in columns.items() if column["nullable"]} == {"oauth2_config", "ai_config"}
    if not database.is_sqlite:
        assert columns["auth_type"]["type"].enums == ["oauth2", "apikey", "custom", "none"]


def test_a_definition_is_stored_column_by_column_and_as_it_is(database):
    auth = OAuth2Config(
        provider="ledger", authorization_url="https://l.example/a", token_url="https://l.example/t", scopes=("x",)
    )
    method = MethodSpec(id="add", name="Add", description="Add.", input_schema=SCHEMA)
    model = AIModel(id="m1", name="M1", capabilities=("text",))
    ai = AIConfig(provider="lab", available_models=(model,), default_model="m1")
    spec = spec_of(auth=auth, methods=(method,), config_schema=SCHEMA, description="Books.", type="ai", ai=ai)

    replace(database, spec)
    row = find(database, "ledger")

    assert (row.name, row.description, row.version, row.type, row.auth_type) == (
        *("Ledger", "Books.", "1.0.0", "ai", "oauth2"),
    )
    assert row.methods[0]["id"] == "add"
    assert row.config_schema["properties"]["zeal"] == {"type": "integer"}
    assert row.oauth2_config["authorizationUrl"] == "https://l.example/a"
    assert row.ai_config["defaultModel"] == "m1"
    assert (row.source, row.distribution, row.distribution_version) == ("plugin", "wren-ledger", "1.0")
    assert (row.created_at, row.updated_at) == (NOW, NOW)
    assert IntegrationDefinition.from_wire(json.loads(row.document)).to_spec() == spec
    assert row.digest == repository.digest_of(row.document)


def test_the_document_keeps_what_a_json_column_does_not(database):
    spec = spec_of(config_schema=SCHEMA)
    replace(database, spec)

    (row,) = listed(database)

    assert row.document == document_of(spec)
    assert list(json.loads(row.document)["configSchema"]["properties"]) == ["zeal", "also"]
    assert json.loads(row.document)["configSchema"] == SCHEMA


def test_what_a_start_needs_is_listed_by_name(database):
    replace(database, spec_of("zeta"), spec_of("alpha", type="database"))

    found = listed(database)

    assert [(row.name, row.source, row.integration_type) for row in found] == [
        ("alpha", DefinitionSource.PLUGIN, "database"),
        ("zeta", DefinitionSource.PLUGIN, "integration"),
    ]
    assert found[0] == known(spec_of("alpha", type="database"))


def test_a_changed_definition_keeps_its_id_and_the_moment_it_came(database):
    replace(database, spec_of())
    before = find(database, "ledger")

    replace(database, spec_of(version="2.0.0"), fingerprint="0" * 64, distribution="other", now=LATER)
    after = find(database, "ledger")

    assert (after.id, after.created_at, after.updated_at) == (before.id, NOW, LATER)
    assert (after.version, after.fingerprint, after.distribution) == ("2.0.0", "0" * 64, "other")
    assert after.digest != before.digest


def test_what_is_gone_goes_and_the_rest_stays(database):
    replace(database, spec_of("alpha"), spec_of("beta"))

    replace(database, gone=["alpha", "never_there"])

    assert [row.name for row in listed(database)] == ["beta"]


def test_long_texts_and_names_fit(database):
    replace(database, spec_of("x" * 63, display_name="n" * 255, description="d" * 100_000), distribution="p" * 300)

    (row,) = listed(database)

    assert row.distribution == "p" * 255


def test_text_that_a_column_cannot_hold_is_only_changed_there(database):
    spec = spec_of(display_name="a\x00b", description="half \ud83d")
    replace(database, spec)

    row = find(database, "ledger")

    assert (row.name, row.description) == ("a\ufffdb", "half \ufffd")
    assert IntegrationDefinition.from_wire(json.loads(row.document)).to_spec() == spec


def test_an_operators_definition_is_stored_and_replaced(database):
    first = declare(database, spec_of())
    second = declare(database, spec_of(version="1.1.0"), now=LATER)

    (row,) = listed(database)

    assert (first.version, second.version) == ("1.0.0", "1.1.0")
    assert (second.id, second.created_at, second.updated_at) == (first.id, NOW, LATER)
    assert (row.source, row.distribution, row.fingerprint) == (DefinitionSource.DECLARED, "", "")


def test_an_operators_definition_does_not_come_in_the_place_of_a_plugin(database):
    replace(database, spec_of())

    with pytest.raises(IntegrationNameTaken, match="wren-ledger offers 'ledger' already") as caught:
        declare(database, spec_of(version="9.0.0"))

    assert caught.value.code == "DUPLICATE_NAME"
    assert find(database, "ledger").version == "1.0.0"


def test_a_plugin_does_not_come_in_the_place_of_an_operators_definition(database):
    declare(database, spec_of())

    replace(database, spec_of(version="9.0.0"), gone=["ledger"])

    assert (find(database, "ledger").version, find(database, "ledger").source) == ("1.0.0", "declared")


def test_an_operators_definition_that_fits_no_spec_is_refused(database):
    wrong = IntegrationDefinition(integration_id="ledger", name="Ledger", methods=[{"id": "x", "inputs": {}}])

    with pytest.raises(DefinitionInvalid, match="/methods/0/inputs"), database.writing() as session:
        repository.put_declared(session, wrong, now=NOW)

    assert listed(database) == []


def test_an_operators_definition_is_removed_and_a_plugins_is_not(database):
    declare(database, spec_of("mine"))
    replace(database, spec_of("ledger"))

    with database.writing() as session:
        removed = [repository.remove_declared(session, name) for name in ("mine", "ledger", "nothing")]

    assert removed == [True, False, False]
    assert [row.name for row in listed(database)] == ["ledger"]


def test_writers_in_any_order_do_not_deadlock(database, together):
    specs = [spec_of(name) for name in ("alpha", "beta", "gamma", "delta")]

    together(4, lambda number: replace(database, *(specs if number % 2 else specs[::-1]), now=LATER))

    assert [row.name for row in listed(database)] == ["alpha", "beta", "delta", "gamma"]


def test_a_name_is_stored_once(database):
    replace(database, spec_of())
    row = StoredDefinition(**find(database, "ledger").model_dump(exclude={"id"}))

    with database.writing() as session:
        assert session.insert_new(row) is None
