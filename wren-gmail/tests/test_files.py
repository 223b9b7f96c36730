from pathlib import Path

import pytest

from wren_core import InvalidInput
from wren_gmail.files import load, safe_name, save
from wren_gmail.records import Attachment


def test_a_path_is_read(tmp_path):
    (tmp_path / "report.pdf").write_bytes(b"\x00pdf")

    item = load(tmp_path / "report.pdf")

    assert (item.filename, item.content, item.size) == ("report.pdf", b"\x00pdf", 4)


def test_a_path_can_have_another_display_name(tmp_path):
    (tmp_path / "x1.tmp").write_bytes(b"pdf")

    item = load(Attachment(filename="report.pdf", path=str(tmp_path / "x1.tmp")))

    assert (item.filename, item.content) == ("report.pdf", b"pdf")


def test_content_in_memory_is_used_unchanged():
    item = Attachment(filename="a", content=b"")

    assert load(item) is item


@pytest.mark.parametrize("path", ["missing.pdf", ".", "nul\x00byte"])
def test_a_file_that_cannot_be_read_is_refused(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidInput, match="cannot read"):
        load(Path(path))


def test_an_attachment_without_path_and_content_is_refused():
    with pytest.raises(InvalidInput, match=r"'a\.pdf' has neither content nor path"):
        load(Attachment(filename="a.pdf"))


def test_saving_a_file_creates_the_folder(tmp_path):
    saved = save(Attachment(filename="a.pdf", content=b"1"), tmp_path / "new" / "folder")

    assert saved.path == str(tmp_path / "new" / "folder" / "a.pdf")
    assert Path(saved.path).read_bytes() == b"1"


def test_saving_the_same_content_twice_creates_one_file(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"another file")

    paths = [save(Attachment(filename="a.pdf", content=b"mine"), tmp_path).path for _ in range(2)]

    assert paths == [str(tmp_path / "a (1).pdf")] * 2
    assert (tmp_path / "a.pdf").read_bytes() == b"another file"


def test_a_folder_with_the_name_of_the_file_is_kept(tmp_path):
    (tmp_path / "a.pdf").mkdir()

    assert save(Attachment(filename="a.pdf", content=b"1"), tmp_path).path == str(tmp_path / "a (1).pdf")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidInput, match=r"^folder: cannot save 'a.pdf'"):
        save(Attachment(filename="a.pdf", content=b"1"), tmp_path / "file")


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..\\..\\boot.ini",
        "..",
        ".",
        "",
        "a\x00b",
        "C:\\x",
        ".bashrc",
        "~",
        "x" * 999,
    ],
)
def test_no_file_name_can_leave_the_folder(name, tmp_path):
    saved = save(Attachment(filename=name, content=b"1"), tmp_path / "in")

    assert Path(saved.path).resolve().parent == tmp_path / "in"
    assert not Path(saved.path).name.startswith(".")


@pytest.mark.parametrize("letter", ["x", "文", "😀"])
def test_a_long_name_keeps_its_extension_and_can_be_saved(letter, tmp_path):
    paths = [
        save(Attachment(filename=letter * 300 + ".pdf", content=content), tmp_path).path for content in (b"1", b"2")
    ]

    assert [Path(path).suffix for path in paths] == [".pdf", ".pdf"]
    assert len(set(paths)) == 2


def test_a_short_name_is_kept():
    assert safe_name("Grüße & 文件 (2).tar.gz") == "Grüße & 文件 (2).tar.gz"
