"""`wren plugin release`, in a real repository: an honest version, what would be published, a tag, and nothing sent."""

import json
import os
import subprocess
from zipfile import ZipFile

import pytest

from servers.process import clean_variables
from wren.authoring.dev_environment import make_overlay
from wren.authoring.project import read_project
from wren.authoring.scaffold import Plan, make

PERSON = {f"GIT_{role}_{field}": "ann@example.com" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}


class Author:
    """Somebody with a plugin in a repository."""

    def __init__(self, folder):
        self.folder = make(Plan(name="acme"), folder)
        # The checks want it installed from here.
        self.python = make_overlay(folder / "environment", read_project(self.folder))
        nobody = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
        self.variables = {**clean_variables(folder), **PERSON, **nobody, "GIT_CEILING_DIRECTORIES": str(folder)}

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


def test_a_plugin_is_released_with_honest_versions(author):
    """One story, because every release is checked and built."""
    author.commit()

    # A rehearsal of the first release shows what would be published, and leaves nothing behind.
    code, first = author.release("--dry-run", "--against", "none")
    assert (code, first["tier"], first["compared_with"]) == (0, "platinum", None)
    assert set(first["files"]) == {"wren_acme-0.1.0.tar.gz", "wren_acme-0.1.0-py3-none-any.whl"}
    assert "wren_acme/fake.py" in first["members"]
    assert first["metadata"]["Requires-Python"] == [">=3.11"]
    assert not (author.folder / "dist").exists()

    # The release is a tag here, and files in dist/.
    code, done = author.release("--against", "none")
    assert (code, done["tag"]) == (0, "v0.1.0")
    assert author.run("git", "cat-file", "-t", "v0.1.0").stdout == "tag\n"
    with ZipFile(author.folder / "dist" / "wren_acme-0.1.0-py3-none-any.whl") as wheel:
        assert "wren_acme/__init__.py" in wheel.namelist()

    # What breaks callers asks for more than a fix, and the reasons are all there.
    author.edit(
        "__init__.py",
        'search: Annotated[str, "Only items with this in their title"] = ""',
        'search: Annotated[str, "Words"]',
    )
    author.edit("pyproject.toml", '"0.1.0"', '"0.1.1"')
    code, refused = author.release("--dry-run")
    assert (code, refused["error"]["code"]) == (1, "VERSION_TOO_SMALL")
    assert "items: parameter 'search' is newly required" in refused["error"]["message"]
    assert "ask for 0.2.0 or later" in refused["error"]["message"]
    assert "before 1.0.0" in refused["error"]["message"]

    # A version that says so is accepted, but not tagged before it is committed.
    author.edit("pyproject.toml", '"0.1.1"', '"0.2.0"')
    code, refused = author.release()
    assert (code, refused["error"]["code"]) == (1, "RELEASE_REFUSED")
    assert "commit first, the tag would not hold it: " in refused["error"]["message"]


def test_a_version_that_was_released_is_not_released_again(author):
    author.commit()
    assert author.run("git", "tag", "v0.1.0").returncode == 0
    (author.folder / "later.txt").write_text("later")
    author.commit()

    code, refused = author.release("--dry-run", "--against", "none")

    assert (code, refused["error"]["code"]) == (1, "RELEASE_REFUSED")
    assert "v0.1.0 is tagged already, on another commit" in refused["error"]["message"]


def test_what_is_below_bronze_is_not_released(author):
    author.edit("__init__.py", "List the items.", "list the items")

    code, refused = author.release("--dry-run", "--against", "none")

    assert (code, refused["error"]["code"]) == (1, "RELEASE_REFUSED")
    assert "below bronze: W104-description" in refused["error"]["message"]


def test_what_does_not_build_says_why(author):
    author.edit("pyproject.toml", 'readme = "README.md"', 'readme = "ABSENT.md"')

    code, refused = author.release("--dry-run", "--against", "none")

    assert (code, refused["error"]["code"]) == (1, "BUILD_FAILED")
    assert "ABSENT.md" in refused["error"]["message"]
