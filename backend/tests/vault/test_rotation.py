import subprocess
import sys
import threading

import pytest
from sqlmodel import select

from wren_backend.testing import NOW, add_connection, add_subject
from wren_backend.vault.boot import open_vault, register_master_keys
from wren_backend.vault.errors import MasterKeyInUse, MasterKeyMissing
from wren_backend.vault.keyring import KeyFile, MasterKeys, new_master_key
from wren_backend.vault.master_keys import MasterKeyProvider
from wren_backend.vault.models import DataKey
from wren_backend.vault.rotation import finish_rotation, retire, rewrap_batch, rotate
from wren_core.testing.patience import patience

ROTATE_AND_DIE = """
import os, sys
from pathlib import Path
from datetime import datetime, UTC
from wren_backend.storage.database import open_database
from wren_backend.vault import rotation
from wren_backend.vault.keyring import KeyFile
rewrap = rotation.rewrap_batch
def rewrap_two_then_die(database, keys, *, after=""):
    if after:
        os.kill(os.getpid(), 9)
    return rewrap(database, keys, after=after, limit=2)
rotation.rewrap_batch = rewrap_two_then_die
rotation.rotate(open_database(sys.argv[1]), KeyFile(Path(sys.argv[2])), now=datetime.now(UTC))
"""


@pytest.fixture
def file(tmp_path):
    file = KeyFile(tmp_path / "master.key")
    file.create()
    return file


@pytest.fixture
def vault(database, file):
    return open_vault(database, MasterKeyProvider(file), now=NOW)


def store_in_workspaces(database, vault, count):
    rows = [add_connection(database, add_subject(database)) for _ in range(count)]
    for number, row in enumerate(rows):
        with database.writing() as session:
            vault.store(session, row.place, {"access_token": f"token-{number}"}, now=NOW)
    return rows


def opened(database, vault, rows):
    with database.reading() as session:
        return [vault.open(session, row.place)["access_token"] for row in rows]


def masters(database):
    with database.reading() as session:
        return {row.master_key_id for row in session.exec(select(DataKey))}


def test_rotation_wraps_every_data_key_with_the_new_key_and_loses_nothing(database, vault, file):
    rows = store_in_workspaces(database, vault, 5)
    old = file.current().primary.id

    rotation = rotate(database, file, now=NOW)

    assert (rotation.rewrapped, rotation.broken_ids, rotation.retirable_ids) == (5, (), (old,))
    assert masters(database) == {rotation.primary_id} == {file.current().primary.id} != {old}
    assert opened(database, vault, rows) == [f"token-{number}" for number in range(5)]


def test_the_old_key_can_be_retired_after_the_rotation(database, vault, file):
    rows = store_in_workspaces(database, vault, 2)
    old = file.current().primary.id
    rotate(database, file, now=NOW)

    retire(database, file, old)

    assert old not in file.current().ids
    assert opened(database, open_vault(database, MasterKeyProvider(file), now=NOW), rows) == ["token-0", "token-1"]


def test_a_key_that_is_still_needed_cannot_be_retired(database, vault, file):
    store_in_workspaces(database, vault, 1)
    old, new = file.current().primary, new_master_key()
    file.replace(MasterKeys(keys=(old, new)))

    for key_id in (old.id, new.id):
        with pytest.raises(MasterKeyInUse) as caught:
            retire(database, file, key_id)
        assert caught.value.code == "MASTER_KEY_IN_USE"
    with pytest.raises(MasterKeyMissing):
        retire(database, file, "mk_other")

    assert file.current().ids == (old.id, new.id)


def test_an_interrupted_rotation_continues_where_it_stopped(database, vault, file):
    rows = store_in_workspaces(database, vault, 5)
    old, new = file.current().primary, new_master_key()
    file.replace(MasterKeys(keys=(old, new)))
    register_master_keys(database, MasterKeyProvider(file), now=NOW)
    rewrap_batch(database, MasterKeyProvider(file), limit=2)
    assert masters(database) == {old.id, new.id}

    rotation = rotate(database, file, now=NOW)

    assert (rotation.primary_id, rotation.rewrapped) == (new.id, 3)
    assert masters(database) == {new.id}
    assert opened(database, vault, rows) == [f"token-{number}" for number in range(5)]


def test_a_rotation_killed_in_the_middle_harms_nothing_and_can_be_resumed(database, vault, file):
    rows = store_in_workspaces(database, vault, 5)
    old, url = file.current().primary.id, database.engine.url.render_as_string(hide_password=False)

    killed = subprocess.run([sys.executable, "-c", ROTATE_AND_DIE, url, str(file.path)], check=False)

    assert killed.returncode == -9
    assert len(masters(database)) == 2
    assert opened(database, vault, rows) == [f"token-{number}" for number in range(5)]
    assert rotate(database, file, now=NOW).rewrapped == 3
    assert old not in masters(database)
    assert opened(database, vault, rows) == [f"token-{number}" for number in range(5)]


def test_readers_and_writers_never_fail_while_keys_rotate(database, vault, file):
    rows = store_in_workspaces(database, vault, 10)
    done, failures = threading.Event(), list[Exception]()

    def use(number: int) -> None:
        try:
            while not done.is_set():
                assert opened(database, vault, rows) == [f"token-{index}" for index in range(10)]
                with database.writing() as session:
                    vault.store(session, rows[number].place, {"access_token": f"token-{number}"}, now=NOW)
        except Exception as exc:
            failures.append(exc)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        rotate(database, file, now=NOW)
    done.set()
    for thread in threads:
        thread.join(timeout=patience(30))

    assert failures == []
    assert masters(database) == {file.current().primary.id}


def test_a_broken_data_key_does_not_hold_up_the_others(database, vault, file):
    rows = store_in_workspaces(database, vault, 3)
    old = file.current().primary.id
    with database.writing() as session:
        broken = session.exec(select(DataKey).where(DataKey.workspace_id == rows[0].workspace_id)).one()
        broken.wrapped_key = b"\x00" * 60

    rotation = rotate(database, file, now=NOW)

    assert (rotation.rewrapped, rotation.broken_ids, rotation.retirable_ids) == (2, (broken.id,), ())
    assert old in masters(database)
    assert opened(database, vault, rows[1:]) == ["token-1", "token-2"]


def test_two_rotations_at_once_leave_every_key_openable(database, vault, file, together):
    rows = store_in_workspaces(database, vault, 20)
    file.replace(MasterKeys(keys=(*file.current().keys, new_master_key())))
    register_master_keys(database, MasterKeyProvider(file), now=NOW)

    together(4, lambda _number: finish_rotation(database, MasterKeyProvider(file)))

    assert masters(database) == {file.current().primary.id}
    assert opened(database, vault, rows) == [f"token-{number}" for number in range(20)]
