from datetime import timedelta
from pathlib import Path

import pytest

from wren_backend.testing import NOW, add_connection, add_subject
from wren_backend.vault import repository
from wren_backend.vault.boot import open_keys, open_vault

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def vault(database, tmp_path):
    return open_vault(database, open_keys(database, key_file=tmp_path / "master.key", key_text=None), now=NOW)


@pytest.fixture
def sealed(database, vault):
    """A connection with stored credentials, and their ciphertexts."""
    connection = add_connection(database, add_subject(database))
    with database.writing() as session:
        vault.store(session, connection.place, {"access_token": "at-1", "refresh_token": "rt-1"}, now=NOW)
    with database.reading() as session:
        rows = repository.list_sealed(session, connection.workspace_id, connection.id)
        return connection, [bytes(row.blob) for row in rows]


def left_on_disk(database, blobs):
    path = Path(database.engine.url.database)
    content = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    return [blob for blob in blobs if blob in content]


def test_shredded_credentials_are_in_no_file_of_the_database(database, vault, sealed):
    connection, blobs = sealed
    before = left_on_disk(database, blobs)

    with database.writing() as session:
        vault.shred(session, connection.place)
    vault.erase_traces(database)

    assert before == blobs
    assert left_on_disk(database, blobs) == []
    assert not vault.has_traces


def test_replaced_credentials_are_gone_too(database, vault, sealed):
    connection, blobs = sealed

    with database.writing() as session:
        vault.store(
            session, connection.place, {"access_token": "at-2", "refresh_token": "rt-2"}, now=NOW + timedelta(1)
        )
    vault.erase_traces(database)

    assert left_on_disk(database, blobs) == []


def test_a_reader_delays_it_and_it_is_done_later(database, vault, sealed):
    connection, blobs = sealed
    with database.reading() as session:
        repository.list_sealed(session, connection.workspace_id, connection.id)
        with database.writing() as writing:
            vault.shred(writing, connection.place)
        vault.erase_traces(database)
        had_traces = vault.has_traces

    vault.erase_traces(database)

    assert had_traces
    assert not vault.has_traces
    assert left_on_disk(database, blobs) == []
