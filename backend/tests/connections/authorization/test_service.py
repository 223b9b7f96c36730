from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from wren_backend.connections.authorization.departures import Arrival, Departure
from wren_backend.connections.authorization.links import Submission
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.oauth.flow import read_callback
from wren_backend.connections.service import ConnectRequest
from wren_backend.testing import open_credentials
from wren_core.errors import WrenError
from wren_core.testing import FakeRequest


def link_of(services, subject, integration="parcel", **request):
    connected = services.connections.create(subject, ConnectRequest(integration=integration, **request))
    return connected.connection, dict(parse_qsl(urlsplit(connected.connect_url).query))["link"]


def consent(provider, departure, email):
    """Consent at the stand-in without a browser, and return what it answers through one."""
    fields = {**dict(parse_qsl(urlsplit(departure.url).query)), "email": email}
    request = FakeRequest(method="POST", path="/authorize", body=httpx2.Request("POST", "http://p", data=fields).read())
    location = provider.handle(request).headers["location"]
    return read_callback(parse_qsl(urlsplit(location).query))


def typed(**values):
    return Submission(fields={f"value.{key}": text for key, text in values.items()})


def outcome(call):
    try:
        return call()
    except WrenError as exc:
        return exc.code


@pytest.fixture
def flow(services, subject, provider, stand_in):
    """A flow whose browser is about to come back: the connection, the answer and the cookies."""
    connection, link = link_of(services, subject)
    departure = services.links.submit("parcel", link, Submission())
    answer = consent(provider, departure, stand_in.ALICE.email)
    return connection, answer, {departure.cookie_name: departure.cookie_value}


def test_of_twenty_who_use_a_link_at_once_one_departs(services, subject, together):
    _, link = link_of(services, subject)

    outcomes = together(20, lambda _: outcome(lambda: services.links.submit("parcel", link, Submission())))

    assert [type(item) for item in outcomes].count(Departure) == 1
    assert outcomes.count("OAUTH_FLOW_REFUSED") == 19


def test_of_twenty_who_come_back_with_one_state_one_arrives(services, flow, provider, together):
    _, answer, cookies = flow

    outcomes = together(20, lambda _: outcome(lambda: services.authorization.finish("parcel", answer, cookies)))

    assert [type(item) for item in outcomes].count(Arrival) == 1
    assert outcomes.count("OAUTH_FLOW_REFUSED") == 19
    assert provider.oauth.token_requests == 1


def test_of_twenty_who_send_a_key_by_one_link_one_is_stored(services, subject, context, together):
    connection, link = link_of(services, subject, "weather")

    outcomes = together(
        20,
        lambda number: outcome(
            lambda: services.links.submit("weather", link, Submission(fields={"value.api_key": f"key-{number}"}))
        ),
    )

    winners = [number for number, item in enumerate(outcomes) if isinstance(item, Arrival)]
    with context.database.reading() as session:
        row = refresh_repository.find_any(session, connection.workspace_id, connection.id)
        assert dict(context.vault.open(session, row.place)) == {"api_key": f"key-{winners[0]}"}
    assert len(winners) == 1


def test_of_ten_who_connect_at_once_all_get_the_same_connection_or_an_error(services, subject, together):
    request = ConnectRequest(integration="parcel")

    outcomes = together(10, lambda _: outcome(lambda: services.connections.create(subject, request)))

    made = [item.connection.id for item in outcomes if not isinstance(item, str)]
    assert len(set(made)) == 1
    assert {item for item in outcomes if isinstance(item, str)} <= {"ALIAS_TAKEN"}


def test_the_verifier_and_the_secrets_of_a_flow_are_not_in_the_database_as_they_are(services, flow, context):
    _, answer, cookies = flow

    with context.database.engine.connect() as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM oauth_states").fetchall())

    assert answer.state not in rows
    assert next(iter(cookies.values())) not in rows


def test_a_finished_flow_is_open_to_the_runs_of_its_user(services, flow, subject, provider, stand_in):
    _, answer, cookies = flow

    services.authorization.finish("parcel", answer, cookies)

    token = open_credentials(services.credentials, subject, ["parcel"]).get("parcel").env["PARCEL_ACCESS_TOKEN"]
    assert provider.oauth.user_of(token) == stand_in.ALICE


def test_links_and_states_that_ended_are_swept_away(services, flow, context, clock):
    clock.advance(context.link_lifetime)

    services.keep_up()

    with context.database.engine.connect() as connection:
        left = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            for table in ("oauth_states", "connect_links")
        ]
    assert left == [0, 0]
