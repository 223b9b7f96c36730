from datetime import timedelta

from wren.installed_plugins.examination import Examination, examine
from wren.installed_plugins.survey import survey_plugins
from wren_core.plugins.policy import PluginPolicy


def examined(name: str) -> Examination:
    (found,) = examine(
        [point for point in survey_plugins(PluginPolicy()).loadable if point.name == name], timedelta(seconds=10)
    )
    return found


def test_time_that_loading_any_plugin_takes_is_not_counted_as_this_ones(install):
    install("acme-base")
    install("acme-mail", name="acmemail", first="import acme_base")

    found = examined("acmemail")

    packages = [package for package, _ in found.heavy]
    assert (found.code, "acme_base" in packages) == ("", True)
    assert not {"acme_mail", "wren", "wren_core", "jsonschema_rs", "packaging", "pydantic_core"} & set(packages)


def test_files_of_the_current_folder_are_not_imported(install, tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise RuntimeError('not this one')")
    monkeypatch.chdir(tmp_path)
    install("acme-mail", name="acmemail", first="import json; json.dumps({})")

    assert examined("acmemail").reason == ""


def test_an_environment_that_cannot_even_begin_is_not_blamed_on_the_plugin(install, tmp_path, monkeypatch):
    place = install("acme-mail", name="acmemail").parent
    point = [point for point in survey_plugins(PluginPolicy()).loadable if point.name == "acmemail"]
    (place / "wren_core.py").write_text("raise RuntimeError('an old file in the way')")

    (found,) = examine(point, timedelta(seconds=10))

    assert found.code == "NOT_EXAMINED"
    assert found.reason.endswith("exit code 1: RuntimeError: an old file in the way")
