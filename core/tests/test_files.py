import os
from pathlib import Path

import pytest

from wren_core import InvalidInput
from wren_core.files import open_new, open_to_read, safe_name, save


def test_a_new_file_replaces_no_other(tmp_path):
    folder = tmp_path / "new" / "folder"

    for text in (b"one", b"two", b"three"):
        with open_new(folder, "report.tar.gz") as file:
            file.write(text)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "report.tar.gz": b"one",
        "report.tar (1).gz": b"two",
        "report.tar (2).gz": b"three",
    }


def test_a_new_file_has_its_path(tmp_path):
    first, second = save(tmp_path, "a.txt", b"one"), save(tmp_path, "a.txt", b"two")

    assert (first, second) == (str(tmp_path / "a.txt"), str(tmp_path / "a (1).txt"))
    assert (tmp_path / "a (1).txt").read_bytes() == b"two"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "file"),
        ("", "file"),
        (".bashrc", "bashrc"),
        ("C:\\temp\\x.txt", "C__temp_x.txt"),
        ("a\nb\x00.txt", "a_b_.txt"),
        ("ü" * 200 + ".txt", "ü" * 75 + ".txt"),
    ],
)
def test_a_name_stays_in_its_folder_whatever_it_is(tmp_path, name, safe):
    with open_new(tmp_path, name):
        pass

    assert safe_name(name) == safe
    assert os.listdir(tmp_path) == [safe]


def test_a_file_of_the_scripts_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"content")

    with open_to_read(Path("~/a.txt")) as file:
        assert file.read() == b"content"


def test_the_error_of_a_file_names_the_argument(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidInput, match=r"/attachments: .*nowhere.*No such file") as unread:
        open_to_read(tmp_path / "nowhere", pointer="/attachments")
    with pytest.raises(InvalidInput, match="/folder") as unmade:
        open_new(tmp_path / "file", "x")

    assert unread.value.details["pointer"] == "/attachments"
    assert unmade.value.details["pointer"] == "/folder"
