import pytest

from wren_core import Integration, IntegrationSpec
from wren_core.errors import IntegrationUnknown, PluginFailed
from wren_core.plugins.discovery import Discovery, FailedPlugin, LoadedPlugin
from wren_core.plugins.plugin import StoredPlugin
from wren_core.plugins.registry import Registry


class Mail(Integration):
    """Mail."""

    spec = IntegrationSpec(name="mail", display_name="Mail")


class Pinned(Integration):
    """Says its version itself."""

    spec = IntegrationSpec(name="pinned", display_name="Pinned", version="9.9.0")


MAIL = LoadedPlugin(name="mail", distribution="wren-mail", version="1.2", integration=Mail)
PINNED = LoadedPlugin(name="pinned", distribution="wren-pinned", version="1.0", integration=Pinned)
BROKEN = FailedPlugin(
    name="broken", distribution="wren-broken", version="0.3", code="PLUGIN_RAISED", reason="ValueError: no"
)


@pytest.fixture
def registry():
    return Registry.from_discovery(Discovery(loaded=(PINNED, MAIL), failed=(BROKEN,)))


def test_the_registry_lists_loaded_integrations_sorted(registry):
    assert registry.names() == ["mail", "pinned"]
    assert [plugin.name for plugin in registry] == ["mail", "pinned"]
    assert len(registry) == 2
    assert "mail" in registry
    assert "broken" not in registry


def test_the_registry_finds_an_integration_or_none(registry):
    assert registry.find("mail") is Mail
    assert registry.find("broken") is None


def test_the_registry_returns_an_integration_and_its_distribution(registry):
    assert registry.get("mail") is Mail
    assert registry.plugin("mail") is MAIL


def test_the_error_about_an_unknown_name_has_the_nearest_one(registry):
    with pytest.raises(
        IntegrationUnknown, match=r"no integration 'mial' is installed; did you mean 'mail'\?"
    ) as caught:
        registry.get("mial")

    assert caught.value.details == {"integration": "mial", "installed": ["mail", "pinned"], "nearest": "mail"}


def test_the_error_about_a_name_without_a_near_one_lists_all(registry):
    with pytest.raises(IntegrationUnknown, match="installed are mail, pinned"):
        registry.spec("zzz")


def test_an_empty_registry_says_that_nothing_is_installed():
    with pytest.raises(IntegrationUnknown, match="installed are none"):
        Registry.from_discovery(Discovery()).get("mail")


def test_a_failed_plugin_says_why(registry):
    with pytest.raises(PluginFailed) as caught:
        registry.get("broken")

    assert str(caught.value) == "'broken' of wren-broken 0.3 could not be loaded: ValueError: no"
    assert caught.value.details == {
        "integration": "broken",
        "distribution": "wren-broken",
        "cause": "PLUGIN_RAISED",
    }
    assert registry.failed == {"broken": BROKEN}


def test_the_version_is_that_of_the_distribution_unless_the_spec_has_one(registry):
    assert registry.spec("mail").version == "1.2.0"
    assert registry.spec("pinned").version == "9.9.0"


def test_specs_are_built_once(registry):
    assert registry.spec("mail") is registry.spec("mail")


def test_a_registry_cannot_be_changed(registry):
    with pytest.raises(TypeError):
        registry.failed["mail"] = BROKEN
    with pytest.raises(AttributeError):
        registry.failed = {}


def test_changing_its_source_does_not_change_a_registry():
    loaded = {"mail": MAIL}
    registry = Registry(loaded=loaded, failed={})

    loaded.clear()

    assert registry.names() == ["mail"]


def test_a_stored_plugin_is_looked_up_without_being_loaded():
    loads = []
    stored = StoredPlugin(
        name="mail",
        distribution="wren-mail",
        version="1.2",
        integration_type="integration",
        document=MAIL.document,
        load=lambda: loads.append(1) or Mail,
    )
    registry = Registry(loaded={"mail": stored}, failed={})

    assert (registry.names(), registry.plugin("mail"), "mail" in registry, list(registry)) == (
        *(["mail"], stored, True, [stored]),
    )
    assert registry.spec("mail") == MAIL.spec
    assert loads == []
    assert registry.get("mail") is registry.find("mail") is Mail
    assert loads == [1]
