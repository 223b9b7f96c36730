import pytest

from wren.stubs.folder import compare, write
from wren.stubs.package import MARK, StubPackage
from wren_core.errors import UserFacingConfigError


def package(*names: str) -> StubPackage:
    return StubPackage(files={f"wren/_installed/{name}.pyi": f"{MARK}\n{name}\n" for name in names}, missing={})


def test_what_is_written_is_up_to_date_afterwards(tmp_path):
    done = write(package("mail", "chat"), tmp_path)

    assert done.changed == ("wren/_installed/mail.pyi", "wren/_installed/chat.pyi")
    assert (tmp_path / "wren/_installed/mail.pyi").read_text() == f"{MARK}\nmail\n"
    assert not compare(package("mail", "chat"), tmp_path)


def test_only_what_changed_is_written_again(tmp_path):
    write(package("mail", "chat"), tmp_path)
    (tmp_path / "wren/_installed/mail.pyi").write_text(f"{MARK}\nold\n")

    assert compare(package("mail", "chat"), tmp_path).changed == ("wren/_installed/mail.pyi",)
    assert write(package("mail", "chat"), tmp_path).changed == ("wren/_installed/mail.pyi",)


def test_the_stub_of_an_integration_that_is_gone_is_removed(tmp_path):
    write(package("mail", "chat"), tmp_path)
    (tmp_path / "wren/_installed/own.pyi").write_text("# mine\n")

    assert compare(package("mail"), tmp_path).stale == ("wren/_installed/chat.pyi",)
    write(package("mail"), tmp_path)

    assert sorted(path.name for path in (tmp_path / "wren/_installed").iterdir()) == ["mail.pyi", "own.pyi"]


@pytest.mark.parametrize("content", [b"# another author's\n", b"\xff\xfe"])
def test_a_file_from_another_program_is_not_overwritten(tmp_path, content):
    place = tmp_path / "wren/_installed/mail.pyi"
    place.parent.mkdir(parents=True)
    place.write_bytes(content)

    with pytest.raises(UserFacingConfigError, match="choose another --output") as caught:
        write(package("mail"), tmp_path)

    assert caught.value.code == "STUBS_FOREIGN"
    assert place.read_bytes() == content


def test_an_unwritable_folder_is_reported(tmp_path):
    (tmp_path / "typings").touch()

    with pytest.raises(UserFacingConfigError, match="cannot be written") as caught:
        write(package("mail"), tmp_path / "typings")

    assert caught.value.code == "STUBS_UNWRITABLE"
