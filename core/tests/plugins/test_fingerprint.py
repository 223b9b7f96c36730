import json
import os
from pathlib import Path

import pytest
from importlib_metadata import Distribution, EntryPoint, entry_points

from wren_core.plugins.discovery import find_entry_points
from wren_core.plugins.fingerprint import Fingerprints


def point_of(
    folder: Path, value: str = "acme_mail:Mail", name: str = "mail", group: str = "wren.integrations"
) -> EntryPoint:
    point = EntryPoint(name, value, group)
    vars(point)["dist"] = Distribution.at(folder)
    return point


def fingerprint(folder: Path, **point) -> str:
    return Fingerprints().of(point_of(folder, **point))


def touch(path: Path) -> None:
    """Give a file another time, as a change does, without waiting for the clock."""
    found = path.stat()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000))


@pytest.fixture
def site(tmp_path):
    """A folder with an installed distribution of one module."""
    info = tmp_path / "site" / "acme_mail-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-mail\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[wren.integrations]\nmail = acme_mail:Mail\n")
    (info.parent / "acme_mail.py").write_text("class Mail: ...\n")
    return info


@pytest.fixture
def editable(tmp_path):
    """A distribution that reads its code from a project's folder."""
    info, project = tmp_path / "site" / "acme_mail-1.0.dist-info", tmp_path / "project"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-mail\nVersion: 1.0\n")
    origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(origin))
    package = project / "src" / "acme_mail"
    package.mkdir(parents=True)
    for name in ("__init__.py", "methods.py", "openapi.yaml"):
        (package / name).write_text("\n")
    (project / ".git").mkdir()
    (project / "README.md").write_text("\n")
    return info, project


def test_a_fingerprint_stays_the_same_while_nothing_changes(site):
    assert fingerprint(site) == fingerprint(site)
    assert len(fingerprint(site)) == 64


@pytest.mark.parametrize("changed", ["METADATA", "../acme_mail.py", "."])
def test_a_changed_file_changes_the_fingerprint(site, changed):
    before = fingerprint(site)

    touch(site / changed)

    assert fingerprint(site) != before


def test_a_new_version_changes_the_fingerprint(site):
    before = fingerprint(site)

    assert fingerprint(site.rename(site.with_name("acme_mail-1.1.dist-info"))) != before


def test_each_entry_point_has_its_own_fingerprint(site):
    assert fingerprint(site) != fingerprint(site, value="acme_mail:Other")
    assert fingerprint(site) != fingerprint(site, name="other")


def test_the_files_of_a_package_count_like_those_of_a_module(site):
    package = site.parent / "acme_box" / "mail"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("\n")
    before = fingerprint(site, value="acme_box.mail:Mail")

    touch(package / "__init__.py")

    assert fingerprint(site, value="acme_box.mail:Mail") != before


def test_a_definition_next_to_the_code_counts(site):
    package = site.parent / "acme_data"
    package.mkdir()
    for file in ("__init__.py", "definition.json"):
        (package / file).write_text("\n")
    declared = {"value": "acme_data:definition.json", "group": "wren.definitions"}
    before = fingerprint(site, **declared)

    touch(package / "definition.json")

    assert fingerprint(site, **declared) != before


@pytest.mark.parametrize("changed", ["methods.py", "__init__.py", "openapi.yaml"])
def test_every_source_of_an_editable_install_counts(editable, changed):
    info, project = editable
    before = fingerprint(info)

    touch(project / "src" / "acme_mail" / changed)

    assert fingerprint(info) != before


def test_a_new_source_of_an_editable_install_counts(editable):
    info, project = editable
    before = fingerprint(info)

    (project / "src" / "acme_mail" / "more.py").write_text("\n")

    assert fingerprint(info) != before


def test_files_other_than_sources_do_not_count(editable):
    info, project = editable
    before = fingerprint(info)

    for place in (".git", "src/acme_mail/__pycache__", "build", "node_modules/x", "env/lib"):
        (project / place).mkdir(parents=True, exist_ok=True)
        (project / place / "a.py").write_text("\n")
    (project / "env" / "pyvenv.cfg").write_text("\n")
    touch(project / "README.md")

    assert fingerprint(info) == before


@pytest.mark.parametrize("origin", ["", "{", "[]", "{}", '{"url": "file:///x", "dir_info": {}}', '{"dir_info": null}'])
def test_an_install_without_an_editable_origin_has_no_sources(editable, origin):
    info, project = editable
    (info / "direct_url.json").write_text(origin)
    before = fingerprint(info)

    touch(project / "src" / "acme_mail" / "methods.py")

    assert fingerprint(info) == before


def test_an_entry_point_without_a_distribution_has_a_fingerprint():
    assert len(Fingerprints().of(EntryPoint("mail", "acme_mail:Mail", "wren.integrations"))) == 64


def test_the_fingerprint_of_a_distribution_in_an_archive_comes_from_its_metadata():
    class Archived(Distribution):
        """A distribution that is no folder."""

        def __init__(self, text):
            self.text = text

        def read_text(self, filename):
            return self.text

        def locate_file(self, path):
            raise NotImplementedError

    def of(text):
        point = EntryPoint("mail", "acme_mail:Mail", "wren.integrations")
        vars(point)["dist"] = Archived(text)
        return Fingerprints().of(point)

    assert of("Version: 1") == of("Version: 1") != of("Version: 2")


def test_the_contract_counts_with_all_its_sources(site, monkeypatch):
    before = fingerprint(site)
    assert [point.dist.name for point in entry_points(name="nothing")] == []
    looked_at = Fingerprints()
    looked_at._base = "of another release"

    assert looked_at.of(point_of(site)) != before


def test_installed_plugins_have_different_fingerprints(install):
    for name in ("one", "two"):
        install(f"wren-{name}", {f"wren_{name}": "Plugin = None"}, entry_points={name: f"wren_{name}:Plugin"})
    points = find_entry_points()
    fingerprints = Fingerprints()

    assert len({fingerprints.of(point) for point in points}) == len(points) >= 2
