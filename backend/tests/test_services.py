import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from wren_backend.executor.folders import run_folder
from wren_backend.executor.refusing_sandbox import RefusingSandbox
from wren_backend.executor.sandboxes import PlainSandbox, SandlockSandbox
from wren_backend.services import DataDirUnusable, load_registry, plugin_policy
from wren_backend.settings import Settings, SettingsInvalid
from wren_backend.storage.errors import DatabaseUnusable
from wren_backend.storage.migration import current_revision, head_revision
from wren_backend.storage.pagination import Position
from wren_backend.testing import NOW
from wren_backend.vault.errors import MasterKeyInvalid, MasterKeyMissing
from wren_backend.vault.keyring import generate_key_line
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


def mode(path):
    return path.stat().st_mode & 0o777


@sqlite_only
def test_the_first_build_makes_a_data_directory_only_its_owner_can_enter(build_platform, tmp_path):
    data = tmp_path / "deep" / "data"

    platform = build_platform(data_dir=data, database_url=None)

    assert {path.name for path in data.iterdir()} >= {"master.key", "wren.db", "runs"}
    assert (mode(data), mode(data / "master.key"), mode(data / "wren.db"), mode(data / "runs")) == (
        *(0o700, 0o600, 0o600, 0o700),
    )
    assert current_revision(platform.database) == head_revision()


@sqlite_only
def test_nothing_is_started_by_being_built(platform):
    assert not platform.worker.is_alive()
    assert not platform.scheduler.is_alive()


@sqlite_only
def test_a_backend_that_was_started_stops(platform):
    platform.start()
    assert platform.worker.is_alive()
    assert platform.scheduler.is_alive()

    platform.stop()

    assert not platform.worker.is_alive()
    assert not platform.scheduler.is_alive()


@sqlite_only
def test_a_second_build_has_the_same_master_key_so_that_what_the_first_gave_out_still_counts(build_platform):
    position, place = Position(created_at=NOW, id="run_x"), {"workspace_id": "ws_x", "of": "runs"}
    cursor = build_platform().runs.cursors.encode(position, **place)

    again = build_platform()

    assert again.runs.cursors.decode(cursor, **place) == position


@sqlite_only
def test_an_empty_registry_is_a_choice_and_not_a_reason_to_load_what_is_installed(build_platform):
    assert build_platform().registry.names() == []


@sqlite_only
def test_a_given_registry_is_the_one_every_part_uses(build_platform):
    platform = build_platform(registry=abacus_only())

    assert [plugin.name for plugin in platform.integrations.loaded()] == ["abacus"]


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


@sqlite_only
def test_without_isolation_only_where_that_is_asked_for_in_so_many_words(build_platform):
    with capture_logs() as logged:
        platform = build_platform(sandbox="none")

    assert isinstance(platform.sandbox, PlainSandbox)
    assert [(line["event"], line["log_level"]) for line in logged if line["event"].startswith("sandbox")] == [
        ("sandbox.none", "warning")
    ]


@sqlite_only
@pytest.mark.parametrize("wanted", ["auto", "sandlock"])
def test_a_machine_with_a_sandbox_uses_it(build_platform, wanted):
    with capture_logs() as logged:
        platform = build_platform(sandbox=wanted)

    assert isinstance(platform.sandbox, SandlockSandbox), logged
    assert platform.sandbox.status().available
    assert [line["event"] for line in logged if line["event"].startswith("sandbox")] == ["sandbox.ready"]


@sqlite_only
@pytest.mark.parametrize("wanted", ["auto", "sandlock"])
def test_a_sandbox_that_would_let_scripts_read_the_data_runs_none(build_platform, tmp_path, wanted):
    # Scripts may read certificates; here they lie in the very folder that holds the data.
    with capture_logs() as logged:
        platform = build_platform(sandbox=wanted, ca_file=tmp_path)

    assert isinstance(platform.sandbox, RefusingSandbox)
    assert not platform.sandbox.status().available
    (line,) = [line for line in logged if line["event"].startswith("sandbox")]
    assert (line["event"], line["log_level"]) == ("sandbox.unavailable", "error")
    assert str(tmp_path) in line["reason"]


@sqlite_only
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/wren"])
def test_a_data_directory_that_cannot_be_made_is_named_with_the_reason(build_platform, tmp_path, place):
    (tmp_path / "file").write_text("in the way")
    data = tmp_path / place

    with pytest.raises(DataDirUnusable) as caught:
        build_platform(data_dir=data, database_url=None)

    assert (caught.value.type, caught.value.code) == ("UserFacingConfigError", "DATA_DIR_UNUSABLE")
    assert caught.value.message.startswith(f"{data} cannot be used to keep data: ")
    assert "--data-dir" in caught.value.message


@sqlite_only
def test_a_file_where_the_folders_of_runs_belong_is_named(build_platform, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "runs").write_text("in the way")

    with pytest.raises(DataDirUnusable, match=r"data/runs cannot be used to keep data: File exists"):
        build_platform()

    assert not (tmp_path / "data" / "master.key").exists()


@sqlite_only
def test_a_database_without_its_master_key_is_not_touched(build_platform):
    build_platform().settings.key_file.unlink()

    with pytest.raises(MasterKeyMissing):
        build_platform()


@sqlite_only
def test_master_keys_can_be_given_as_text_and_leave_no_file(build_platform):
    platform = build_platform(master_key=SecretStr(generate_key_line()))

    assert not platform.settings.key_file.exists()


@sqlite_only
def test_a_master_key_that_is_none_is_refused_without_being_shown(build_platform):
    with pytest.raises(MasterKeyInvalid) as caught:
        build_platform(master_key=SecretStr("mk_x aHVudGVyMg=="))

    assert "aHVudGVyMg" not in caught.value.message


@sqlite_only
def test_a_database_address_that_leads_nowhere_is_refused_without_its_password(build_platform):
    with pytest.raises(DatabaseUnusable) as caught:
        build_platform(database_url=SecretStr("mysql://u:hunter2@h/db"))

    assert "hunter2" not in caught.value.message


@sqlite_only
def test_what_dead_workers_left_is_removed_and_what_is_in_use_is_not(build_platform, tmp_path):
    runs = tmp_path / "data" / "runs"
    left = runs / "wren-run-0123456789abcdef"
    (left / "deep").mkdir(parents=True)
    (left / "deep" / "file").write_text("x")

    with run_folder(runs) as in_use, capture_logs() as logged:
        build_platform()
        kept = [path.name for path in runs.iterdir()]

    assert kept == [in_use.name]
    assert [line["folders"] for line in logged if line["event"] == "runs.leftovers_removed"] == [1]


@sqlite_only
def test_the_limits_of_settings_reach_the_parts(build_platform):
    platform = build_platform(max_deployments=3, max_script_bytes=1000, min_schedule_interval=120)

    limits = platform.deployments.limits
    assert (limits.max_deployments, limits.max_script_bytes, limits.min_interval.total_seconds()) == (3, 1000, 120)
