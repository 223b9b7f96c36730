"""A token that a person made at the provider and handed over, in place of consenting."""

from dataclasses import replace

import pytest

from wren_backend.connections import requirements
from wren_backend.connections.authorization.departures import Departure
from wren_backend.connections.authorization.links import Submission
from wren_backend.connections.build import ConnectionServices
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.errors import CredentialsInvalid
from wren_backend.connections.service import ConnectRequest
from wren_backend.testing import open_credentials
from wren_core.errors import WrenError

TOKEN = "made-by-hand-1234567890"


@pytest.fixture
def ticket(services, subject):
    """A connection by token."""
    request = ConnectRequest(integration="ticket", values={"access_token": f" {TOKEN}\n"})
    return services.connections.create(subject, request).connection


@pytest.fixture
def unregistered(context):
    """The use cases of a server that has no client at any provider."""
    return ConnectionServices.of(replace(context, providers={}))


def link_token(connected):
    return connected.connect_url.rpartition("link=")[2]


def stored(context, connection):
    with context.database.reading() as session:
        row = refresh_repository.find_any(session, connection.workspace_id, connection.id)
        return dict(context.vault.open(session, row.place))


def test_a_token_connects_at_once_and_reaches_the_run(services, subject, ticket):
    credentials = open_credentials(services.credentials, subject, ["ticket"])

    assert (ticket.status, ticket.scopes, ticket.expires_at) == ("active", [], None)
    assert credentials.get("ticket").env == {"TICKET_ACCESS_TOKEN": TOKEN}


def test_of_a_token_no_scope_is_missed_because_none_is_known(stand_in):
    ticket, parcel = stand_in.Ticket.spec, stand_in.Parcel.spec

    assert requirements.missing_scopes(ticket, []) == []
    assert requirements.missing_scopes(ticket, ["tickets.look"]) == ["tickets.sell"]
    assert requirements.missing_scopes(parcel, []) == ["parcels.read", "parcels.write"]


def test_a_refused_token_asks_for_a_person(services, subject, ticket):
    credentials = open_credentials(services.credentials, subject, ["ticket"])

    with pytest.raises(WrenError) as caught:
        credentials.refresh("ticket")

    assert caught.value.code == "CONNECTION_NEEDS_REAUTH"
    assert caught.value.action_url.endswith("/integrations/ticket/reauthorize")
    assert TOKEN not in str(caught.value)


def test_without_a_token_it_is_authorised_in_a_browser(services, subject):
    connected = services.connections.create(subject, ConnectRequest(integration="ticket"))

    departure = services.links.submit("ticket", link_token(connected), Submission())

    assert connected.connection.status == "pending"
    assert isinstance(departure, Departure)


def test_a_token_takes_the_place_of_everything_an_authorization_left(services, stand_in, subject, context, provider):
    connected = services.connections.create(subject, ConnectRequest(integration="ticket"))
    now = context.clock.now()
    with context.database.writing() as session:
        context.vault.store(session, connected.connection.place, stand_in.tokens_of(provider), now=now)

    again = services.connections.reauthorize(subject, connected.connection.id, values={"access_token": TOKEN})

    assert again.connection.status == "active"
    assert stored(context, again.connection) == {"access_token": TOKEN}


def test_a_token_needs_no_client_at_the_provider(unregistered, subject):
    request = ConnectRequest(integration="ticket", values={"access_token": TOKEN})

    assert unregistered.connections.create(subject, request).connection.status == "active"


def test_where_there_is_no_client_the_page_asks_for_a_token(unregistered, subject):
    connected = unregistered.connections.create(subject, ConnectRequest(integration="ticket"))
    link = link_token(connected)

    wanted = unregistered.links.open("ticket", link)
    with pytest.raises(CredentialsInvalid, match="missing: access_token"):
        unregistered.links.submit("ticket", link, Submission())
    arrival = unregistered.links.submit("ticket", link, Submission(fields={"value.access_token": TOKEN}))

    assert [item.label for item in wanted.fields] == ["Access token"]
    assert arrival.connection.status == "active"


def test_where_consent_is_the_only_way_no_token_is_taken(services, unregistered, subject):
    request = ConnectRequest(integration="parcel", values={"access_token": TOKEN})
    link = link_token(services.connections.create(subject, ConnectRequest(integration="parcel", alias="other")))

    with pytest.raises(CredentialsInvalid, match="authorised in a browser"):
        services.connections.create(subject, request)
    departure = services.links.submit("parcel", link, Submission(fields={"value.access_token": TOKEN}))
    with pytest.raises(WrenError) as caught:
        unregistered.connections.create(subject, ConnectRequest(integration="parcel", alias="third"))

    assert isinstance(departure, Departure)
    assert caught.value.code == "PROVIDER_NOT_CONFIGURED"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"acces_token": TOKEN}, r"missing: access_token; unknown: acces_token\); it takes access_token"),
        ({"access_token": "two\nlines"}, "unusable: access_token"),
        ({"access_token": "  "}, "missing: access_token"),
    ],
)
def test_a_token_that_does_not_fit_is_named_and_never_shown(services, subject, values, said):
    with pytest.raises(CredentialsInvalid, match=said) as caught:
        services.connections.create(subject, ConnectRequest(integration="ticket", values=values))

    assert TOKEN not in str(caught.value)


def test_a_token_made_at_the_provider_is_not_revoked_there(services, subject, ticket, context, provider):
    gone = services.connections.disconnect(subject, ticket.id)

    assert gone.revocation.outcome == "not_applicable"
    assert provider.requests == []
    assert stored(context, ticket) == {}


def test_the_page_asks_for_the_token_by_its_name(unregistered, subject):
    link = link_token(unregistered.connections.create(subject, ConnectRequest(integration="ticket")))

    page = unregistered.pages.invite(unregistered.links.open("ticket", link), link=link)

    assert b'name="value.access_token"' in page.body
