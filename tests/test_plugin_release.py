"""`wren plugin release` in a real repository: the version, the files, the tag, and no upload."""

import json
import os
import subprocess
from zipfile import ZipFile

import pytest

from servers.process import clean_variables
from wren.authoring.dev_environment import make_environment
from wren.authoring.project import read_project
from wren.authoring.scaffold import Plan, render_plugin

PERSON = {f"GIT_{role}_{field}": "ann@example.com" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}


class Author:
    """An author with a plugin in a repository."""

    def __init__(self, folder):
        self.folder = render_plugin(Plan(name="acme"), folder)
        # The checks need the plugin installed from this folder.
        self.python = make_environment(folder / "environment", read_project(self.folder))
        no_index = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
        self.variables = {**clean_variables(folder), **PERSON, **no_index, "GIT_CEILING_DIRECTORIES": str(folder)}

    def run(self, *command):
        return subprocess.run(command, cwd=self.folder, env=self.variables, capture_output=True, text=True)

    def commit(self):
        for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "Change")):
            assert self.run("git", *arguments).returncode == 0

    def edit(self, name, old, new):
        file = next(self.folder.rglob(name))
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    def release(self, *options):
        done = self.run(self.python, "-m", "wren", "plugin", "release", "--no-isolation", "--json", *options)
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def author(tmp_path):
    return Author(tmp_path)


def test_a_release_needs_a_version_that_fits_the_changes(author):
    """One test, because every release is checked and built."""
    author.commit()

    # A dry run of the first release shows the files, and leaves none behind.
    code, first = author.release("--dry-run", "--against", "none")
    assert (code, first["tier"], first["compared_with"]) == (0, "platinum", None)
    assert set(first["files"]) == {"wren_acme-0.1.0.tar.gz", "wren_acme-0.1.0-py3-none-any.whl"}
    assert "wren_acme/fake.py" in first["members"]
    assert first["metadata"]["Requires-Python"] == [">=3.11"]
    assert not (author.folder / "dist").exists()

    # A release creates a tag, and files in dist/.
    code, done = author.release("--against", "none")
    assert (code, done["tag"]) == (0, "v0.1.0")
    assert author.run("git", "cat-file", "-t", "v0.1.0").stdout == "tag\n"
    with ZipFile(author.folder / "dist" / "wren_acme-0.1.0-py3-none-any.whl") as wheel:
        assert "wren_acme/__init__.py" in wheel.namelist()

    # A breaking change needs more than a patch version, and all reasons are shown.
    author.edit(
        "__init__.py",
        'search: Annotated[str, "Only items with this in their title"] = ""',
        'search: Annotated[str, "Words"]',
    )
    author.edit("pyproject.toml", '"0.1.0"', '"0.1.1"')
    code, refused = author.release("--dry-run")
    assert (code, refused["error"]["code"]) == (1, "VERSION_TOO_SMALL")
    assert "items: parameter 'search' is newly required" in refused["error"]["message"]
    assert "require 0.2.0 or later" in refused["error"]["message"]
    assert "before 1.0.0" in refused["error"]["message"]

    # A version that was left as it was is answered with the one that the changes need.
    author.edit("pyproject.toml", '"0.1.1"', '"0.1.0"')
    code, refused = author.release("--dry-run")
    assert (code, refused["error"]["code"]) == (1, "VERSION_INVALID")
    assert "0.1.0 is released already (tag v0.1.0)" in refused["error"]["message"]
    assert "write 0.2.0 or later" in refused["error"]["message"]
    author.edit("pyproject.toml", '"0.1.0"', '"0.1.1"')

    # A sufficient version is accepted, but not tagged before it is committed.
    author.edit("pyproject.toml", '"0.1.1"', '"0.2.0"')
    code, refused = author.release()
    assert (code, refused["error"]["code"]) == (1, "RELEASE_REFUSED")
    assert "commit first, the tag would not contain: " in refused["error"]["message"]


def test_a_released_version_cannot_be_released_again(author):
    author.commit()
    assert author.run("git", "tag", "v0.1.0").returncode == 0
    (author.folder / "later.txt").write_text("later")
    author.commit()

    code, refused = author.release("--dry-run", "--against", "none")

    assert (code, refused["error"]["code"]) == (1, "RELEASE_REFUSED")
    assert "v0.1.0 is tagged already, on another commit" in refused["error"]["message"]


def test_a_plugin_below_bronze_cannot_be_released(author):
    author.edit("__init__.py", "List the items.", "list the items")

    code, refused = author.release("--dry-run", "--against", "none")

    assert (code, refused["error"]["code"]) == (1, "RELEASE_REFUSED")
    assert "below bronze: W104-description" in refused["error"]["message"]


def test_a_failed_build_reports_the_reason(author):
    author.edit("pyproject.toml", 'readme = "README.md"', 'readme = "ABSENT.md"')

    code, refused = author.release("--dry-run", "--against", "none")

    assert (code, refused["error"]["code"]) == (1, "BUILD_FAILED")
    assert "ABSENT.md" in refused["error"]["message"]
