from types import SimpleNamespace

import pytest

from wren_backend.worker.accounts import open_accounts
from wren_core.errors import UserFacingConfigError

UNKNOWN = UserFacingConfigError("no such connection", code="CONNECTION_UNKNOWN")
AMBIGUOUS = UserFacingConfigError("several connections", code="CONNECTION_AMBIGUOUS")


def source(*aliases, default=None):
    """Connections of `mail`; without a default one, asking for it is an error."""

    def select(subject, integration, alias=None):
        if integration != "mail":
            return None
        if (alias or default) not in aliases:
            raise AMBIGUOUS if alias is None else UNKNOWN
        return SimpleNamespace(alias=alias or default)

    return SimpleNamespace(select=select, open=lambda connection: connection.alias)


def accounts(held, integrations=("mail",), **named):
    return [(item.credentials, item.is_default) for item in open_accounts(held, None, integrations, named)]


def test_without_a_named_account_the_default_connection_is_opened():
    assert accounts(source("home", "work", default="home")) == [("home", True)]


def test_named_accounts_are_opened_in_addition_to_the_default_one_each_once():
    held = source("home", "work", default="home")

    assert accounts(held, mail=["work", "home", "work"]) == [("home", True), ("work", False)]


def test_a_script_that_names_its_accounts_needs_no_default_one():
    assert accounts(source("home", "work"), mail=["work"]) == [("work", False)]


def test_a_script_that_names_none_needs_a_default_one():
    with pytest.raises(UserFacingConfigError) as caught:
        accounts(source("home", "work"))

    assert caught.value is AMBIGUOUS


def test_a_named_account_that_is_not_connected_ends_the_run():
    with pytest.raises(UserFacingConfigError) as caught:
        accounts(source("home", default="home"), mail=["other"])

    assert caught.value is UNKNOWN


def test_an_integration_without_connections_has_no_account():
    assert accounts(source(), integrations=["cron"]) == []
