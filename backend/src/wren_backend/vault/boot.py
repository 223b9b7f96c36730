"""Starting the vault: the keys are proved against the data before anything is written.

source = key_source(key_file=settings.key_file_path, key_text=None)
verify_master_keys(database, source)      # before `migrate`
migrate(database)
vault = open_vault(database, source, now=clock.now())
"""

from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from wren_backend.storage.database import Database, ReadSession
from wren_backend.vault import repository
from wren_backend.vault.crypto import Context, SealBroken, context_of, seal, unseal
from wren_backend.vault.errors import MasterKeyMissing, MasterKeyWrong
from wren_backend.vault.keyring import GivenKeys, KeyFile, MasterKey, MasterKeys, MasterKeySource
from wren_backend.vault.models import MasterKeyCheck
from wren_backend.vault.service import Vault

_CHECK_TEXT = b"wren master key check"


def key_source(*, key_file: Path, key_text: SecretStr | None) -> MasterKeySource:
    """Return where the master keys come from: the text where one is given, else the file."""
    if key_text is not None:
        return GivenKeys(key_text.get_secret_value(), origin="WREN_MASTER_KEY")
    return KeyFile(key_file)


def verify_master_keys(database: Database, source: MasterKeySource) -> None:
    """Prove that the keys at hand open the data. Writes nothing but a fresh key file where there are no data yet.

    Raises:
        MasterKeyMissing: the data need a key that is not at hand; never answered with a new key.
        MasterKeyWrong: a key has the right name and the wrong bytes.
        MasterKeyExposed: others may read the key file.
        MasterKeyInvalid: the keys cannot be read.
    """
    with database.reading() as session:
        checks = repository.list_key_checks(session)
        if not checks and isinstance(source, KeyFile) and not source.exists():
            source.create()
        _verify(session, checks, source.current())


def open_vault(database: Database, source: MasterKeySource, *, now: datetime) -> Vault:
    """Return the vault of a migrated database. Raises as `verify_master_keys` does."""
    verify_master_keys(database, source)
    register_master_keys(database, source.current(), now=now)
    return Vault(source)


def register_master_keys(database: Database, keys: MasterKeys, *, now: datetime) -> None:
    """Record the keys not seen before, provided that those seen before are right."""
    with database.writing() as session:
        # Of two first starts that each brought a key of their own, the second must find the first one's.
        session.lock("master keys")
        checks = repository.list_key_checks(session)
        _verify(session, checks, keys)
        for key in keys.keys:
            sealed = seal(key.secret, _CHECK_TEXT, _check_context(key.id))
            repository.add_key_check(session, master_key_id=key.id, sealed_check=sealed, now=now)


def _verify(session: ReadSession, checks: list[MasterKeyCheck], keys: MasterKeys) -> None:
    if not checks:
        return
    given = [check for check in checks if check.master_key_id in keys.ids]
    for check in given:
        _verify_check(check, keys.get(check.master_key_id))
    needed = set(repository.count_data_keys_by_master(session)) - set(keys.ids)
    if not given or needed:
        missing = sorted(needed or {check.master_key_id for check in checks})
        raise MasterKeyMissing(
            f"this database is sealed with master key {', '.join(missing)}, which was not given "
            f"(at hand: {', '.join(keys.ids)}); restore it from its backup"
        )


def _verify_check(check: MasterKeyCheck, key: MasterKey) -> None:
    try:
        unseal(key.secret, check.sealed_check, _check_context(key.id))
    except SealBroken:
        raise MasterKeyWrong(f"master key {key.id} is not the one this database was sealed with") from None


def _check_context(master_key_id: str) -> Context:
    return context_of("master_key_check", master_key_id)
