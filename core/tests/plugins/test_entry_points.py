import sys
import zipfile

import importlib_metadata
import pytest

from wren_core.plugins.discovery import find_entry_points, integration_names
from wren_core.plugins.entry_points import quick_entry_points

GROUP = "wren.integrations"


def found(points):
    return {(point.name, point.value, point.group, str(point.dist)) for point in points}


@pytest.mark.parametrize("group", [GROUP, "console_scripts", "pytest11", "nobody.declares"])
def test_it_finds_what_the_library_finds(group):
    assert found(quick_entry_points(group)) == found(importlib_metadata.entry_points(group=group))


def test_the_sections_and_lines_are_read_as_the_library_reads_them(install):
    lines = ["", "# comment", "[other]", "a = x:Y", "", "[wren.integrations]", "  one =  mod.a:B ", "# no", "[last]"]
    install("wren-odd-Name", entry_points="\n".join([*lines, "z=z", "[wren.integrations]", "two=mod:C [extra]", ""]))

    mine = {item for item in found(quick_entry_points(GROUP)) if "odd_Name" in item[3]}

    assert {item[:3] for item in mine} == {("one", "mod.a:B", GROUP), ("two", "mod:C [extra]", GROUP)}
    assert found(quick_entry_points(GROUP)) == found(importlib_metadata.entry_points(group=GROUP))


def test_the_errors_of_another_project_are_ignored(install):
    install("somebody", entry_points="[console_scripts]\nno equals sign\n")
    install("wren-good", entry_points={"good": "good:Good"})

    assert "good" in {point.name for point in quick_entry_points(GROUP)}


@pytest.mark.parametrize("text", ["[wren.integrations]\nno equals sign\n", b"[wren.integrations]\nbad = caf\xe9:P\n"])
def test_a_file_that_cannot_be_read_is_left_to_the_library(install, text):
    install("wren-bad", entry_points=text)

    assert quick_entry_points(GROUP) is None


def test_a_duplicate_project_is_left_to_the_library(install):
    install("wren-twice", entry_points={"twice": "twice:A"}, site="first")
    install("wren.Twice", entry_points={"twice": "twice:A"}, site="second", version="2.0")

    assert quick_entry_points(GROUP) is None
    assert "twice" in integration_names()


def test_eggs_and_archives_are_left_to_the_library(tmp_path, monkeypatch):
    egg, archive = tmp_path / "eggs", tmp_path / "some.zip"
    (egg / "wren_old.egg-info").mkdir(parents=True)
    (egg / "wren_old.egg-info" / "PKG-INFO").write_text("Name: wren-old\nVersion: 1\n")
    (egg / "wren_old.egg-info" / "entry_points.txt").write_text("[wren.integrations]\nold = old:Old\n")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("wren_zipped-1.dist-info/METADATA", "Name: wren-zipped\nVersion: 1\n")
        file.writestr("wren_zipped-1.dist-info/entry_points.txt", "[wren.integrations]\nzipped = zipped:Zipped\n")
    for place, name in ((egg, "old"), (archive, "zipped")):
        with monkeypatch.context() as patched:
            patched.syspath_prepend(str(place))

            assert quick_entry_points(GROUP) is None
            assert name in {point.name for point in find_entry_points()}


def test_a_custom_finder_is_used(monkeypatch):
    class Finder:
        """Finds no modules, and no distributions either."""

        @staticmethod
        def find_spec(*_args):
            return None

        @staticmethod
        def find_distributions(*_args):
            return []

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])

    assert quick_entry_points(GROUP) is None


def test_missing_and_duplicate_folders_of_the_path_are_ignored(monkeypatch):
    expected = found(quick_entry_points(GROUP))

    monkeypatch.setattr(sys, "path", [*sys.path, "/nowhere/at/all", *sys.path])

    assert found(quick_entry_points(GROUP)) == expected
