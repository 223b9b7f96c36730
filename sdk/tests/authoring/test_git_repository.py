"""Releases as git knows them, in real repositories."""

import os
import subprocess

import pytest
from packaging.version import Version

from wren.authoring import git_repository
from wren.authoring.git_repository import RepositoryUnusable


@pytest.fixture(autouse=True)
def person(monkeypatch, tmp_path):
    """Git for a user who has a name and no settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ann@example.com")
    # Pytest's folders may lie in another repository.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


def git(folder, *arguments):
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def plugin(tmp_path):
    """A plugin in a folder of a larger repository, with a commit."""
    folder = tmp_path / "tree" / "plugins" / "wren-post"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("one")
    git(tmp_path / "tree", "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "one")
    return folder


def test_tags_that_are_versions_are_releases(plugin):
    for tag in ("v0.1.0", "v1.0.0rc1", "vnext", "other"):
        git(plugin, "tag", tag)

    assert git_repository.list_tagged_versions(plugin) == {Version("0.1.0"): "v0.1.0", Version("1.0.0rc1"): "v1.0.0rc1"}


def test_a_tag_gives_back_the_folder_as_it_was(plugin, tmp_path):
    git(plugin, "tag", "v0.1.0")
    (plugin / "pyproject.toml").write_text("two")

    git_repository.export_tag(plugin, "v0.1.0", tmp_path / "was")

    assert (tmp_path / "was" / "pyproject.toml").read_text() == "one"


def test_a_tag_from_before_the_folder_was_there_says_so(plugin, tmp_path):
    git(plugin, "tag", "v0.1.0")
    later = plugin.parent / "wren-later"
    later.mkdir()

    with pytest.raises(RepositoryUnusable, match="git archive"):
        git_repository.export_tag(later, "v0.1.0", tmp_path / "was")


def test_what_is_not_committed_is_named(plugin):
    assert git_repository.list_uncommitted(plugin) == []

    (plugin / "new.py").write_text("")
    (plugin.parent / "beside.txt").write_text("of another plugin")

    assert [name.rpartition("/")[2] for name in git_repository.list_uncommitted(plugin)] == ["new.py"]


def test_a_tag_is_added_to_the_last_commit(plugin):
    git_repository.add_tag(plugin, "v0.1.0", "wren-post 0.1.0")

    assert git_repository.is_head(plugin, "v0.1.0")
    with pytest.raises(RepositoryUnusable, match="already exists"):
        git_repository.add_tag(plugin, "v0.1.0", "again")


def test_a_tag_of_an_earlier_commit_is_not_the_head(plugin):
    git_repository.add_tag(plugin, "v0.1.0", "wren-post 0.1.0")
    git(plugin, "commit", "--quiet", "--allow-empty", "--message", "two")

    assert not git_repository.is_head(plugin, "v0.1.0")
    assert not git_repository.is_head(plugin, "v9.9.9")


def test_a_folder_outside_a_repository_has_no_releases(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))  # wherever the tests keep their folders

    assert git_repository.list_tagged_versions(tmp_path) == {}
    assert not git_repository.is_repository(tmp_path)


def test_a_machine_without_git_has_no_releases(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert git_repository.list_tagged_versions(tmp_path) == {}
    with pytest.raises(RepositoryUnusable, match="git is not installed here"):
        git_repository.list_uncommitted(tmp_path)
