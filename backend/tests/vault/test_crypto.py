import pytest

from wren_backend.vault.crypto import SealBroken, context_of, derive_key, new_key, seal, unseal

KEY = new_key()
HERE = context_of("credential", "ws_a", "conn_a", "access_token")


def test_what_was_sealed_opens_with_the_same_key_at_the_same_place():
    assert unseal(KEY, seal(KEY, b"token", HERE), HERE) == b"token"


def test_an_empty_value_can_be_sealed():
    assert unseal(KEY, seal(KEY, b"", HERE), HERE) == b""


def test_the_same_value_never_looks_the_same_twice():
    assert len({seal(KEY, b"token", HERE) for _ in range(100)}) == 100


def test_the_plaintext_is_not_in_the_sealed_value():
    assert b"token" not in seal(KEY, b"token", HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        context_of("credential", "ws_b", "conn_a", "access_token"),
        context_of("credential", "ws_a", "conn_b", "access_token"),
        context_of("credential", "ws_a", "conn_a", "refresh_token"),
        context_of("text", "ws_a", "conn_a", "access_token"),
        context_of("credential", "ws_a", "conn_aaccess_token"),
    ],
)
def test_a_value_does_not_open_at_another_place(elsewhere):
    with pytest.raises(SealBroken):
        unseal(KEY, seal(KEY, b"token", HERE), elsewhere)


def test_a_value_does_not_open_with_another_key():
    with pytest.raises(SealBroken):
        unseal(new_key(), seal(KEY, b"token", HERE), HERE)


def test_every_flipped_bit_is_noticed():
    blob = seal(KEY, b"token", HERE)

    for index in range(len(blob) * 8):
        altered = bytearray(blob)
        altered[index // 8] ^= 1 << index % 8
        with pytest.raises(SealBroken):
            unseal(KEY, bytes(altered), HERE)


def test_every_truncation_is_noticed():
    blob = seal(KEY, b"token", HERE)

    for length in range(len(blob)):
        with pytest.raises(SealBroken):
            unseal(KEY, blob[:length], HERE)


def test_contexts_do_not_run_into_each_other():
    assert context_of("a", "bc") != context_of("ab", "c")
    assert context_of("a", '","') != context_of("a", "", "")


def test_derived_keys_differ_by_purpose_and_do_not_hold_the_key():
    assert derive_key(KEY, "cursors") == derive_key(KEY, "cursors")
    assert len({KEY, derive_key(KEY, "cursors"), derive_key(KEY, "tokens")}) == 3
