"""Starting the vault: the keys are checked against the data before anything is written.

keys = open_keys(database, key_file=settings.key_file, key_text=settings.master_key)
verify_master_keys(database, keys)      # before `migrate`
migrate(database)
vault = open_vault(database, keys, now=clock.now())
"""

from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from wren_backend.storage.database import Database, ReadSession
from wren_backend.vault import repository
from wren_backend.vault.crypto import Context, SealBroken, context_of
from wren_backend.vault.data_keys import KeyProvider
from wren_backend.vault.errors import MasterKeyMissing, MasterKeyWrong
from wren_backend.vault.keyring import GivenKeys, KeyFile
from wren_backend.vault.master_keys import MasterKeyProvider
from wren_backend.vault.models import MasterKeyCheck
from wren_backend.vault.service import Vault

_CHECK_TEXT = b"wren master key check"


def open_keys(database: Database, *, key_file: Path, key_text: SecretStr | None) -> KeyProvider:
    """Return the master keys: those in the text where one is given, else those in the file, made where it may be."""
    if key_text is not None:
        return MasterKeyProvider(GivenKeys(key_text.get_secret_value(), origin="WREN_MASTER_KEY"))
    file = KeyFile(key_file)
    make_first_key(database, file)
    return MasterKeyProvider(file)


def make_first_key(database: Database, file: KeyFile) -> None:
    """Make a missing file, with a fresh key, where there is no data yet; a lost file is never replaced."""
    if file.exists():
        return
    with database.reading() as session:
        has_data = bool(repository.list_key_checks(session))
    if not has_data:
        file.create()


def verify_master_keys(database: Database, keys: KeyProvider) -> None:
    """Check that the available keys open the data. Writes nothing.

    Raises:
        MasterKeyMissing: the data needs a key that is not available; a new key cannot replace it.
        MasterKeyWrong: a key has the right name and the wrong bytes.
        MasterKeyExposed: others may read the key file.
        MasterKeyInvalid: the keys cannot be read.
    """
    with database.reading() as session:
        _verify(session, repository.list_key_checks(session), keys)


def open_vault(database: Database, keys: KeyProvider, *, now: datetime) -> Vault:
    """Return the vault of a migrated database. Raises as `verify_master_keys` does."""
    verify_master_keys(database, keys)
    register_master_keys(database, keys, now=now)
    return Vault(keys)


def register_master_keys(database: Database, keys: KeyProvider, *, now: datetime) -> None:
    """Record the keys not seen before, provided that those seen before are right."""
    with database.writing() as session:
        # Of two first starts that each brought a different key, the second must find the first one's.
        session.lock("master keys")
        checks = repository.list_key_checks(session)
        _verify(session, checks, keys)
        known = {check.master_key_id for check in checks}
        for version in keys.versions():
            if version not in known:
                sealed = keys.wrap(version, _CHECK_TEXT, _check_context(version))
                repository.add_key_check(session, master_key_id=version, sealed_check=sealed, now=now)


def _verify(session: ReadSession, checks: list[MasterKeyCheck], keys: KeyProvider) -> None:
    versions = keys.versions()
    if not checks:
        return
    given = [check for check in checks if check.master_key_id in versions]
    for check in given:
        _verify_check(check, keys)
    needed = set(repository.count_data_keys_by_master(session)) - set(versions)
    if not given or needed:
        missing = sorted(needed or {check.master_key_id for check in checks})
        raise MasterKeyMissing(
            f"this database is sealed with master key {', '.join(missing)}, which was not given "
            f"(available: {', '.join(versions)}); restore it from its backup"
        )


def _verify_check(check: MasterKeyCheck, keys: KeyProvider) -> None:
    version = check.master_key_id
    try:
        keys.unwrap(version, check.sealed_check, _check_context(version))
    except SealBroken:
        raise MasterKeyWrong(f"master key {version} is not the one this database was sealed with") from None


def _check_context(version: str) -> Context:
    return context_of("master_key_check", version)
