"""What a plugin's folder says of itself."""

import pytest

from wren.authoring.project import ProjectInvalid, read_project

METADATA = """
[project]
name = "wren-post"
version = "1.2.0"
description = "Letters"
license = "Apache-2.0"
dependencies = ["wren-core>=0.1,<0.2"]

[project.entry-points."wren.integrations"]
post = "wren_post:Post"

[project.entry-points."wren.fakes"]
post = "wren_post.fake:FakePost"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pyproject.toml").write_text(METADATA)
    return tmp_path


def test_a_folder_is_read_without_importing_it(folder):
    project = read_project(folder)

    assert (project.name, project.version, project.folder) == ("wren-post", "1.2.0", folder.resolve())
    assert project.integrations == {"post": "wren_post:Post"}
    assert project.fakes == {"post": "wren_post.fake:FakePost"}
    assert project.requirements == ("wren-core>=0.1,<0.2",)
    assert project.headers == {"Summary": "Letters", "License-Expression": "Apache-2.0"}


def test_packages_are_found_with_and_without_a_src_folder(folder):
    flat = read_project(folder).source
    (folder / "src").mkdir()

    assert (flat, read_project(folder).source) == (folder.resolve(), folder.resolve() / "src")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (METADATA, "[project", "pyproject.toml: "),
        ('version = "1.2.0"', "", "needs name, version and entry points: 'version'"),
        ('version = "1.2.0"', 'dynamic = ["version"]', "give a static version"),
        ("wren.integrations", "wren.others", 'offers no integration in .project.entry-points."wren.integrations"'),
        ("[project]", "[tool]", "entry points: 'name'"),
    ],
)
def test_problems_of_the_metadata_are_reported(folder, old, new, message):
    (folder / "pyproject.toml").write_text(METADATA.replace(old, new))

    with pytest.raises(ProjectInvalid, match=message):
        read_project(folder)


def test_a_folder_without_metadata_is_not_a_plugin(tmp_path):
    with pytest.raises(ProjectInvalid, match="does not exist; name a plugin's folder"):
        read_project(tmp_path)
