"""The vault over a key provider that shares nothing with the one that ships: a stand-in for a key service."""

import hashlib
import hmac
import secrets

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from wren_backend.storage.migration import migrate
from wren_backend.testing import NOW, add_connection, add_subject
from wren_backend.vault.boot import open_vault, verify_master_keys
from wren_backend.vault.crypto import SealBroken
from wren_backend.vault.errors import CredentialUndecryptable, MasterKeyMissing, MasterKeyWrong
from wren_backend.vault.rotation import finish_rotation


class KeyService:
    """Keeps its master keys to itself and counts what it is asked."""

    def __init__(self):
        self._keys = {}
        self.wraps, self.unwraps = 0, 0
        self.add()

    def add(self):
        self._keys[f"service/{len(self._keys) + 1}"] = secrets.token_bytes(32)

    def drop(self, version):
        del self._keys[version]

    def replace(self, version):
        self._keys[version] = secrets.token_bytes(32)

    def versions(self):
        return tuple(self._keys)

    def wrap(self, version, secret, context):
        self.wraps += 1
        nonce = secrets.token_bytes(12)
        return nonce + ChaCha20Poly1305(self._keys[version]).encrypt(nonce, secret, context)

    def unwrap(self, version, wrapped, context):
        self.unwraps += 1
        if version not in self._keys:
            raise MasterKeyMissing(version)
        try:
            return ChaCha20Poly1305(self._keys[version]).decrypt(wrapped[:12], wrapped[12:], context)
        except InvalidTag:
            raise SealBroken from None

    def derive(self, purpose):
        return hmac.digest(self._keys[self.versions()[-1]], purpose.encode(), hashlib.sha256)


@pytest.fixture
def keys():
    return KeyService()


@pytest.fixture
def vault(database, keys):
    return open_vault(database, keys, now=NOW)


def store(database, vault, **values):
    place = add_connection(database, add_subject(database)).place
    with database.writing() as session:
        vault.store(session, place, values, now=NOW)
    return place


def opened(database, vault, place):
    with database.reading() as session:
        return dict(vault.open(session, place))


def test_a_first_start_over_a_key_service_stores_and_opens(empty_database, keys):
    verify_master_keys(empty_database, keys)
    migrate(empty_database)
    vault = open_vault(empty_database, keys, now=NOW)

    place = store(empty_database, vault, access_token="at", refresh_token="rt")

    assert opened(empty_database, vault, place) == {"access_token": "at", "refresh_token": "rt"}


def test_opening_a_record_asks_the_key_service_once_however_many_values_it_holds(database, vault, keys):
    place = store(database, vault, a="1", b="2", c="3")
    before = keys.unwraps

    opened(database, vault, place)

    assert keys.unwraps - before == 1


def test_a_new_version_of_a_key_service_takes_over_every_data_key(database, vault, keys):
    places = [store(database, vault, access_token=str(number)) for number in range(3)]
    old = keys.versions()[0]
    keys.add()
    open_vault(database, keys, now=NOW)

    rotation = finish_rotation(database, keys)
    keys.drop(old)

    assert (rotation.primary_id, rotation.rewrapped, rotation.retirable_ids) == (keys.versions()[-1], 3, (old,))
    assert [opened(database, vault, place)["access_token"] for place in places] == ["0", "1", "2"]


def test_another_key_service_refuses_to_start(database, vault):
    other = KeyService()

    with pytest.raises(MasterKeyWrong):
        open_vault(database, other, now=NOW)


def test_a_key_service_that_lost_a_key_gets_an_error_that_names_it(database, vault, keys):
    store(database, vault, access_token="at")
    (old,) = keys.versions()
    keys.add()
    keys.drop(old)

    with pytest.raises(MasterKeyMissing, match=old):
        open_vault(database, keys, now=NOW)


def test_a_data_key_that_the_key_service_does_not_unwrap_is_a_typed_error(database, vault, keys):
    place = store(database, vault, access_token="at")
    keys.replace(keys.versions()[0])

    with pytest.raises(CredentialUndecryptable, match="data key"):
        opened(database, vault, place)


def test_keys_for_signing_come_from_the_key_service(vault, keys):
    assert vault.derive_key("cursors") == keys.derive("cursors") != vault.derive_key("tokens")
