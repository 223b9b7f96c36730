import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from wren_backend.definitions import repository
from wren_backend.testing import NOW
from wren_core.contract.definition import IntegrationDefinition

DECLARED = {
    "integrationId": "ledger",
    "name": "Ledger",
    "version": "1.0.0",
    "baseUrl": "https://ledger.example",
    "hosts": ["ledger.example"],
    "methods": [
        {
            "id": "list_invoices",
            "name": "List",
            "description": "List invoices.",
            "inputSchema": {"type": "object", "properties": {}, "additionalProperties": False},
            "request": {"method": "GET", "path": "/invoices"},
        }
    ],
}


def rows(database):
    with database.reading() as session:
        return {row.name: row for row in repository.list_known(session)}


def declare(database, **fields):
    with database.writing() as session:
        repository.put_declared(session, IntegrationDefinition.from_wire({**DECLARED, **fields}), now=NOW)


def names(registry):
    return registry.names()


def failures(registry):
    return {name: plugin.code for name, plugin in registry.failed.items() if plugin.code != "PLUGIN_NOT_ALLOWED"}


def test_what_is_installed_is_imported_once_and_then_known(site):
    site.install("alpha")
    site.install("beta")

    first = site.boot()
    imported_first = site.imported()
    second = site.boot()

    assert imported_first == ["acme_alpha", "acme_beta"]
    assert site.imported() == []
    assert names(second) == names(first) == ["alpha", "beta"]
    assert [second.spec(name) for name in second.names()] == [first.spec(name) for name in first.names()]
    assert [plugin.document for plugin in second] == [plugin.document for plugin in first]
    assert (second.plugin("alpha").distribution, second.plugin("alpha").version) == ("acme-alpha", "1.0")
    assert site.imported() == []


def test_a_known_plugin_is_imported_when_its_class_is_asked_for(site):
    site.install("alpha")
    site.boot()
    registry = site.boot()

    integration = registry.get("alpha")

    assert site.imported() == ["acme_alpha"]
    assert integration.create().answer(1) == "alpha works"


def test_only_what_changed_is_imported_again(site):
    site.install("alpha")
    site.install("beta")
    site.boot()

    site.install("beta", site.source("beta", method="changed"))
    registry = site.boot()

    assert site.imported() == ["acme_beta"]
    assert [method.id for method in registry.spec("beta").methods] == ["changed"]
    assert site.boot().spec("beta") == registry.spec("beta")
    assert site.imported() == []


def test_a_touched_file_is_enough(site):
    site.install("alpha")
    site.boot()

    module = site.folder / "acme_alpha.py"
    os.utime(module, ns=(module.stat().st_atime_ns, module.stat().st_mtime_ns + 1_000_000))
    site.boot()

    assert site.imported() == ["acme_alpha"]


def test_a_new_version_is_imported_and_replaces_the_old_one(site):
    site.install("alpha")
    site.boot()
    before = rows(site.database)["alpha"]

    site.install("alpha", version="2.0rc1")
    registry = site.boot()
    after = rows(site.database)["alpha"]

    assert site.imported() == ["acme_alpha"]
    assert registry.spec("alpha").version == json.loads(after.document)["version"] == "2.0.0-rc.1"
    assert (before.distribution_version, after.distribution_version) == ("1.0", "2.0rc1")
    assert before.fingerprint != after.fingerprint


def test_the_row_of_an_uninstalled_plugin_goes(site):
    site.install("alpha")
    site.install("beta")
    site.boot()

    site.uninstall("acme-alpha")
    registry = site.boot()

    assert names(registry) == ["beta"]
    assert rows(site.database).keys() == {"beta"}
    assert site.imported() == []


def test_a_plugin_that_failed_is_tried_again_and_one_that_breaks_is_forgotten(site):
    site.install("alpha", site.source("alpha", first="1 / 0"))
    site.install("beta")
    first = site.boot()

    site.install("beta", site.source("beta", first="1 / 0"))
    second = site.boot()
    again = site.boot()

    assert (names(first), failures(first)) == (["beta"], {"alpha": "PLUGIN_RAISED"})
    assert (names(second), failures(second)) == ([], {"alpha": "PLUGIN_RAISED", "beta": "PLUGIN_RAISED"})
    assert failures(again) == failures(second)
    assert rows(site.database) == {}

    site.install("alpha")
    assert names(site.boot()) == ["alpha"]


def test_what_the_policy_refuses_is_not_served_and_known_again_afterwards(site):
    site.install("alpha")
    site.boot()

    refused = site.boot(deny=frozenset({"alpha"}))
    served = site.boot()

    assert names(refused) == []
    assert failures(refused) == {"alpha": "PLUGIN_DENIED"}
    assert names(served) == ["alpha"]
    assert site.imported() == []


def test_two_distributions_with_one_name_are_both_refused_also_where_one_is_known(site):
    site.install("alpha")
    site.boot()

    site.install("alpha", by="evil-alpha")
    registry = site.boot()

    assert names(registry) == []
    assert failures(registry) == {"alpha": "DUPLICATE_NAME"}
    assert registry.failed["alpha"].reason == "acme-alpha and evil-alpha both offer 'alpha'; uninstall one of them"
    assert site.imported() == []


def test_a_start_with_nothing_changed_reads_one_statement_and_writes_nothing(site):
    for name in ("alpha", "beta", "gamma"):
        site.install(name)
    site.boot()
    statements = []
    event.listen(site.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]), once=False)

    site.boot()

    assert [text for text in statements if "integration_definitions" in text] == [str(repository._KNOWN)]


def test_all_that_changed_is_written_in_one_statement(site):
    for name in ("alpha", "beta", "gamma"):
        site.install(name)
    writes = []
    event.listen(
        site.database.engine,
        "before_cursor_execute",
        lambda *args: writes.append(len(args[3])) if args[2].startswith("INSERT") else None,
    )

    site.boot()

    assert len(writes) == 1


def test_processes_that_start_at_once_all_succeed(site, together):
    for name in ("alpha", "beta", "gamma"):
        site.install(name)
    found = site.boot()
    with site.database.writing() as session:
        repository.replace_plugins(session, [], gone=found.names(), now=NOW)
    site.forget()

    registries = together(4, lambda _number: site.open())

    assert [names(registry) for registry in registries] == [["alpha", "beta", "gamma"]] * 4
    assert rows(site.database).keys() == {"alpha", "beta", "gamma"}


def test_a_row_that_is_damaged_is_a_failure_of_that_integration_alone(site):
    site.install("alpha")
    site.install("beta")
    site.boot()
    with site.database.writing() as session:
        repository.find_definition(session, "alpha").document = "{"
    registry = site.boot()

    with pytest.raises(Exception, match="the stored definition of 'alpha' cannot be read"):
        registry.spec("alpha")
    assert registry.spec("beta").name == "beta"


def test_what_an_operator_declared_is_served_with_the_rest(site):
    site.install("alpha")
    declare(site.database)

    registry = site.boot()

    assert names(registry) == ["alpha", "ledger"]
    assert registry.spec("ledger").methods[0].id == "list_invoices"
    assert registry.get("ledger").spec.name == "ledger"
    assert names(site.boot()) == ["alpha", "ledger"]


def test_a_plugin_and_a_declared_definition_of_one_name_are_both_refused(site):
    declare(site.database, integrationId="alpha")
    site.install("alpha")

    registry = site.boot(allow=frozenset({"alpha"}))

    assert names(registry) == []
    assert failures(registry) == {"alpha": "DUPLICATE_NAME"}
    assert registry.failed["alpha"].reason == "acme-alpha and the operator both declare 'alpha'; remove one of them"
    assert rows(site.database)["alpha"].source == "declared"


UNBOUND = [{key: value for key, value in DECLARED["methods"][0].items() if key != "request"}]


def test_a_definition_without_a_handler_is_served_and_says_so(site):
    declare(site.database, methods=UNBOUND, baseUrl=None, hosts=[])

    registry = site.boot()

    assert names(registry) == ["ledger"]
    assert registry.plugin("ledger").unbound == ("list_invoices",)


@pytest.mark.parametrize("is_declared_first", [True, False])
def test_a_plugin_performs_a_definition_of_its_name_that_has_no_handler(site, is_declared_first):
    if is_declared_first:
        declare(site.database, methods=UNBOUND, baseUrl=None, hosts=[])
    site.install("ledger")
    site.boot()
    if not is_declared_first:
        declare(site.database, methods=UNBOUND, baseUrl=None, hosts=[])

    registry = site.boot()

    assert failures(registry) == {}
    assert registry.plugin("ledger").distribution == "acme-ledger"
    assert registry.plugin("ledger").unbound == ()
    assert rows(site.database)["ledger"].source == "declared"


def test_a_definition_is_stored_and_exported_as_it_was_given(site):
    given = {"integrationId": "ledger", "name": "Ledger", "methods": UNBOUND, "authType": "none"}
    with site.database.writing() as session:
        repository.put_declared(session, IntegrationDefinition.from_wire(given), now=NOW)

    assert json.loads(site.boot().plugin("ledger").document) == given


def test_a_declared_definition_that_is_of_no_use_any_more_does_not_keep_the_server_from_starting(site):
    declare(site.database)
    site.install("alpha")
    with site.database.writing() as session:
        repository.find_definition(session, "ledger").document = '{"integrationId": "ledger", "name": "Ledger"}'

    registry = site.boot()

    assert names(registry) == ["alpha"]
    assert failures(registry) == {"ledger": "PLUGIN_INVALID"}


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"deny": frozenset({"ledger"})}, "PLUGIN_DENIED"),
        ({"disabled": frozenset({"ledger"})}, "PLUGIN_DISABLED"),
        ({"safe_mode": True}, "PLUGIN_NOT_FIRST_PARTY"),
        ({"allow": frozenset({"alpha"})}, "PLUGIN_NOT_ALLOWED"),
    ],
)
def test_the_policy_holds_for_what_an_operator_declared_too(site, rules, code):
    declare(site.database)

    registry = site.boot(**rules)

    assert "ledger" not in registry
    assert registry.failed["ledger"].code == code
    assert names(site.boot()) == ["ledger"], "its row was kept"


def test_a_declared_definition_that_is_refused_stands_in_no_plugins_way(site):
    declare(site.database, integrationId="alpha")
    site.install("alpha")

    registry = site.boot(allow=frozenset({"acme-alpha"}))

    assert names(registry) == ["alpha"]
    assert registry.plugin("alpha").distribution == "acme-alpha"


def test_the_log_names_a_plugin_before_it_is_imported(site):
    site.install("alpha", "import builtins; builtins.open('/nowhere/at/all')")

    with capture_logs() as logs:
        site.boot()

    assert [(line["event"], line["plugin"]) for line in logs] == [("plugin.importing", "alpha")]


def test_the_log_of_a_start_with_nothing_changed_is_empty(site):
    site.install("alpha")
    site.boot()

    with capture_logs() as logs:
        site.boot()

    assert logs == []


def test_threads_may_ask_for_one_spec_at_once(site):
    site.install("alpha")
    site.boot()
    plugin = site.boot().plugin("alpha")

    with ThreadPoolExecutor(8) as threads:
        specs = list(threads.map(lambda _number: plugin.spec, range(50)))

    assert all(spec == specs[0] for spec in specs)
