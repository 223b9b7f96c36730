"""The vault's rows: sealed values, wrapped keys, key checks. This module can open none of them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, inspect, update
from sqlmodel import col, select

from wren_backend.ids import new_id
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.vault.models import DataKey, MasterKeyCheck, SealedCredential


def list_key_checks(session: ReadSession) -> list[MasterKeyCheck]:
    """List the checks of the master keys; none in a database that was never migrated."""
    if not inspect(session.connection()).has_table("master_key_checks"):
        return []
    return list(session.exec(select(MasterKeyCheck).order_by(MasterKeyCheck.master_key_id)))


def add_key_check(session: WriteSession, *, master_key_id: str, sealed_check: bytes, now: datetime) -> bool:
    """Record the check of a master key; False where it is recorded already."""
    row = MasterKeyCheck(master_key_id=master_key_id, sealed_check=sealed_check, created_at=now)
    return session.insert_new(row) is not None


def delete_key_check(session: WriteSession, master_key_id: str) -> None:
    """Forget a master key that no data key needs."""
    session.exec(delete(MasterKeyCheck).where(col(MasterKeyCheck.master_key_id) == master_key_id))


def count_data_keys_by_master(session: ReadSession) -> dict[str, int]:
    """Count the data keys that each master key wraps."""
    statement = select(DataKey.master_key_id, func.count()).group_by(col(DataKey.master_key_id))
    return dict(session.exec(statement).all())


def new_data_key_row(workspace_id: str, *, master_key_id: str, now: datetime) -> DataKey:
    """Return an unsaved row, named so that the key can be wrapped for it."""
    return DataKey(
        id=new_id("dk"), workspace_id=workspace_id, master_key_id=master_key_id, wrapped_key=b"", created_at=now
    )


def find_data_key(session: ReadSession, workspace_id: str) -> DataKey | None:
    """Find the data key of a workspace."""
    return session.exec(select(DataKey).where(DataKey.workspace_id == workspace_id)).one_or_none()


def add_data_key(session: WriteSession, row: DataKey) -> DataKey | None:
    """Store the workspace's data key; None where another writer was faster."""
    return session.insert_new(row)


def list_data_keys_not_under(session: ReadSession, master_key_id: str, *, after: str = "", limit: int) -> list[DataKey]:
    """List data keys that other master keys wrap, in the order of their ids, for rotation."""
    statement = select(DataKey).where(DataKey.master_key_id != master_key_id, DataKey.id > after)
    return list(session.exec(statement.order_by(DataKey.id).limit(limit)))


def rewrap_data_key(session: WriteSession, data_key_id: str, *, master_key_id: str, wrapped_key: bytes) -> None:
    """Replace the wrapping of a data key, together with the name of its master key."""
    values = {"master_key_id": master_key_id, "wrapped_key": wrapped_key}
    session.exec(update(DataKey).where(col(DataKey.id) == data_key_id).values(values))


def delete_data_key(session: WriteSession, workspace_id: str) -> bool:
    """Destroy the workspace's data key: nothing sealed for the workspace opens again."""
    statement = delete(DataKey).where(col(DataKey.workspace_id) == workspace_id).returning(DataKey)
    return bool(session.returning(statement))


def list_sealed(session: ReadSession, workspace_id: str, connection_id: str) -> list[SealedCredential]:
    """List the sealed credentials of a connection of that workspace."""
    statement = select(SealedCredential).where(
        SealedCredential.workspace_id == workspace_id, SealedCredential.connection_id == connection_id
    )
    return list(session.exec(statement.order_by(SealedCredential.key)))


def put_sealed(
    session: WriteSession, workspace_id: str, connection_id: str, blobs: Mapping[str, bytes], *, now: datetime
) -> None:
    """Store sealed credentials by key, each in place of the previous one; other keys stay."""
    known = {row.key: row for row in list_sealed(session, workspace_id, connection_id)}
    for key, blob in blobs.items():
        row = known.get(key) or SealedCredential(
            connection_id=connection_id, key=key, workspace_id=workspace_id, blob=b"", updated_at=now
        )
        row.blob, row.updated_at = blob, now
        session.add(row)
    session.flush()


def delete_sealed(session: WriteSession, workspace_id: str, connection_id: str) -> int:
    """Delete every sealed credential of a connection; return how many there were."""
    statement = delete(SealedCredential).where(
        col(SealedCredential.workspace_id) == workspace_id, col(SealedCredential.connection_id) == connection_id
    )
    return len(session.returning(statement.returning(SealedCredential)))
