import pytest
from pydantic import SecretStr

from wren_backend.storage.errors import DatabaseUnusable
from wren_backend.storage.migration import current_revision, head_revision
from wren_backend.store import DataDirUnusable
from wren_backend.vault.errors import MasterKeyInvalid, MasterKeyMissing
from wren_backend.vault.keyring import generate_key_line

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def mode(path):
    return path.stat().st_mode & 0o777


@sqlite_only
def test_the_first_build_makes_a_data_directory_only_its_owner_can_enter(build_platform, tmp_path):
    data = tmp_path / "deep" / "data"

    platform = build_platform(data_dir=data, database_url=None)

    assert {path.name for path in data.iterdir()} >= {"master.key", "wren.db", "runs"}
    assert (mode(data), mode(data / "master.key"), mode(data / "wren.db"), mode(data / "runs")) == (
        *(0o700, 0o600, 0o600, 0o700),
    )
    assert current_revision(platform.database) == head_revision()


@sqlite_only
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/wren"])
def test_a_data_directory_that_cannot_be_made_is_named_with_the_reason(build_platform, tmp_path, place):
    (tmp_path / "file").write_text("in the way")
    data = tmp_path / place

    with pytest.raises(DataDirUnusable) as caught:
        build_platform(data_dir=data, database_url=None)

    assert (caught.value.type, caught.value.code) == ("UserFacingConfigError", "DATA_DIR_UNUSABLE")
    assert caught.value.message.startswith(f"{data} cannot be used to keep data: ")
    assert "--data-dir" in caught.value.message


@sqlite_only
def test_a_file_where_the_folders_of_runs_belong_is_named(build_platform, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "runs").write_text("in the way")

    with pytest.raises(DataDirUnusable, match=r"data/runs cannot be used to keep data: File exists"):
        build_platform()

    assert not (tmp_path / "data" / "master.key").exists()


@sqlite_only
def test_a_database_without_its_master_key_is_not_touched(build_platform):
    build_platform().settings.key_file.unlink()

    with pytest.raises(MasterKeyMissing):
        build_platform()


@sqlite_only
def test_master_keys_can_be_given_as_text_and_leave_no_file(build_platform):
    platform = build_platform(master_key=SecretStr(generate_key_line()))

    assert not platform.settings.key_file.exists()


@sqlite_only
def test_an_invalid_master_key_is_refused_without_being_shown(build_platform):
    with pytest.raises(MasterKeyInvalid) as caught:
        build_platform(master_key=SecretStr("mk_x aHVudGVyMg=="))

    assert "aHVudGVyMg" not in caught.value.message


@sqlite_only
def test_a_database_address_that_leads_nowhere_is_refused_without_its_password(build_platform):
    with pytest.raises(DatabaseUnusable) as caught:
        build_platform(database_url=SecretStr("mysql://u:hunter2@h/db"))

    assert "hunter2" not in caught.value.message
