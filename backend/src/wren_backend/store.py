"""Opening the data directory, the database and the vault, in the order that damages nothing."""

import os
from pathlib import Path

from wren_backend.clock import Clock
from wren_backend.settings import Settings
from wren_backend.storage.database import Database, open_database
from wren_backend.storage.errors import DatabaseBusy, DatabaseUnusable
from wren_backend.storage.migration import migrate
from wren_backend.vault.boot import open_keys, open_vault, verify_master_keys
from wren_backend.vault.service import Vault
from wren_core.errors import UserFacingConfigError


class DataDirUnusable(UserFacingConfigError):
    """The data directory cannot be made, or cannot be written."""

    code = "DATA_DIR_UNUSABLE"


def open_store(settings: Settings, clock: Clock) -> tuple[Database, Vault]:
    """Make the data directory, check the master key, migrate the database and open the vault.

    Raises:
        DataDirUnusable, DatabaseUnusable, MasterKeyMissing, MasterKeyWrong, MasterKeyExposed, MasterKeyInvalid: the
            server must not start; the message names the fix.
    """
    for folder in (settings.data_dir, settings.data_dir / "runs"):
        _make_folder(folder)
    database = open_database(settings.database_address())
    with database.closed_on_failure():
        return database, _unlock(database, settings, clock)


def _unlock(database: Database, settings: Settings, clock: Clock) -> Vault:
    try:
        keys = open_keys(database, key_file=settings.key_file, key_text=settings.master_key)
        verify_master_keys(database, keys)  # before anything is written
        migrate(database)
    except DatabaseBusy as exc:
        url = database.engine.url
        raise DatabaseUnusable(
            f"the database at {url.host or url.database}{f':{url.port}' if url.port else ''} does not answer; "
            "check WREN_DATABASE_URL, and that the server runs"
        ) from exc
    return open_vault(database, keys, now=clock.now())


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        reason = exc.strerror
    else:
        reason = None if os.access(folder, os.W_OK | os.X_OK) else "it cannot be written"
    if reason is not None:
        raise DataDirUnusable(f"{folder} cannot be used to keep data: {reason}; choose another place with --data-dir")
