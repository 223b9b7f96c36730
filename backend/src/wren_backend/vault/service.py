"""The vault: credentials in, sealed rows out, and back. No other module sees a key."""

from collections.abc import Mapping
from datetime import datetime

import structlog

from wren_backend.connections.models import Connection
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.vault import repository
from wren_backend.vault.crypto import Place, SealBroken, derive_key, new_key, place, seal, unseal
from wren_backend.vault.errors import CredentialUndecryptable
from wren_backend.vault.keyring import MasterKey, MasterKeySource
from wren_backend.vault.models import DataKey
from wren_core.contract.credentials import Credentials

log = structlog.get_logger()


class Vault:
    """Seals and opens the secrets of connections, each workspace under its own data key.

    Every value is bound to its workspace, connection and field. A row that was altered or moved does not open: the
    caller gets `CredentialUndecryptable` and the log an alarm.
    """

    def __init__(self, keys: MasterKeySource) -> None:
        self._keys = keys

    def store(self, session: WriteSession, connection: Connection, values: Mapping[str, str], *, now: datetime) -> None:
        """Seal credentials of a connection by key, each in place of the one before it; other keys stay."""
        data_key = self._data_key(session, connection.workspace_id, now=now)
        blobs = {key: seal(data_key, text.encode(), _credential_place(connection, key)) for key, text in values.items()}
        repository.put_sealed(session, connection.workspace_id, connection.id, blobs, now=now)

    def open(self, session: ReadSession, connection: Connection) -> Credentials:
        """Return the credentials of a connection; empty where none are stored.

        Raises:
            CredentialUndecryptable: names the credential that does not open; the others are unharmed.
        """
        rows = repository.list_sealed(session, connection.workspace_id, connection.id)
        if not rows:
            return Credentials({}, integration=connection.integration)
        data_key = self._existing_data_key(session, connection.workspace_id)
        values = {row.key: _open(data_key, row.blob, _credential_place(connection, row.key)) for row in rows}
        return Credentials(values, integration=connection.integration)

    def stored_keys(self, session: ReadSession, connection: Connection) -> list[str]:
        """List which credentials are stored, opening none."""
        return [row.key for row in repository.list_sealed(session, connection.workspace_id, connection.id)]

    def shred(self, session: WriteSession, connection: Connection) -> int:
        """Destroy the credentials of a connection; return how many there were."""
        return repository.delete_sealed(session, connection.workspace_id, connection.id)

    def shred_workspace(self, session: WriteSession, workspace_id: str) -> bool:
        """Destroy the workspace's data key; what was sealed under it opens nowhere, not even from a stray copy."""
        return repository.delete_data_key(session, workspace_id)

    def seal_text(
        self, session: WriteSession, workspace_id: str, text: str, *, purpose: str, subject: str, now: datetime
    ) -> bytes:
        """Seal a secret that is not a credential, such as a PKCE verifier, for the caller to store.

        Args:
            session: the transaction it is stored in.
            workspace_id: whose it is.
            text: the secret.
            purpose: the table and field, such as `oauth_states.code_verifier`.
            subject: the row it belongs to.
            now: the present instant.
        """
        data_key = self._data_key(session, workspace_id, now=now)
        return seal(data_key, text.encode(), place("text", workspace_id, purpose, subject))

    def open_text(self, session: ReadSession, workspace_id: str, blob: bytes, *, purpose: str, subject: str) -> str:
        """Return what `seal_text` was given.

        Raises:
            CredentialUndecryptable: it does not open for this workspace, purpose and subject.
        """
        data_key = self._existing_data_key(session, workspace_id)
        return _open(data_key, blob, place("text", workspace_id, purpose, subject))

    def derived_key(self, purpose: str) -> bytes:
        """Return 32 bytes for signing things that may lapse when the master key is rotated, such as page cursors."""
        return derive_key(self._keys.current().primary.secret, purpose)

    def _data_key(self, session: WriteSession, workspace_id: str, *, now: datetime) -> bytes:
        row = repository.find_data_key(session, workspace_id)
        if row is None:
            row = repository.add_data_key(
                session, wrap_new_data_key(self._keys.current().primary, workspace_id, now=now)
            )
        if row is None:  # another writer made it between the two
            return self._existing_data_key(session, workspace_id)
        return unwrap_data_key(self._keys.current().get(row.master_key_id), row)

    def _existing_data_key(self, session: ReadSession, workspace_id: str) -> bytes:
        row = repository.find_data_key(session, workspace_id)
        if row is None:
            raise CredentialUndecryptable("the workspace's data key was destroyed; connect its integrations again")
        return unwrap_data_key(self._keys.current().get(row.master_key_id), row)


def wrap_new_data_key(master: MasterKey, workspace_id: str, *, now: datetime) -> DataKey:
    """Return an unsaved row with a fresh data key in it."""
    row = repository.new_data_key_row(workspace_id, master_key_id=master.id, now=now)
    row.wrapped_key = wrap_data_key(master, row, new_key())
    return row


def wrap_data_key(master: MasterKey, row: DataKey, data_key: bytes) -> bytes:
    """Seal a data key with a master key, for that row only."""
    return seal(master.secret, data_key, _data_key_place(master, row))


def unwrap_data_key(master: MasterKey, row: DataKey) -> bytes:
    """Return the data key in `row`.

    Raises:
        CredentialUndecryptable: the row was altered or belongs to another workspace.
    """
    try:
        return unseal(master.secret, row.wrapped_key, _data_key_place(master, row))
    except SealBroken:
        log.error("vault.data_key_undecryptable", workspace_id=row.workspace_id, data_key_id=row.id)
        raise CredentialUndecryptable(f"data key {row.id} does not open with master key {master.id}") from None


def _open(data_key: bytes, blob: bytes, at: Place) -> str:
    try:
        return unseal(data_key, blob, at).decode()
    except SealBroken:
        log.error("vault.credential_undecryptable", place=at.decode())
        raise CredentialUndecryptable(
            f"the stored value at {at.decode()} does not open: it was altered or moved; connect again to replace it",
            details={"place": at.decode()},
        ) from None


def _credential_place(connection: Connection, key: str) -> Place:
    return place("credential", connection.workspace_id, connection.id, key)


def _data_key_place(master: MasterKey, row: DataKey) -> Place:
    return place("data_key", row.workspace_id, row.id, master.id)
