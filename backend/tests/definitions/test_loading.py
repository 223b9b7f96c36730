import pytest
from structlog.testing import capture_logs

from wren_backend.definitions.loading import load_registry, plugin_policy
from wren_backend.settings import Settings, SettingsInvalid
from wren_backend.testing import NOW
from wren_core.contract.integration import Integration
from wren_core.contract.record import IntegrationConfig
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import UserFacingConfigError
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.policy import first_party_distributions
from wren_core.plugins.registry import Registry

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Abacus(Integration):
    """Count."""

    spec = IntegrationSpec(name="abacus", display_name="Abacus")

    class Config(IntegrationConfig):
        """What it counts with."""

        owner: str
        beads: int = 10


def abacus_only():
    plugin = LoadedPlugin(name="abacus", distribution="wren-abacus", version="1.0", integration=Abacus)
    return Registry(loaded={"abacus": plugin}, failed={})


def test_what_is_installed_is_loaded_and_logged(database):
    with capture_logs() as logged:
        registry = load_registry(database, now=NOW)

    assert [line["plugins"] for line in logged if line["event"] == "plugins.loaded"] == [registry.names()]


def test_what_was_switched_off_is_read_from_the_folder_unless_a_variable_names_it(tmp_path):
    (tmp_path / "mail.disabled").touch()

    read = plugin_policy(Settings(plugins_folder=tmp_path))
    named = plugin_policy(Settings(plugins_folder=tmp_path, plugins_disabled="chat"))

    assert (read.disabled, named.disabled) == ({"mail"}, {"chat"})


def test_a_folder_that_hides_what_was_switched_off_keeps_the_server_from_starting(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(UserFacingConfigError) as caught:
        plugin_policy(Settings(plugins_folder=tmp_path / "file"))

    assert caught.value.code == "PLUGINS_FOLDER_UNUSABLE"


def test_every_rule_of_the_settings_reaches_the_policy(tmp_path):
    policy = plugin_policy(
        Settings(
            plugins_folder=tmp_path,
            plugins_allow="mail",
            plugins_deny="files",
            plugins_safe_mode=True,
            plugins_time_limit=3,
        )
    )

    assert (policy.allow, policy.deny, policy.safe_mode) == ({"mail"}, {"files"}, True)
    assert policy.time_limit.total_seconds() == 3
    assert policy.first_party == first_party_distributions()


@sqlite_only
@pytest.mark.parametrize(
    ("config", "said"),
    [({"bead": 1}, "'bead': is unknown; did you mean 'beads'"), ({"beads": "many"}, "'beads': must be integer")],
)
def test_what_an_operator_configured_wrongly_is_refused_at_the_start(build_platform, config, said):
    with pytest.raises(SettingsInvalid, match=said) as caught:
        build_platform(registry=abacus_only(), integrations={"abacus": {"config": config}})

    assert caught.value.message.startswith("WREN_INTEGRATIONS__ABACUS__CONFIG: ")


@sqlite_only
def test_an_operator_may_configure_a_part_and_integrations_that_are_not_there(build_platform):
    configured = {"abacus": {"config": {"beads": 7}}, "nothing": {"config": {"any": 1}}}

    with capture_logs() as logged:
        build_platform(registry=abacus_only(), integrations=configured)

    unknown = [line["integration"] for line in logged if line["event"] == "settings.integration_unknown"]
    assert unknown == ["nothing"]
