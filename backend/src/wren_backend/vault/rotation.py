"""Rotating the master key while the platform runs: add a key, wrap every data key with it, retire the old key.

Each step may stop at any moment and continue later: exactly one master key wraps a data key at any time, and the old
master keys stay available until none of their data keys is left.
"""

from dataclasses import dataclass
from datetime import datetime

from wren_backend.storage.database import Database, WriteSession
from wren_backend.vault import repository
from wren_backend.vault.boot import make_first_key, register_master_keys, verify_master_keys
from wren_backend.vault.data_keys import KeyProvider, unwrap_data_key, wrap_data_key
from wren_backend.vault.errors import CredentialUndecryptable, MasterKeyInUse
from wren_backend.vault.keyring import KeyFile, MasterKeys, new_master_key
from wren_backend.vault.master_keys import MasterKeyProvider
from wren_backend.vault.models import DataKey

_BATCH = 100


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """What a rotation did."""

    primary_id: str
    rewrapped: int
    broken_ids: tuple[str, ...]
    """Data keys that do not unwrap; they stay as they are, and so does the master key they name."""
    retirable_ids: tuple[str, ...]
    """Older master keys that no longer wrap anything."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One transaction of a rotation."""

    last_id: str
    rewrapped: int
    broken_ids: tuple[str, ...]


def rotate(database: Database, key_file: KeyFile, *, now: datetime) -> Rotation:
    """Add a master key to the file and wrap every data key with it; an interrupted rotation is finished instead."""
    make_first_key(database, key_file)
    keys = MasterKeyProvider(key_file)
    verify_master_keys(database, keys)
    if not _is_unfinished(database, keys):
        key_file.replace(MasterKeys(keys=(*key_file.current().keys, new_master_key())))
    register_master_keys(database, keys, now=now)
    return finish_rotation(database, keys)


def finish_rotation(database: Database, keys: KeyProvider) -> Rotation:
    """Wrap every data key that is not yet under the newest master key; for keys kept elsewhere, all there is to do."""
    rewrapped, broken, last_id = 0, list[str](), ""
    while batch := rewrap_batch(database, keys, after=last_id):
        rewrapped, last_id = rewrapped + batch.rewrapped, batch.last_id
        broken.extend(batch.broken_ids)
    versions = keys.versions()
    return Rotation(
        primary_id=versions[-1],
        rewrapped=rewrapped,
        broken_ids=tuple(broken),
        retirable_ids=_list_retirable(database, versions),
    )


def rewrap_batch(database: Database, keys: KeyProvider, *, after: str = "", limit: int = _BATCH) -> Batch | None:
    """Wrap the next data keys with the newest master key, in one transaction; None when there are none."""
    version = keys.versions()[-1]
    with database.writing() as session:
        rows = repository.list_data_keys_not_under(session, version, after=after, limit=limit)
        broken = tuple(row.id for row in rows if not _rewrap(session, row, keys, version))
    if not rows:
        return None
    return Batch(last_id=rows[-1].id, rewrapped=len(rows) - len(broken), broken_ids=broken)


def retire(database: Database, key_file: KeyFile, key_id: str) -> None:
    """Take an old master key out of the file and out of the database.

    Raises:
        MasterKeyMissing: no such key.
        MasterKeyInUse: it still wraps data keys, or it is the newest.
    """
    keys = key_file.current()
    keys.get(key_id)
    if key_id not in _list_retirable(database, keys.ids):
        raise MasterKeyInUse(f"master key {key_id} is still needed; finish the rotation first")
    with database.writing() as session:
        repository.delete_key_check(session, key_id)
    key_file.replace(MasterKeys(keys=tuple(key for key in keys.keys if key.id != key_id)))


def _is_unfinished(database: Database, keys: KeyProvider) -> bool:
    with database.reading() as session:
        return bool(repository.list_data_keys_not_under(session, keys.versions()[-1], limit=1))


def _list_retirable(database: Database, versions: tuple[str, ...]) -> tuple[str, ...]:
    with database.reading() as session:
        used = repository.count_data_keys_by_master(session)
    return tuple(version for version in versions[:-1] if version not in used)


def _rewrap(session: WriteSession, row: DataKey, keys: KeyProvider, version: str) -> bool:
    try:
        data_key = unwrap_data_key(keys, row)
    except CredentialUndecryptable:
        return False
    wrapped = wrap_data_key(keys, version, row, data_key)
    repository.rewrap_data_key(session, row.id, master_key_id=version, wrapped_key=wrapped)
    return True
