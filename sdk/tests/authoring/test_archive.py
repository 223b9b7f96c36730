"""Archives are unpacked by our own code, which is the same for every version of Python."""

import io
import tarfile

import pytest

from wren.authoring.archive import ArchiveUnsafe, unpack_tar


def member(name, kind=tarfile.REGTYPE, *, link="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


def archive(*members, content=b"text"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for info in members:
            info.size = len(content) if info.isreg() else 0
            file.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture(autouse=True)
def python_before_3_11_4(monkeypatch):
    """`tarfile` as Debian 12 has it: without the filters, and without the parameter that names one."""
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.delattr(tarfile.TarFile, "extractall")
    monkeypatch.delattr(tarfile.TarFile, "extract")


def test_files_folders_and_links_are_written(tmp_path):
    files = archive(
        member("src", tarfile.DIRTYPE),
        member("src/tool.sh", mode=0o755),
        member("deep/er/notes.md"),
        member("src/notes", tarfile.SYMTYPE, link="../deep/er/notes.md"),
    )

    unpack_tar(files, tmp_path / "out")

    assert (tmp_path / "out" / "src" / "notes").read_text() == "text"
    assert (tmp_path / "out" / "src" / "tool.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out" / "deep" / "er" / "notes.md").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "members",
    [
        [member("../escaped")],
        [member("src/../../escaped")],
        [member("link", tarfile.SYMTYPE, link="..")],
        [member("link", tarfile.SYMTYPE, link="/")],
        [member("inner", tarfile.SYMTYPE, link="."), member("inner/link", tarfile.SYMTYPE, link="../escaped")],
        [member("file"), member("hard", tarfile.LNKTYPE, link="file")],
        [member("pipe", tarfile.FIFOTYPE)],
        [member("device", tarfile.CHRTYPE)],
    ],
    ids=["up", "up-and-down", "link-up", "absolute-link", "link-through-a-link", "hard-link", "pipe", "device"],
)
def test_a_member_outside_the_folder_or_not_a_file_is_refused(tmp_path, members):
    with pytest.raises(ArchiveUnsafe):
        unpack_tar(archive(*members), tmp_path / "out")

    assert not (tmp_path / "escaped").exists()


def test_an_absolute_name_is_refused(tmp_path):
    with pytest.raises(ArchiveUnsafe, match="outside the folder"):
        unpack_tar(archive(member(str(tmp_path / "escaped"))), tmp_path / "out")

    assert not (tmp_path / "escaped").exists()


def test_nothing_is_written_through_a_link_that_was_there_before(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path)

    with pytest.raises(ArchiveUnsafe, match="outside the folder"):
        unpack_tar(archive(member("link/escaped")), tmp_path / "out")

    assert not (tmp_path / "escaped").exists()
