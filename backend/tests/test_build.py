from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from wren_backend.settings import SettingsInvalid
from wren_backend.storage.pagination import Position
from wren_backend.testing import NOW
from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.registry import Registry

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Abacus(Integration):
    """Count."""

    spec = IntegrationSpec(name="abacus", display_name="Abacus")


def abacus_only():
    plugin = LoadedPlugin(name="abacus", distribution="wren-abacus", version="1.0", integration=Abacus)
    return Registry(loaded={"abacus": plugin}, failed={})


@contextmanager
def open_connections():
    """Collect the connections to databases that the block opens and does not close."""
    left = set()
    listeners = {
        "connect": lambda connection, _: left.add(connection),
        "close": lambda connection, _: left.discard(connection),
    }
    for name, listener in listeners.items():
        event.listen(Pool, name, listener)
    yield left
    for name, listener in listeners.items():
        event.remove(Pool, name, listener)


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


@sqlite_only
def test_the_limits_of_settings_reach_the_parts(build_platform):
    platform = build_platform(max_deployments=3, max_script_bytes=1000, min_schedule_interval=120)

    limits = platform.deployments.limits
    assert (limits.max_deployments, limits.max_script_bytes, limits.min_interval.total_seconds()) == (3, 1000, 120)


@sqlite_only
def test_a_build_that_fails_closes_every_connection_to_its_database(build_platform):
    with open_connections() as left, pytest.raises(SettingsInvalid):
        build_platform(registry=abacus_only(), integrations={"abacus": {"config": {"beads": 1}}})

    assert left == set()
