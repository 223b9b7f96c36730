import pytest

from wren_backend.connections.oauth.accounts import ProviderAccount, account_of_token, account_of_userinfo


def test_an_openid_token_names_the_account(stand_in):
    account = account_of_token({"id_token": stand_in.id_token(sub="7", email="a@b.test")})

    assert account == ProviderAccount(id="7", label="a@b.test")


@pytest.mark.parametrize("token", [None, 7, "", "a.b", "a.!!!.c", "a.W10.c", "a." + "e30" * 9 + ".c"])
def test_an_unreadable_openid_token_names_no_account(token):
    assert account_of_token({"id_token": token}) == ProviderAccount()


def test_a_bot_belongs_to_its_team_whichever_user_installed_it():
    first = account_of_token({"access_token": "b", "team": {"id": "T1", "name": "Acme"}, "authed_user": {"id": "U1"}})
    second = account_of_token({"access_token": "b", "team": {"id": "T1", "name": "Acme"}, "authed_user": {"id": "U2"}})

    assert first == second == ProviderAccount(id="T1", label="Acme")


def test_two_users_of_a_team_are_two_accounts():
    first = account_of_token({"team": {"id": "T1"}, "authed_user": {"id": "U1", "access_token": "p"}})
    second = account_of_token({"team": {"id": "T1"}, "authed_user": {"id": "U2", "access_token": "p"}})

    assert first.differs_from(second)


def test_userinfo_with_a_number_as_id_is_read():
    assert account_of_userinfo({"id": 42, "login": "alice"}) == ProviderAccount(id="42", label="alice")


def test_a_label_loses_what_could_deceive_a_reader():
    assert account_of_userinfo({"email": "a\u202e@b\x00.test\n"}).label == "a@b.test"


def test_a_label_is_cut():
    assert len(account_of_userinfo({"name": "x" * 5000}).label) == 200


def test_accounts_with_one_id_are_the_same_even_renamed():
    assert not ProviderAccount(id="1", label="old").differs_from(ProviderAccount(id="1", label="new"))


def test_accounts_without_an_id_are_distinguished_by_label():
    assert ProviderAccount(label="a").differs_from(ProviderAccount(label="b"))


def test_an_unknown_account_is_not_certainly_another_one():
    assert not ProviderAccount(id="1").differs_from(ProviderAccount())
