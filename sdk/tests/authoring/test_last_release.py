"""What was released before, found in wheels, files, tags and a package index."""

import json
import sys
from zipfile import ZipFile

import pytest
from packaging.version import Version

from wren.authoring.definitions import DefinitionUnreadable, load_project_definitions, read_definitions
from wren.authoring.last_release import ReleaseUnknown, find_newest, find_release
from wren.authoring.package_index import IndexUnreachable, download_wheel
from wren.authoring.project import read_project

SOURCE = """
from wren_core import Integration, IntegrationSpec, method

print("printed while it is imported")


class Post(Integration):
    '''Letters.'''

    spec = IntegrationSpec(name="post", display_name="Post")

    @method
    def send(self, to: str) -> str:
        '''Send a letter.'''
        return to
"""
METADATA = """
[project]
name = "wren-post"
version = "{version}"
[project.entry-points."wren.integrations"]
post = "wren_post:Post"
"""


def versions(*texts):
    return [Version(text) for text in texts]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A plugin that is in no repository, of which nothing was released."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    folder = tmp_path / "wren-post"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "wren_post.py").write_text(SOURCE)
    (folder / "pyproject.toml").write_text(METADATA.format(version="1.2.0"))
    return read_project(folder)


def wheel(folder, version, *, source=SOURCE, name="wren-post"):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    with ZipFile(path, "w") as archive:
        archive.writestr("wren_post.py", source)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", "[wren.integrations]\npost = wren_post:Post\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.mark.parametrize(
    ("released", "current", "expected"),
    [
        (["0.1.0", "0.2.0"], "0.3.0", "0.2.0"),
        (["0.1.0", "0.10.0", "0.9.0"], "1.0.0", "0.10.0"),
        # A fix of an older line is compared with that line.
        (["1.0.0", "1.1.0", "2.0.0"], "1.1.1", "1.1.0"),
        (["1.0.0", "1.1.0rc1"], "1.1.0", "1.0.0"),
        (["1.1.0rc1"], "1.1.0", "1.1.0rc1"),
        (["1.1.0"], "1.1.0", None),
        ([], "1.0.0", None),
    ],
)
def test_a_release_is_compared_with_the_one_before_it(released, current, expected):
    assert find_newest(versions(*released), below=Version(current)) == (Version(expected) if expected else None)


def test_a_wheel_that_is_named_is_loaded_whatever_is_installed(project, tmp_path):
    older = wheel(tmp_path / "old", "1.1.0", source=SOURCE.replace("def send", "def deliver"))

    found = find_release(project, str(older))

    assert (found.version, found.origin) == (Version("1.1.0"), older.name)
    assert [method["id"] for method in found.definitions["post"].methods] == ["deliver"]


def test_a_wheel_of_another_distribution_is_refused(project, tmp_path):
    with pytest.raises(ReleaseUnknown, match="is a wheel of wren-other, not of wren-post"):
        find_release(project, str(wheel(tmp_path / "old", "1.1.0", name="wren-other")))


def test_a_wheel_that_cannot_be_loaded_says_why(project, tmp_path):
    with pytest.raises(DefinitionUnreadable, match=r"post cannot be loaded from .*: PLUGIN_RAISED: NameError"):
        find_release(project, str(wheel(tmp_path / "old", "1.1.0", source="boom")))


def test_a_definition_in_a_file_is_a_release_where_it_has_a_version(project, tmp_path):
    document = load_project_definitions(project)["post"].to_wire()
    file = tmp_path / "post.json"

    file.write_text(json.dumps({**document, "version": "1.1.0"}))
    found = find_release(project, str(file))

    assert (found.version, list(found.definitions)) == (Version("1.1.0"), ["post"])
    file.write_text(json.dumps({**document, "version": ""}))
    with pytest.raises(ReleaseUnknown, match="names no version"):
        find_release(project, str(file))


@pytest.mark.parametrize("text", ["no JSON", "[1]", '{"integrationId": "x", "odd": 1}'])
def test_an_invalid_definition_is_refused(tmp_path, text):
    file = tmp_path / "post.json"
    file.write_text(text)

    with pytest.raises(DefinitionUnreadable, match="is not the definition"):
        read_definitions(file)


def test_definitions_can_come_as_a_list(project, tmp_path):
    document = load_project_definitions(project)["post"].to_wire()
    file = tmp_path / "all.json"

    file.write_text(json.dumps({"definitions": [document, {**document, "integrationId": "mail"}]}))

    assert list(read_definitions(file)) == ["post", "mail"]


def test_a_plugin_that_ends_the_process_ends_another_one(project):
    (project.source / "wren_post.py").write_text("import os\nos._exit(3)")

    with pytest.raises(DefinitionUnreadable, match="loading the plugin failed"):
        load_project_definitions(project)


def test_an_integration_without_code_is_compared_like_any_other(project):
    document = load_project_definitions(project)["post"].to_wire() | {
        "baseUrl": "https://post.example",
        "hosts": ["post.example"],
    }
    document["methods"][0]["request"] = {"method": "POST", "path": "/letters"}
    package = project.source / "wren_data"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('this must not be imported')")
    (package / "definition.json").write_text(json.dumps(document))
    metadata = METADATA.replace("wren.integrations", "wren.definitions").replace(
        "wren_post:Post", "wren_data:definition.json"
    )
    (project.folder / "pyproject.toml").write_text(metadata.format(version="1.2.0"))

    data = read_project(project.folder)

    assert data.integrations == {"post": "wren_data:definition.json"}
    assert load_project_definitions(data)["post"].methods[0]["request"]["path"] == "/letters"


def test_a_version_is_looked_for_in_dist_before_the_index(project):
    wheel(project.folder / "dist", "1.1.0")

    assert find_release(project, "1.1.0").origin == "wren_post-1.1.0-py3-none-any.whl"


# --- the package index ----------------------------------------------------------------------------------------------


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index of the test's own, in a folder; nothing is asked but that."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def unreachable_index(monkeypatch):
    """An index at an address where no process listens."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)


def test_the_last_release_is_asked_of_the_index(project, index):
    for version in ("1.0.0", "1.1.0", "1.3.0"):
        wheel(index, version)

    found = find_release(project)

    assert (found.version, found.origin) == (Version("1.1.0"), "the package index")


def test_what_the_index_does_not_have_is_a_first_release(project, index):
    assert find_release(project) is None
    with pytest.raises(ReleaseUnknown, match="not in the package index"):
        find_release(project, "1.1.0")


def test_an_unreachable_index_is_not_an_index_without_the_package(project, unreachable_index):
    with pytest.raises(ReleaseUnknown, match=r"could not be reached: .*--against WHEEL, or --against none"):
        find_release(project)


def test_without_an_index_the_newest_older_wheel_in_dist_is_the_last_release(project, unreachable_index):
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        wheel(project.folder / "dist", version)
    (project.folder / "dist" / "broken.whl").write_text("")

    assert find_release(project).version == Version("1.1.0")


def test_without_pip_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setattr(sys, "_base_executable", "/bin/false", raising=False)

    with pytest.raises(IndexUnreachable, match="there is no pip here"):
        download_wheel("wren-post", tmp_path)


def test_a_first_release_needs_no_index(project, unreachable_index):
    assert find_release(project, "none") is None
