from datetime import UTC, datetime, timedelta

import pytest

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.credentials.selection import check_connection, select, select_connection
from wren_backend.connections.errors import ConnectionNotNeeded
from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.connections.problems import Problems
from wren_core.errors import ConnectionUnknown

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


def test_an_alias_chooses_among_several(problems):
    rows = [connection("default"), connection("work")]

    assert select_connection(rows, problems, user_id="usr_1", alias="work").alias == "work"


@pytest.mark.parametrize("rows", [[connection("home"), connection("work", status=ConnectionStatus.PENDING)], []])
def test_an_unknown_alias_lists_those_there_are_and_says_where_to_connect(problems, rows):
    with pytest.raises(ConnectionUnknown, match="wren connect parcel --alias work") as caught:
        select_connection(rows, problems, user_id="usr_1", alias="work")

    assert (caught.value.type, caught.value.code) == ("UserFacingConfigError", "CONNECTION_UNKNOWN")
    assert caught.value.details == {
        "integration": "parcel",
        "alias": "work",
        "aliases": [row.alias for row in rows if row.status is ConnectionStatus.ACTIVE],
    }
    assert caught.value.action_url == "https://w.test/integrations/parcel/setup"


def test_selecting_by_alias_reads_the_subjects_own_connections_alone(stand_in, context, subject, stranger):
    values = {"access_token": "at", "refresh_token": "rt"}
    work = stand_in.connect_parcel(context, subject, values, alias="work")
    stand_in.connect_parcel(context, subject, values)

    assert select(context, subject, "parcel", "work").id == work.id
    assert select(context, subject, "parcel").alias == "default"
    with pytest.raises(ConnectionUnknown) as caught:
        select(context, stranger, "parcel", "work")
    assert caught.value.details["aliases"] == []


def test_an_alias_of_an_integration_without_connections_is_refused(context, subject):
    assert select(context, subject, "abacus") is None
    with pytest.raises(ConnectionNotNeeded, match="leave the alias 'work' out"):
        select(context, subject, "abacus", "work")


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


def test_an_ended_token_that_can_be_refreshed_is_good(problems):
    row = connection(expires_at=NOW - timedelta(days=1))

    assert check_connection(row, ["access_token", "refresh_token"], problems, now=NOW) is None


def test_the_reason_the_connection_was_marked_is_passed_on(problems):
    row = connection(status=ConnectionStatus.NEEDS_REAUTH, error={"message": "the provider refused the refresh token"})

    with pytest.raises(Exception, match="refused the refresh token"):
        check_connection(row, ["access_token"], problems, now=NOW)
