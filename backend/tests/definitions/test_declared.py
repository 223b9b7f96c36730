from wren_backend.definitions.declared import declared_documents, documents_named
from wren_core.plugins.plugin import StoredPlugin
from wren_core.plugins.registry import Registry


def stored(name, distribution=""):
    return StoredPlugin(
        name=name,
        distribution=distribution,
        version="",
        integration_type="integration",
        document=f'{{"integrationId": "{name}"}}',
        load=lambda: None,
    )


REGISTRY = Registry(
    loaded={"ledger": stored("ledger"), "depot": stored("depot"), "parcel": stored("parcel", "wren-parcel")}, failed={}
)


def test_only_what_no_distribution_brings_has_to_be_sent_along():
    found = declared_documents(REGISTRY, ["ledger", "parcel", "unheard_of"])

    assert found == {"ledger": '{"integrationId": "ledger"}'}


def test_of_a_script_everything_counts_that_it_names():
    script = "import wren\nuse = getattr(wren.integrations, 'ledger')\nwren.integrations.parcel.init()\n"

    assert list(documents_named(REGISTRY, script)) == ["ledger"]
    assert documents_named(REGISTRY, "import wren\n") == {}
