import re

from wren_backend.ids import hash_token, new_id, new_token


def test_an_id_is_its_prefix_and_24_characters_that_are_safe_in_a_url():
    assert re.fullmatch(r"run_[A-Za-z0-9_-]{24}", new_id("run"))


def test_ids_and_tokens_do_not_repeat():
    assert len({new_id("ws") for _ in range(1000)} | {new_token() for _ in range(1000)}) == 2000


def test_a_token_is_kept_as_its_hash():
    token = new_token()

    assert len(token) == 43
    assert hash_token(token) == hash_token(token)
    assert token not in hash_token(token)


def test_hashing_takes_whatever_a_client_sends():
    assert len(hash_token("\ud800\x00")) == 64
