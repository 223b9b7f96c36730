from datetime import UTC, datetime, timedelta

import pytest

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.credentials.selection import check_connection, select_connection
from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.connections.problems import Problems

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


def connection(alias="default", **changes):
    values = {
        "id": f"conn_{alias}",
        "workspace_id": "ws_1",
        "user_id": "usr_1",
        "integration": "parcel",
        "alias": alias,
        "status": ConnectionStatus.ACTIVE,
        "scopes": ["parcels.read", "parcels.write"],
        "expires_at": NOW + timedelta(hours=1),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Connection(**{**values, **changes})


@pytest.fixture
def problems(stand_in):
    return Problems(spec=stand_in.Parcel.spec, addresses=Addresses(public_url="https://w.test"))


def test_the_default_alias_wins(problems):
    rows = [connection("work"), connection("default")]

    assert select_connection(rows, problems, user_id="usr_1").alias == "default"


def test_the_only_one_is_taken_whatever_its_alias(problems):
    assert select_connection([connection("work")], problems, user_id="usr_1").alias == "work"


def test_several_without_a_default_are_ambiguous_and_named(problems):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the code is what is compared
        select_connection([connection("home"), connection("work")], problems, user_id="usr_1")

    assert caught.value.code == "CONNECTION_AMBIGUOUS"
    assert caught.value.type == "AgentFixableError"
    assert caught.value.details["aliases"] == ["home", "work"]
    assert "home, work" in caught.value.message


def test_one_that_was_never_authorised_does_not_count(problems):
    rows = [connection("default", status=ConnectionStatus.PENDING), connection("work")]

    assert select_connection(rows, problems, user_id="usr_1").alias == "work"


def test_none_says_where_to_connect(problems):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the code is what is compared
        select_connection([], problems, user_id="usr_1")

    assert caught.value.code == "INTEGRATION_NOT_CONFIGURED"
    assert caught.value.action_url == "https://w.test/integrations/parcel/setup"
    assert caught.value.docs_url == "https://w.test/v1/integrations/parcel/docs"


def test_an_integration_that_needs_none_works_without(problems, stand_in):
    free = Problems(spec=stand_in.Abacus.spec, addresses=problems.addresses)

    assert select_connection([], free, user_id="usr_1") is None


@pytest.mark.parametrize(
    ("changes", "stored", "code"),
    [
        ({"status": ConnectionStatus.NEEDS_REAUTH}, ["access_token", "refresh_token"], "CONNECTION_NEEDS_REAUTH"),
        ({"expires_at": NOW}, ["access_token"], "OAUTH_TOKEN_EXPIRED"),
        ({"scopes": ["parcels.read"]}, ["access_token", "refresh_token"], "OAUTH_SCOPE_MISSING"),
        ({}, ["refresh_token"], "INTEGRATION_NOT_CONFIGURED"),
    ],
)
def test_a_connection_that_cannot_be_used_says_why_and_where_to_go(problems, changes, stored, code):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the code is what is compared
        check_connection(connection(**changes), stored, problems, now=NOW)

    assert caught.value.code == code
    assert caught.value.type == "UserFacingConfigError"
    page = "setup" if code == "INTEGRATION_NOT_CONFIGURED" else "reauthorize"
    assert caught.value.action_url == f"https://w.test/integrations/parcel/{page}"


def test_an_ended_token_that_can_be_renewed_is_good(problems):
    row = connection(expires_at=NOW - timedelta(days=1))

    assert check_connection(row, ["access_token", "refresh_token"], problems, now=NOW) is None


def test_the_reason_the_connection_was_marked_is_passed_on(problems):
    row = connection(status=ConnectionStatus.NEEDS_REAUTH, error={"message": "the provider refused the refresh token"})

    with pytest.raises(Exception, match="refused the refresh token"):
        check_connection(row, ["access_token"], problems, now=NOW)
