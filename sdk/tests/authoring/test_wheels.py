"""Wheels that are read, not installed."""

from zipfile import ZipFile

import pytest
from packaging.version import Version

from wren.authoring.wheels import WheelInvalid, read_wheel

POINTS = "[console_scripts]\na = b:c\n[wren.integrations]\npost = wren_post:Post\n[wren.definitions]\ndata = d:d.json\n"


def wheel(folder, members):
    path = folder / "wren_post-1.2.0-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_a_wheel_says_what_it_offers(tmp_path):
    info = "wren_post-1.2.0.dist-info"
    metadata = "Metadata-Version: 2.4\nName: wren-post\nVersion: 1.2.0\n"
    file = wheel(tmp_path, {"wren_post.py": "x = 1", f"{info}/METADATA": metadata, f"{info}/entry_points.txt": POINTS})

    read = read_wheel(file)
    read.unpack(tmp_path / "out")

    assert (read.name, read.version, read.points) == (
        "wren-post",
        Version("1.2.0"),
        {"post": "wren_post:Post", "data": "d:d.json"},
    )
    assert "wren_post.py" in read.members
    assert (tmp_path / "out" / "wren_post.py").read_text() == "x = 1"


def test_a_wheel_that_offers_nothing_has_no_points(tmp_path):
    file = wheel(tmp_path, {"x-1.dist-info/METADATA": "Name: x\nVersion: 1\n"})

    assert read_wheel(file).points == {}


def test_a_file_that_is_not_a_wheel_is_refused(tmp_path):
    (tmp_path / "text.whl").write_text("no archive")

    for file in (tmp_path / "text.whl", tmp_path / "absent.whl", wheel(tmp_path, {"a.py": ""})):
        with pytest.raises(WheelInvalid, match="is no wheel"):
            read_wheel(file)
