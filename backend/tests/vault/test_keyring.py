import base64
import os
import stat

import pytest

from wren_backend.vault.crypto import new_key
from wren_backend.vault.errors import MasterKeyExposed, MasterKeyInvalid, MasterKeyMissing
from wren_backend.vault.keyring import (
    GivenKeys,
    KeyFile,
    MasterKey,
    MasterKeys,
    generate_key_line,
    new_master_key,
    parse_master_keys,
)


def line(secret: bytes, name: str = "mk_1") -> str:
    return f"{name} {base64.b64encode(secret).decode()}"


def test_a_first_key_file_belongs_to_the_owner_alone(tmp_path):
    file = KeyFile(tmp_path / "data" / "master.key")

    file.create()

    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert len(file.current().primary.secret) == 32
    assert list(file.path.parent.iterdir()) == [file.path]


def test_creating_never_replaces_a_key(tmp_path):
    file = KeyFile(tmp_path / "master.key")
    file.create()
    before = file.path.read_bytes()

    KeyFile(file.path).create()

    assert file.path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file.path]


def test_many_first_starts_agree_on_one_key(tmp_path, together):
    def start(_number: int) -> str:
        file = KeyFile(tmp_path / "master.key")
        file.create()
        return file.current().primary.id

    assert len(set(together(16, start))) == 1


def test_the_newest_key_seals_and_the_older_ones_stay_at_hand(tmp_path):
    older, newer = new_master_key(), new_master_key()

    keys = parse_master_keys(f"# kept since 2026\n{MasterKeys(keys=(older, newer)).render()}\n", origin="test")

    assert keys.primary == newer
    assert keys.get(older.id) == older
    assert keys.ids == (older.id, newer.id)


def test_keys_can_be_given_on_one_line():
    text = f"{generate_key_line()}, {generate_key_line()}"

    assert len(GivenKeys(text, origin="test").current().keys) == 2


def test_a_change_of_the_file_is_noticed(tmp_path):
    file = KeyFile(tmp_path / "master.key")
    file.create()
    first, second = file.current().primary, new_master_key()

    KeyFile(file.path).replace(MasterKeys(keys=(first, second)))

    assert file.current().primary == second
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_key_that_is_not_there_is_named(tmp_path):
    file = KeyFile(tmp_path / "master.key")
    file.create()

    with pytest.raises(MasterKeyMissing, match="mk_other") as caught:
        file.current().get("mk_other")

    assert (caught.value.type, caught.value.code) == ("UserFacingConfigError", "MASTER_KEY_MISSING")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MasterKeyMissing, match=str(tmp_path / "master.key")):
        KeyFile(tmp_path / "master.key").current()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o644])
def test_a_file_that_others_may_touch_is_refused_even_after_it_was_read(tmp_path, mode):
    file = KeyFile(tmp_path / "master.key")
    file.create()
    file.current()
    os.chmod(file.path, mode)

    with pytest.raises(MasterKeyExposed, match="chmod 600") as caught:
        file.current()

    assert caught.value.code == "MASTER_KEY_EXPOSED"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no master key"),
        ("# only a comment\n", "holds no master key"),
        ("default", "is named mk_"),
        ("mk_1", "has 0 bytes"),
        ("mk_1 not-base-64!", "line 1 is not"),
        (line(bytes(range(31))), "has 31 bytes"),
        (line(bytes(range(33))), "has 33 bytes"),
        (line(bytes(32)), "is a placeholder"),
        (line(b"change me, change me, change me!"), "is a placeholder"),
        (line(bytes(range(32)), name="key1"), "is named mk_"),
        (line(bytes(range(32))) + "\n" + line(bytes(range(32))), "names a master key twice"),
    ],
)
def test_an_invalid_key_is_refused(text, message):
    with pytest.raises(MasterKeyInvalid, match=message) as caught:
        parse_master_keys(text, origin="the test")

    assert (caught.value.type, caught.value.code) == ("UserFacingConfigError", "MASTER_KEY_INVALID")


def test_a_refusal_does_not_show_the_key():
    secret = base64.b64encode(new_key()[:31]).decode()

    with pytest.raises(MasterKeyInvalid) as caught:
        parse_master_keys(f"mk_1 {secret}", origin="the test")

    assert secret[:12] not in str(caught.value)


def test_a_key_does_not_show_itself():
    key = MasterKey(id="mk_1", secret=new_key())

    assert "secret" not in repr(key)
    assert str(key.secret) not in repr(MasterKeys(keys=(key,)))
