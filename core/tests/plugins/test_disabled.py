import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from wren_core.errors import UserFacingConfigError
from wren_core.plugins.disabled import DisabledPlugins


def test_every_plugin_is_enabled_at_first(tmp_path):
    assert DisabledPlugins(tmp_path / "none").names() == set()


def test_a_plugin_is_switched_off_and_on(tmp_path):
    plugins = DisabledPlugins(tmp_path / "a" / "b")

    assert plugins.add("mail") is True
    assert plugins.add("mail") is False
    assert plugins.names() == {"mail"}
    assert plugins.remove("mail") is True
    assert plugins.remove("mail") is False
    assert plugins.names() == set()


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "ü%41", "x.disabled", " "])
def test_an_odd_name_stays_in_the_folder_and_comes_back_as_it_was(tmp_path, name):
    plugins = DisabledPlugins(tmp_path / "plugins")

    plugins.add(name)

    assert plugins.names() == {name}
    assert [path.name for path in tmp_path.iterdir()] == ["plugins"]


def test_other_files_in_the_folder_mean_nothing(tmp_path):
    (tmp_path / "README").touch()
    (tmp_path / ".DS_Store").touch()

    assert DisabledPlugins(tmp_path).names() == set()


def test_all_users_can_read_the_disabled_plugins(tmp_path):
    before = os.umask(0o022)
    try:
        DisabledPlugins(tmp_path / "plugins").add("mail")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "plugins" / "mail.disabled").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "plugins").stat().st_mode) == 0o755


def test_many_writers_at_once_lose_nothing(tmp_path):
    names = {f"plugin_{number}" for number in range(40)}
    threads = [threading.Thread(target=DisabledPlugins(tmp_path / "plugins").add, args=(name,)) for name in names]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert DisabledPlugins(tmp_path / "plugins").names() == names


def test_a_folder_that_cannot_be_used_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    plugins = DisabledPlugins(tmp_path / "file")

    for attempt in (plugins.names, lambda: plugins.add("mail"), lambda: plugins.remove("mail")):
        with pytest.raises(UserFacingConfigError, match="WREN_PLUGINS_FOLDER") as caught:
            attempt()
        assert caught.value.code == "PLUGINS_FOLDER_UNUSABLE"


def test_the_folder_belongs_to_the_python_environment_unless_a_variable_names_one(tmp_path):
    assert DisabledPlugins.of_environment({}).folder == Path(sys.prefix) / "etc" / "wren" / "plugins"
    assert DisabledPlugins.of_environment({"WREN_PLUGINS_FOLDER": str(tmp_path)}).folder == tmp_path
