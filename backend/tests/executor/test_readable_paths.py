import json
import os
import sys
from pathlib import Path

import pytest

from wren_backend.executor import readable_paths
from wren_backend.executor.readable_paths import find_exposed, list_editable_sources, list_readable


def _can_read(path: Path) -> bool:
    return find_exposed([path], list_readable()) is not None


def test_python_and_its_packages_are_readable():
    assert _can_read(Path(os.__file__))
    assert _can_read(Path(json.__file__))
    assert _can_read(Path(pytest.__file__))
    assert _can_read(Path(sys.executable))


def test_packages_installed_in_place_are_readable_and_the_platforms_own_is_not():
    import wren_backend
    import wren_core

    assert _can_read(Path(wren_core.__file__))
    is_in_place = "site-packages" not in wren_backend.__file__
    assert _can_read(Path(wren_backend.__file__)) is not is_in_place


def test_no_home_no_project_and_no_temporary_folder_is_readable(tmp_path: Path):
    project = Path(__file__).parents[3]
    exposed = [
        path
        for path in (Path("/root"), Path("/home"), Path("/etc"), Path("/tmp"), Path("/"), tmp_path, project)
        if _can_read(path)
    ]

    assert exposed == []


def test_a_protected_path_inside_a_readable_tree_is_found(tmp_path: Path):
    (tmp_path / "tree").mkdir()
    key = tmp_path / "tree" / "master.key"

    assert find_exposed([tmp_path / "other", key], [tmp_path / "tree"]) == key
    assert find_exposed([tmp_path / "tree-2"], [tmp_path / "tree"]) is None


def test_a_protected_path_behind_a_link_is_found(tmp_path: Path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "tree")

    assert find_exposed([tmp_path / "link" / "key"], [tmp_path / "tree"]) is not None


def test_a_project_without_src_folder_opens_only_the_folder_of_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin" / "__init__.py").touch()
    record = json.dumps({"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    folder = tmp_path / "site" / "plugin-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
    (folder / "direct_url.json").write_text(record)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])

    assert list_editable_sources() == [tmp_path / "plugin"]


@pytest.mark.parametrize("record", [{"url": "https://example.com/x.whl"}, {"url": "file:///x", "dir_info": {}}])
def test_what_is_not_installed_in_place_opens_nothing(record: dict[str, object]):
    assert readable_paths._project_folder(json.dumps(record)) is None
