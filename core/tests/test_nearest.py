import pytest

from wren_core.nearest import find_nearest, list_nearest, suggest


@pytest.mark.parametrize(("name", "nearest"), [("mial", "mail"), ("mail", "mail"), ("xyzzy", None)])
def test_the_most_similar_name_is_found(name, nearest):
    assert find_nearest(name, {"mail": 1, "ledger": 2}) == nearest


def test_several_similar_names_come_most_similar_first():
    assert list_nearest("chanel", ["channels", "channel", "ledger"]) == ["channel", "channels"]


def test_a_lower_similarity_finds_more():
    assert list_nearest("general", ["#gen"]) == []
    assert list_nearest("general", ["#gen"], similarity=0.5) == ["#gen"]


def test_the_hint_offers_the_nearest_name_or_says_what_there_is():
    assert suggest("mail", otherwise="it has nothing") == "did you mean 'mail'?"
    assert suggest(None, otherwise="it has nothing") == "it has nothing"


def test_a_long_text_is_no_mistyped_name():
    assert find_nearest("x" * 201, ["x" * 200]) is None
    assert find_nearest("x" * 199, ["x" * 201, "x" * 200]) == "x" * 200
