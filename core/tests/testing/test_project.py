import json

import pytest
from importlib_metadata import PackageNotFoundError

from wren_core.testing.project import Project

PYPROJECT = """
[project]
name = "wren-parcel"
readme = "docs.md"

[tool.wren.check]
exempt = {W304 = "the provider has no pages at all"}
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "a project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "docs.md").write_text("# As edited")
    return folder


METADATA = b"""Metadata-Version: 2.4
Name: wren-parcel
Version: 1.2
Summary: Send parcels
License-Expression: MIT
Requires-Python: >=3.11
Requires-Dist: wren-core<1
Description-Content-Type: text/markdown

# As installed
"""


def test_the_facts_of_a_wheel_come_from_its_metadata(install):
    install("wren-parcel", version="1.2", metadata=METADATA)

    project = Project.installed("wren-parcel")

    assert (project.name, project.version, project.summary) == ("wren-parcel", "1.2", "Send parcels")
    assert (project.license, project.requires_python, project.requires) == ("MIT", ">=3.11", ("wren-core<1",))
    assert project.readme.strip() == "# As installed"
    assert (project.folder, project.exemptions) == (None, {})


@pytest.mark.parametrize("editable", [True, False])
def test_an_editable_install_is_read_from_its_source_folder(install, folder, editable):
    site = install("wren-parcel", version="1.2", metadata=METADATA)
    origin = {"url": folder.as_uri(), "dir_info": {"editable": editable}}
    (site / "wren_parcel-1.2.dist-info" / "direct_url.json").write_text(json.dumps(origin))

    project = Project.installed("wren-parcel")

    assert project.folder == (folder if editable else None)
    assert project.readme.strip() == ("# As edited" if editable else "# As installed")
    assert project.exemptions == ({"W304": "the provider has no pages at all"} if editable else {})


def test_a_given_folder_is_used(install, folder):
    install("wren-parcel", version="1.2", metadata=METADATA)

    assert Project.installed("wren-parcel", folder=folder).readme == "# As edited"


@pytest.mark.parametrize("origin", ["no json", '{"url": "https://x.example/a.whl"}', '{"url": "file:///nowhere"}'])
def test_an_install_from_elsewhere_has_no_folder(install, origin):
    site = install("wren-parcel", version="1.2", metadata=METADATA)
    (site / "wren_parcel-1.2.dist-info" / "direct_url.json").write_text(origin)

    assert Project.installed("wren-parcel").folder is None


def test_the_usual_readme_is_read_where_the_declared_one_is_missing(install, folder):
    install("wren-parcel", version="1.2", metadata=METADATA)
    (folder / "docs.md").rename(folder / "README.md")

    assert Project.installed("wren-parcel", folder=folder).readme == "# As edited"


def test_a_distribution_that_is_not_installed_is_an_error():
    with pytest.raises(PackageNotFoundError):
        Project.installed("wren-nowhere")
