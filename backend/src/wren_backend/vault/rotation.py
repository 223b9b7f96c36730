"""Rotating the master key while the platform runs: add a key, wrap every data key anew, retire the old key.

Each step may be stopped at any moment and taken up again: a data key is always wrapped by exactly one master key,
and the old master keys stay at hand until none of their data keys is left.
"""

from dataclasses import dataclass
from datetime import datetime

from wren_backend.storage.database import Database, WriteSession
from wren_backend.vault import repository
from wren_backend.vault.boot import register_master_keys, verify_master_keys
from wren_backend.vault.errors import CredentialUndecryptable, MasterKeyInUse
from wren_backend.vault.keyring import KeyFile, MasterKeys, MasterKeySource, new_master_key
from wren_backend.vault.models import DataKey
from wren_backend.vault.service import unwrap_data_key, wrap_data_key

_BATCH = 100


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """What a rotation did."""

    primary_id: str
    rewrapped: int
    broken_ids: tuple[str, ...]
    """Data keys that open with no master key at hand; left as they are, so is the master key they name."""
    retirable_ids: tuple[str, ...]
    """Older master keys that wrap nothing any more."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One transaction of a rotation."""

    last_id: str
    rewrapped: int
    broken_ids: tuple[str, ...]


def rotate(database: Database, key_file: KeyFile, *, now: datetime) -> Rotation:
    """Add a new master key and wrap every data key with it; an interrupted rotation is finished instead."""
    verify_master_keys(database, key_file)
    if not _is_unfinished(database, key_file.current()):
        key_file.replace(MasterKeys(keys=(*key_file.current().keys, new_master_key())))
    register_master_keys(database, key_file.current(), now=now)
    return finish_rotation(database, key_file)


def finish_rotation(database: Database, source: MasterKeySource) -> Rotation:
    """Wrap every data key that is not yet under the newest master key; for keys given as text, all there is to do."""
    rewrapped, broken, last_id = 0, list[str](), ""
    while batch := rewrap_batch(database, source, after=last_id):
        rewrapped, last_id = rewrapped + batch.rewrapped, batch.last_id
        broken.extend(batch.broken_ids)
    keys = source.current()
    return Rotation(
        primary_id=keys.primary.id,
        rewrapped=rewrapped,
        broken_ids=tuple(broken),
        retirable_ids=_retirable(database, keys),
    )


def rewrap_batch(database: Database, source: MasterKeySource, *, after: str = "", limit: int = _BATCH) -> Batch | None:
    """Wrap the next data keys with the newest master key, in one transaction; None when there are none."""
    keys = source.current()
    with database.writing() as session:
        rows = repository.list_data_keys_not_under(session, keys.primary.id, after=after, limit=limit)
        broken = tuple(row.id for row in rows if not _rewrap(session, row, keys))
    if not rows:
        return None
    return Batch(last_id=rows[-1].id, rewrapped=len(rows) - len(broken), broken_ids=broken)


def retire(database: Database, key_file: KeyFile, key_id: str) -> None:
    """Take an old master key out of the file and out of the database.

    Raises:
        MasterKeyMissing: no such key.
        MasterKeyInUse: data keys are still wrapped by it, or it is the newest.
    """
    keys = key_file.current()
    keys.get(key_id)
    if key_id not in _retirable(database, keys):
        raise MasterKeyInUse(f"master key {key_id} is still needed; finish the rotation first")
    with database.writing() as session:
        repository.delete_key_check(session, key_id)
    key_file.replace(MasterKeys(keys=tuple(key for key in keys.keys if key.id != key_id)))


def _is_unfinished(database: Database, keys: MasterKeys) -> bool:
    with database.reading() as session:
        return bool(repository.list_data_keys_not_under(session, keys.primary.id, limit=1))


def _retirable(database: Database, keys: MasterKeys) -> tuple[str, ...]:
    with database.reading() as session:
        used = repository.count_data_keys_by_master(session)
    return tuple(key_id for key_id in keys.ids if key_id != keys.primary.id and key_id not in used)


def _rewrap(session: WriteSession, row: DataKey, keys: MasterKeys) -> bool:
    try:
        data_key = unwrap_data_key(keys.get(row.master_key_id), row)
    except CredentialUndecryptable:
        return False
    wrapped = wrap_data_key(keys.primary, row, data_key)
    repository.rewrap_data_key(session, row.id, master_key_id=keys.primary.id, wrapped_key=wrapped)
    return True
