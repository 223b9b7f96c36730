import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import select
from structlog.testing import capture_logs

from wren_backend.connections.models import Connection
from wren_backend.testing import NOW, add_connection, add_subject
from wren_backend.vault.boot import open_keys, open_vault
from wren_backend.vault.crypto import Context, seal, unseal
from wren_backend.vault.errors import CredentialUndecryptable
from wren_backend.vault.keyring import KeyFile
from wren_backend.vault.master_keys import MasterKeyProvider
from wren_backend.vault.models import DataKey, SealedCredential
from wren_backend.vault.place import Place
from wren_backend.vault.service import shred_workspace
from wren_core.errors import CredentialMissing

TOKEN = "planted-token-4711"


@pytest.fixture
def vault(database, tmp_path):
    return open_vault(database, open_keys(database, key_file=tmp_path / "master.key", key_text=None), now=NOW)


def store(database, vault, connection, **values):
    with database.writing() as session:
        vault.store(session, connection.place, values, now=NOW)


def opened(database, vault, connection):
    with database.reading() as session:
        return dict(vault.open(session, connection.place))


def change_blob(database, connection, key, change):
    with database.writing() as session:
        row = session.exec(
            select(SealedCredential).where(SealedCredential.connection_id == connection.id, SealedCredential.key == key)
        ).one()
        row.blob = change(row.blob)


def test_what_is_stored_comes_back(database, vault):
    connection = add_connection(database, add_subject(database))

    store(database, vault, connection, access_token=TOKEN, refresh_token="ünïcode")

    assert opened(database, vault, connection) == {"access_token": TOKEN, "refresh_token": "ünïcode"}


def test_another_process_with_the_same_key_file_opens_it_too(database, vault, tmp_path):
    connection = add_connection(database, add_subject(database))
    store(database, vault, connection, access_token=TOKEN)

    restarted = open_vault(database, MasterKeyProvider(KeyFile(tmp_path / "master.key")), now=NOW)

    assert opened(database, restarted, connection) == {"access_token": TOKEN}


def test_storing_again_replaces_the_keys_given_and_keeps_the_others(database, vault):
    connection = add_connection(database, add_subject(database))
    store(database, vault, connection, access_token="old", refresh_token="kept")

    store(database, vault, connection, access_token="new")

    assert opened(database, vault, connection) == {"access_token": "new", "refresh_token": "kept"}


def test_a_connection_without_credentials_opens_empty(database, vault):
    connection = add_connection(database, add_subject(database))

    with database.reading() as session:
        credentials = vault.open(session, connection.place)

    assert dict(credentials) == {}
    with pytest.raises(CredentialMissing, match="no credential"):
        credentials["access_token"]


def test_the_names_of_stored_credentials_are_listed_without_opening_any(database, vault):
    connection = add_connection(database, add_subject(database))
    store(database, vault, connection, b="2", a="1")
    change_blob(database, connection, "a", lambda _blob: b"broken")

    with database.reading() as session:
        assert vault.list_fields(session, connection.place) == ["a", "b"]


def test_opened_credentials_do_not_show_themselves(database, vault):
    connection = add_connection(database, add_subject(database))
    store(database, vault, connection, access_token=TOKEN)

    with database.reading() as session:
        credentials = vault.open(session, connection.place)
        rows = session.exec(select(SealedCredential)).all()

    assert TOKEN not in repr(credentials) + str(credentials) + repr(rows)
    with pytest.raises(TypeError):
        pickle.dumps(credentials)


def test_no_plaintext_reaches_the_files_of_the_database(database, vault, tmp_path):
    connection = add_connection(database, add_subject(database))
    store(database, vault, connection, access_token=TOKEN)

    with database.reading() as session:
        blobs = [row.blob for row in session.exec(select(SealedCredential))]
    files = [path.read_bytes() for path in Path(tmp_path).iterdir() if path.is_file()]

    assert len(blobs) == 1
    assert not [content for content in [*blobs, *files] if TOKEN.encode() in content]


def test_a_blob_copied_from_another_workspace_does_not_open(database, vault):
    mine, theirs = (add_connection(database, add_subject(database)) for _ in range(2))
    store(database, vault, mine, access_token="mine")
    store(database, vault, theirs, access_token="theirs")
    with database.reading() as session:
        stolen = {row.connection_id: row.blob for row in session.exec(select(SealedCredential))}[theirs.id]

    change_blob(database, mine, "access_token", lambda _blob: stolen)

    with pytest.raises(CredentialUndecryptable):
        opened(database, vault, mine)
    assert opened(database, vault, theirs) == {"access_token": "theirs"}


def test_a_row_and_its_data_key_copied_to_another_workspace_do_not_open(database, vault):
    mine, theirs = (add_connection(database, add_subject(database)) for _ in range(2))
    store(database, vault, mine, access_token="mine")
    store(database, vault, theirs, access_token="theirs")

    with database.writing() as session:
        rows = {row.workspace_id: row for row in session.exec(select(DataKey))}
        session.exec(
            update(DataKey)
            .where(DataKey.workspace_id == mine.workspace_id)
            .values(wrapped_key=rows[theirs.workspace_id].wrapped_key)
        )

    with pytest.raises(CredentialUndecryptable, match="data key"):
        opened(database, vault, mine)


def test_a_blob_moved_to_another_connection_of_the_same_workspace_does_not_open(database, vault):
    subject = add_subject(database)
    gmail, slack = add_connection(database, subject), add_connection(database, subject, "slack")
    store(database, vault, gmail, access_token="gmail")
    store(database, vault, slack, access_token="slack")
    with database.reading() as session:
        stolen = {row.connection_id: row.blob for row in session.exec(select(SealedCredential))}[gmail.id]

    change_blob(database, slack, "access_token", lambda _blob: stolen)

    with pytest.raises(CredentialUndecryptable):
        opened(database, vault, slack)


def test_a_blob_moved_to_another_field_does_not_open(database, vault):
    connection = add_connection(database, add_subject(database))
    store(database, vault, connection, access_token="a", refresh_token="r")
    with database.reading() as session:
        refresh = {row.key: row.blob for row in session.exec(select(SealedCredential))}["refresh_token"]

    change_blob(database, connection, "access_token", lambda _blob: refresh)

    with pytest.raises(CredentialUndecryptable):
        opened(database, vault, connection)


def test_a_flipped_bit_is_a_typed_error_and_an_alarm_and_harms_no_other_credential(database, vault):
    subject = add_subject(database)
    broken, whole = add_connection(database, subject), add_connection(database, subject, "slack")
    store(database, vault, broken, access_token=TOKEN)
    store(database, vault, whole, access_token="whole")
    change_blob(database, broken, "access_token", lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]))

    with capture_logs() as logs, pytest.raises(CredentialUndecryptable) as caught:
        opened(database, vault, broken)

    assert (caught.value.type, caught.value.code) == ("UserFacingConfigError", "CREDENTIAL_UNDECRYPTABLE")
    assert broken.id in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("vault.credential_undecryptable", "error")]
    assert opened(database, vault, whole) == {"access_token": "whole"}


def test_shredding_a_connection_leaves_no_row(database, vault):
    connection = add_connection(database, add_subject(database))
    store(database, vault, connection, access_token=TOKEN, refresh_token="r")

    with database.writing() as session:
        count = vault.shred(session, connection.place)

    assert count == 2
    assert opened(database, vault, connection) == {}


def test_the_credentials_of_a_workspace_whose_key_was_destroyed_open_nowhere(database, vault):
    mine, theirs = (add_connection(database, add_subject(database)) for _ in range(2))
    store(database, vault, mine, access_token="mine")
    store(database, vault, theirs, access_token="theirs")

    with database.writing() as session:
        assert shred_workspace(session, mine.workspace_id)

    with pytest.raises(CredentialUndecryptable, match="destroyed"):
        opened(database, vault, mine)
    assert opened(database, vault, theirs) == {"access_token": "theirs"}


def test_first_secrets_of_a_workspace_in_many_threads_share_one_data_key(database, vault, together):
    subject = add_subject(database)
    rows = [add_connection(database, subject, f"integration-{number}") for number in range(8)]

    together(8, lambda number: store(database, vault, rows[number], access_token=str(number)))

    assert [opened(database, vault, row) for row in rows] == [{"access_token": str(number)} for number in range(8)]
    with database.reading() as session:
        assert len(session.exec(select(DataKey)).all()) == 1


def test_a_sealed_text_opens_for_its_workspace_record_and_field_only(database, vault):
    mine, theirs = (
        Place(workspace=add_subject(database).workspace_id, record="state", field="verifier") for _ in range(2)
    )
    with database.writing() as session:
        blob = vault.seal_text(session, mine, "secret", now=NOW)
        vault.seal_text(session, theirs, "other", now=NOW)

    with database.reading() as session:
        assert vault.open_text(session, mine, blob) == "secret"
        for elsewhere in (theirs, mine.at("other"), replace(mine, record="other")):
            with pytest.raises(CredentialUndecryptable):
                vault.open_text(session, elsewhere, blob)


def test_rows_sealed_by_an_earlier_version_still_open(database, vault, tmp_path):
    connection = add_connection(database, add_subject(database))
    store(database, vault, connection, access_token="any")
    master = KeyFile(tmp_path / "master.key").current().primary
    with database.reading() as session:
        row = session.exec(select(DataKey)).one()
    at = json.dumps(["wren", "data_key", connection.workspace_id, row.id, master.id]).encode()
    data_key = unseal(master.secret, row.wrapped_key, Context(at))

    at = json.dumps(["wren", "credential", connection.workspace_id, connection.id, "access_token"]).encode()
    change_blob(database, connection, "access_token", lambda _blob: seal(data_key, b"kept", Context(at)))
    at = json.dumps(["wren", "text", connection.workspace_id, "states.verifier", "state"]).encode()
    text = seal(data_key, b"verifier", Context(at))

    assert opened(database, vault, connection) == {"access_token": "kept"}
    place = Place(workspace=connection.workspace_id, record="state", field="states.verifier")
    with database.reading() as session:
        assert vault.open_text(session, place, text) == "verifier"


def test_derived_keys_are_the_same_after_a_restart(database, vault, tmp_path):
    restarted = open_vault(database, MasterKeyProvider(KeyFile(tmp_path / "master.key")), now=NOW)

    assert restarted.derive_key("cursors") == vault.derive_key("cursors") != vault.derive_key("tokens")


def test_deleting_a_connection_row_takes_its_credentials_along(database, vault):
    connection = add_connection(database, add_subject(database))
    store(database, vault, connection, access_token=TOKEN)

    with database.writing() as session:
        session.delete(session.exec(select(Connection)).one())

    with database.reading() as session:
        assert session.exec(select(SealedCredential)).all() == []
