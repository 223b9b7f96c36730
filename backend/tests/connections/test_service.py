import pytest
from sqlalchemy import text

from wren_backend.connections.service import ConnectRequest
from wren_backend.testing import open_credentials
from wren_backend.vault.repository import list_sealed
from wren_core.errors import WrenError

SECRET = "key-7f3a9b2c"


@pytest.fixture
def weather(services, subject):
    """A connection by key."""
    request = ConnectRequest(integration="weather", values={"api_key": SECRET})
    return services.connections.create(subject, request).connection


def test_a_key_is_sealed_in_the_database(services, weather, context):
    with context.database.reading() as session:
        blobs = [row.blob for row in list_sealed(session, weather.workspace_id, weather.id)]

    assert len(blobs) == 1
    assert SECRET.encode() not in blobs[0]


def test_a_request_does_not_show_its_values():
    assert SECRET not in repr(ConnectRequest(integration="weather", values={"api_key": SECRET}))


def test_a_credential_moved_from_another_workspace_does_not_open(services, weather, context, stranger):
    request = ConnectRequest(integration="weather", values={"api_key": "theirs"})
    theirs = services.connections.create(stranger, request).connection
    with context.database.writing() as session:
        values = {"mine": weather.id, "theirs": theirs.id}
        move = text(
            "UPDATE sealed_credentials SET blob = (SELECT blob FROM sealed_credentials WHERE connection_id = :mine) "
            "WHERE connection_id = :theirs"
        )
        session.execute(move, values)

    with pytest.raises(WrenError) as caught:
        open_credentials(services.credentials, stranger, ["weather"])

    assert caught.value.code == "CREDENTIAL_UNDECRYPTABLE"


def test_a_connection_whose_credentials_do_not_open_can_still_be_disconnected(services, subject, weather, context):
    with context.database.writing() as session:
        session.execute(text("UPDATE sealed_credentials SET blob = :blob"), {"blob": b"\x01" + b"x" * 60})

    gone = services.connections.disconnect(subject, weather.id)

    assert gone.connection.status == "revoked"
    with context.database.reading() as session:
        assert list_sealed(session, weather.workspace_id, weather.id) == []


def test_a_connection_of_a_plugin_that_is_gone_can_still_be_disconnected(services, subject, weather, context):
    with context.database.writing() as session:
        session.execute(text("UPDATE connections SET integration = 'gone'"))

    gone = services.connections.disconnect(subject, weather.id)

    assert (gone.revocation.outcome, "not installed" in gone.revocation.reason) == ("failed", True)


def test_a_stranger_cannot_touch_a_connection(services, stranger, weather):
    calls = [
        lambda: services.connections.get(stranger, weather.id),
        lambda: services.connections.change(stranger, weather.id, alias="x"),
        lambda: services.connections.reauthorize(stranger, weather.id),
        lambda: services.connections.disconnect(stranger, weather.id),
    ]
    codes = []
    for call in calls:
        with pytest.raises(WrenError) as caught:
            call()
        codes.append(caught.value.code)

    assert codes == ["NOT_FOUND"] * 4


def test_a_link_for_the_only_connection_needs_no_alias(services, subject):
    made = services.connections.create(subject, ConnectRequest(integration="parcel", alias="work"))

    assert services.connections.link(subject, "parcel").connection.id == made.connection.id
    assert services.connections.link(subject, "parcel", alias="home").connection.alias == "home"


def test_of_several_connections_the_link_is_for_the_default_one(services, subject):
    for alias in ("home", "work"):
        services.connections.create(subject, ConnectRequest(integration="parcel", alias=alias))

    assert services.connections.link(subject, "parcel").connection.alias == "default"
