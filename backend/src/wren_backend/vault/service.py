"""The vault: credentials in, sealed rows out, and back. No other module sees a key."""

from collections.abc import Mapping
from datetime import datetime

import structlog

from wren_backend.storage.database import Database, ReadSession, WriteSession
from wren_backend.vault import repository
from wren_backend.vault.crypto import Context, SealBroken, context_of, seal, unseal
from wren_backend.vault.data_keys import KeyProvider, make_data_key, unwrap_data_key
from wren_backend.vault.errors import CredentialUndecryptable
from wren_backend.vault.place import Place
from wren_core.contract.credentials import Credentials

log = structlog.get_logger()


class Vault:
    """Seals and opens secrets, each workspace under its own data key.

    Every value is bound to its place. A row that was altered or moved does not open: the caller gets
    `CredentialUndecryptable` and the log an alarm.
    """

    def __init__(self, keys: KeyProvider) -> None:
        self._keys = keys
        self._has_traces = False

    def store(self, session: WriteSession, place: Place, values: Mapping[str, str], *, now: datetime) -> None:
        """Seal the values of a record by field, each in place of the previous one; other fields stay."""
        data_key = self._data_key(session, place.workspace, now=now)
        blobs = {
            field: seal(data_key, value.encode(), _credential_context(place.at(field)))
            for field, value in values.items()
        }
        repository.put_sealed(session, place.workspace, place.record, blobs, now=now)

    def open(self, session: ReadSession, place: Place) -> Credentials:
        """Return the values of a record by field; empty where none are stored.

        Raises:
            CredentialUndecryptable: names the value that does not open; the others are unharmed.
        """
        rows = repository.list_sealed(session, place.workspace, place.record)
        if not rows:
            return Credentials()
        data_key = self._existing_data_key(session, place.workspace)
        return Credentials({row.key: _open(data_key, row.blob, _credential_context(place.at(row.key))) for row in rows})

    def list_fields(self, session: ReadSession, place: Place) -> list[str]:
        """List which fields of a record are stored, opening none."""
        return [row.key for row in repository.list_sealed(session, place.workspace, place.record)]

    def shred(self, session: WriteSession, place: Place) -> int:
        """Destroy the values of a record; return how many there were."""
        return repository.delete_sealed(session, place.workspace, place.record)

    def erase_traces(self, database: Database) -> None:
        """Remove what was shredded from the database's log too; call it after the transaction, and on a timer.

        A reader may need the log still; then the next call does it.
        """
        self._has_traces = not database.truncate_log()
        if self._has_traces:
            log.info("vault.traces_left", reason="a session reads the log of the database; it is emptied later")

    @property
    def has_traces(self) -> bool:
        """Tell whether the last `erase_traces` could not do it."""
        return self._has_traces

    def seal_text(self, session: WriteSession, place: Place, text: str, *, now: datetime) -> bytes:
        """Seal a secret that is not a credential, such as a PKCE verifier, for the caller to store in that place."""
        data_key = self._data_key(session, place.workspace, now=now)
        return seal(data_key, text.encode(), _text_context(place))

    def open_text(self, session: ReadSession, place: Place, blob: bytes) -> str:
        """Return what `seal_text` was given.

        Raises:
            CredentialUndecryptable: it does not open at this place.
        """
        data_key = self._existing_data_key(session, place.workspace)
        return _open(data_key, blob, _text_context(place))

    def derive_key(self, purpose: str) -> bytes:
        """Return 32 bytes for signatures that may lapse when the master key is rotated, such as page cursors."""
        return self._keys.derive(purpose)

    def _data_key(self, session: WriteSession, workspace_id: str, *, now: datetime) -> bytes:
        row = repository.find_data_key(session, workspace_id)
        if row is None:
            row = repository.add_data_key(session, make_data_key(self._keys, workspace_id, now=now))
        if row is None:  # another writer made it in the meantime
            return self._existing_data_key(session, workspace_id)
        return unwrap_data_key(self._keys, row)

    def _existing_data_key(self, session: ReadSession, workspace_id: str) -> bytes:
        row = repository.find_data_key(session, workspace_id)
        if row is None:
            raise CredentialUndecryptable("the workspace's data key was destroyed; connect its integrations again")
        return unwrap_data_key(self._keys, row)


def shred_workspace(session: WriteSession, workspace_id: str) -> bool:
    """Destroy the workspace's data key, which needs no key; its sealed values no longer open, not even from a copy."""
    return repository.delete_data_key(session, workspace_id)


def _open(data_key: bytes, blob: bytes, context: Context) -> str:
    try:
        return unseal(data_key, blob, context).decode()
    except SealBroken:
        place = context.decode()
        log.error("vault.credential_undecryptable", place=place)
        raise CredentialUndecryptable(
            f"the stored value at {place} does not open: it was altered or moved; connect again to replace it",
            details={"place": place},
        ) from None


# The associated data must stay the same: a change needs a migration that seals every row again (ADR 7).
def _credential_context(place: Place) -> Context:
    return context_of("credential", place.workspace, place.record, place.field)


def _text_context(place: Place) -> Context:
    return context_of("text", place.workspace, place.field, place.record)
