import base64

import pytest
from pydantic import SecretStr
from sqlmodel import select

from wren_backend.storage.migration import current_revision, migrate
from wren_backend.testing import NOW, add_connection, add_subject
from wren_backend.vault.boot import open_keys, open_vault, verify_master_keys
from wren_backend.vault.crypto import new_key
from wren_backend.vault.errors import MasterKeyExposed, MasterKeyInvalid, MasterKeyMissing, MasterKeyWrong
from wren_backend.vault.keyring import GivenKeys, KeyFile, MasterKey, MasterKeys, generate_key_line, new_master_key
from wren_backend.vault.master_keys import MasterKeyProvider
from wren_backend.vault.models import MasterKeyCheck


def key_file(tmp_path, name="master.key"):
    return KeyFile(tmp_path / name)


def start(database, file):
    """Open the vault as a process does."""
    return open_vault(database, open_keys(database, key_file=file.path, key_text=None), now=NOW)


def write(file, *keys):
    file.path.unlink(missing_ok=True)
    file.path.touch(mode=0o600)
    file.replace(MasterKeys(keys=keys))


def given_keys():
    return MasterKeyProvider(GivenKeys(generate_key_line(), origin="test"))


def checks(database):
    with database.reading() as session:
        return sorted(session.exec(select(MasterKeyCheck.master_key_id)))


def store_something(database, vault):
    connection = add_connection(database, add_subject(database))
    with database.writing() as session:
        vault.store(session, connection.place, {"access_token": "x"}, now=NOW)
    return connection


def test_the_first_start_makes_a_key_and_remembers_it(empty_database, tmp_path):
    file = key_file(tmp_path)

    keys = open_keys(empty_database, key_file=file.path, key_text=None)
    verify_master_keys(empty_database, keys)
    migrate(empty_database)
    open_vault(empty_database, keys, now=NOW)

    assert checks(empty_database) == [file.current().primary.id]


def test_starting_again_with_the_same_key_works(database, tmp_path):
    start(database, key_file(tmp_path))

    start(database, key_file(tmp_path))

    assert len(checks(database)) == 1


def test_the_right_name_with_the_wrong_bytes_refuses_to_start(database, tmp_path):
    file = key_file(tmp_path)
    start(database, file)
    write(file, MasterKey(id=file.current().primary.id, secret=new_key()))

    with pytest.raises(MasterKeyWrong) as caught:
        start(database, file)

    assert (caught.value.type, caught.value.code) == ("UserFacingConfigError", "MASTER_KEY_WRONG")


def test_another_key_refuses_to_start_before_a_row_is_written(database, tmp_path):
    first = key_file(tmp_path)
    start(database, first)
    known = checks(database)
    other = key_file(tmp_path, "other.key")
    write(other, new_master_key())

    with pytest.raises(MasterKeyMissing, match=first.current().primary.id):
        start(database, other)

    assert checks(database) == known


def test_a_lost_key_file_is_never_answered_with_a_new_key(database, tmp_path):
    file = key_file(tmp_path)
    start(database, file)
    file.path.unlink()

    with pytest.raises(MasterKeyMissing, match="restore it"):
        verify_master_keys(database, open_keys(database, key_file=file.path, key_text=None))

    assert not file.exists()


def test_a_wrong_key_is_noticed_before_the_tables_are_migrated(database, tmp_path):
    start(database, key_file(tmp_path))
    before = current_revision(database)

    with pytest.raises(MasterKeyMissing):
        verify_master_keys(database, given_keys())

    assert current_revision(database) == before


def test_an_exposed_key_file_refuses_to_start(database, tmp_path):
    file = key_file(tmp_path)
    start(database, file)
    file.path.chmod(0o644)

    with pytest.raises(MasterKeyExposed):
        start(database, key_file(tmp_path))


def test_a_short_key_refuses_to_start_and_makes_no_other(database, tmp_path):
    file = key_file(tmp_path)
    file.path.touch(mode=0o600)
    file.path.write_text(f"mk_1 {base64.b64encode(new_key()[:31]).decode()}\n")

    with pytest.raises(MasterKeyInvalid, match="31 bytes"):
        start(database, file)

    assert checks(database) == []


def test_a_key_added_to_the_file_is_recognised_from_then_on(database, tmp_path):
    file = key_file(tmp_path)
    start(database, file)
    first, second = file.current().primary, new_master_key()
    file.replace(MasterKeys(keys=(first, second)))

    start(database, file)

    assert checks(database) == sorted([first.id, second.id])


def test_a_backup_works_with_more_keys_than_it_knew(database, tmp_path):
    file = key_file(tmp_path)
    vault = start(database, file)
    connection = store_something(database, vault)
    file.replace(MasterKeys(keys=(*file.current().keys, new_master_key())))

    restored = start(database, file)

    with database.reading() as session:
        assert dict(restored.open(session, connection.place)) == {"access_token": "x"}


def test_a_key_that_still_wraps_data_is_missed_by_name(database, tmp_path):
    file = key_file(tmp_path)
    store_something(database, start(database, file))
    old, new = file.current().primary, new_master_key()
    file.replace(MasterKeys(keys=(old, new)))
    start(database, file)
    file.replace(MasterKeys(keys=(new,)))

    with pytest.raises(MasterKeyMissing, match=old.id):
        start(database, file)


def test_a_key_that_wraps_nothing_need_not_be_given_any_more(database, tmp_path):
    file = key_file(tmp_path)
    start(database, file)
    old, new = file.current().primary, new_master_key()
    file.replace(MasterKeys(keys=(old, new)))
    start(database, file)
    file.replace(MasterKeys(keys=(new,)))

    start(database, file)

    assert checks(database) == sorted([old.id, new.id])


def test_of_concurrent_first_starts_with_different_keys_one_wins_and_the_others_fail(database, together):
    def start_with_own_key(_number: int) -> str:
        try:
            open_vault(database, given_keys(), now=NOW)
        except MasterKeyMissing:
            return "told"
        return "won"

    assert sorted(together(6, start_with_own_key)) == ["told"] * 5 + ["won"]


def test_the_key_comes_from_the_text_where_one_is_given(database, tmp_path):
    line, path = generate_key_line(), tmp_path / "master.key"

    given = open_keys(database, key_file=path, key_text=SecretStr(line))
    made_a_file = path.exists()
    kept = open_keys(database, key_file=path, key_text=None)

    assert (given.versions(), made_a_file) == ((line.split()[0],), False)
    assert kept.versions() == KeyFile(path).current().ids
