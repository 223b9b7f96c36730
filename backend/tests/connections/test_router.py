from datetime import timedelta

import httpx2
import pytest

from wren_backend.connections.credentials import refresh_repository
from wren_core.testing.patience import patience

# What the database decides is tested with the repositories and the refresher, on both kinds.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

SECRET = "key-7f3a9b2c"


@pytest.fixture
def connection(stand_in, context, subject, provider):
    return stand_in.connect_parcel(context, subject, stand_in.tokens_of(provider))


@pytest.fixture
def foreign(stand_in, context, stranger, provider):
    """A connection of another user."""
    return stand_in.connect_parcel(context, stranger, stand_in.tokens_of(provider))


@pytest.fixture
def stored(context):
    """Read the credentials of a connection as they are stored."""

    def read(workspace_id, connection_id):
        with context.database.reading() as session:
            row = refresh_repository.find_any(session, workspace_id, connection_id)
            return dict(context.vault.open(session, row.place))

    return read


def error_of(answer):
    return answer.json()["error"]


def test_connecting_by_oauth_gives_a_link_that_works_once_and_ends(api, stand_in, clock):
    answer = api.post("/v1/connections", json={"integration": "parcel"})

    body = answer.json()
    assert answer.status_code == 201
    assert body.keys() == {"connection_id", "integration", "alias", "status", "connect_url", "expires_at"}
    assert (body["integration"], body["alias"], body["status"]) == ("parcel", "default", "pending")
    assert body["connect_url"].startswith(f"{stand_in.PUBLIC_URL}/integrations/parcel/setup?link=")
    assert body["expires_at"] == (clock.now() + timedelta(hours=24)).isoformat().replace("+00:00", "Z")


def test_connecting_by_key_is_active_at_once_and_sealed(api, subject, stored):
    answer = api.post("/v1/connections", json={"integration": "weather", "values": {"api_key": SECRET}})

    body = answer.json()
    assert answer.status_code == 201
    assert body == {
        "connection_id": body["connection_id"],
        "integration": "weather",
        "alias": "default",
        "status": "active",
    }
    assert stored(subject.workspace_id, body["connection_id"]) == {"api_key": SECRET}


def test_connecting_by_key_without_a_key_gives_a_link_to_a_form(api):
    body = api.post("/v1/connections", json={"integration": "weather"}).json()

    assert body["status"] == "pending"
    assert "/integrations/weather/setup?link=" in body["connect_url"]


def test_no_answer_ever_holds_a_credential(api):
    made = api.post("/v1/connections", json={"integration": "weather", "values": {"api_key": SECRET}})
    shown = [made, api.get("/v1/connections"), api.get(f"/v1/connections/{made.json()['connection_id']}")]

    assert all(answer.is_success and SECRET not in answer.text for answer in shown)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"integration": "parcle"}, 422, "INTEGRATION_UNKNOWN"),
        ({"integration": "broken"}, 409, "PLUGIN_FAILED"),
        ({"integration": "abacus"}, 422, "CONNECTION_NOT_NEEDED"),
        ({"integration": "weather", "values": {"key": SECRET}}, 422, "CREDENTIALS_INVALID"),
        ({"integration": "weather", "values": {}}, 422, "CREDENTIALS_INVALID"),
        ({"integration": "parcel", "values": {"access_token": SECRET}}, 422, "CREDENTIALS_INVALID"),
        ({"integration": "parcel", "config": {"page_size": "many"}}, 422, "CONFIG_INVALID"),
        ({"integration": "parcel", "config": {"pages": 1}}, 422, "CONFIG_INVALID"),
        ({"integration": "parcel", "alias": "Not An Alias"}, 422, "INVALID_REQUEST"),
        ({"integration": "parcel", "alias": "a\x00"}, 422, "INVALID_REQUEST"),
        ({"integration": "parcel", "config": {"warehouse": "a\x00"}}, 422, "INVALID_REQUEST"),
        ({"integration": "weather", "values": {"api_key": 7}}, 422, "INVALID_REQUEST"),
        ({"integration": "parcel", "script": "print()"}, 422, "INVALID_REQUEST"),
        ({}, 422, "INVALID_REQUEST"),
    ],
)
def test_what_does_not_fit_is_refused_and_stores_nothing(api, body, status, code):
    answer = api.post("/v1/connections", json=body)

    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert SECRET not in answer.text
    assert api.get("/v1/connections").json() == {"connections": []}


def test_not_a_number_in_a_config_is_refused(api):
    body = b'{"integration": "parcel", "config": {"page_size": NaN}}'

    answer = api.post("/v1/connections", content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, error_of(answer)["code"]) == (422, "INVALID_REQUEST")


def test_a_config_that_does_not_fit_names_the_field(api):
    answer = api.post("/v1/connections", json={"integration": "parcel", "config": {"page_size": "many"}})

    assert error_of(answer)["details"]["field"] == "page_size"
    assert error_of(answer)["type"] == "AgentFixableError"


def test_a_provider_the_operator_did_not_set_up_names_the_variable(platform, api):
    platform.settings.providers.clear()

    answer = api.post("/v1/connections", json={"integration": "parcel"})

    assert error_of(answer)["code"] == "PROVIDER_NOT_CONFIGURED"
    assert error_of(answer)["type"] == "UserFacingConfigError"
    assert "WREN_PROVIDERS__PARCELCO__CLIENT_ID" in error_of(answer)["message"]


def test_a_taken_alias_is_refused_with_the_connection_it_names(api, connection):
    answer = api.post("/v1/connections", json={"integration": "parcel"})

    assert answer.is_client_error
    assert error_of(answer)["code"] == "ALIAS_TAKEN"
    assert error_of(answer)["details"]["connection_id"] == connection.id


def test_asking_again_before_finishing_gives_a_fresh_link_to_the_same_connection(api):
    first = api.post("/v1/connections", json={"integration": "parcel"}).json()
    second = api.post("/v1/connections", json={"integration": "parcel", "config": {"page_size": 3}}).json()

    assert first["connection_id"] == second["connection_id"]
    assert first["connect_url"] != second["connect_url"]
    assert api.get(f"/v1/connections/{first['connection_id']}").json()["config"] == {"page_size": 3}


def test_a_connection_is_shown_with_what_a_person_needs_to_know(api, connection, stand_in):
    shown = api.get(f"/v1/connections/{connection.id}").json()

    assert shown == {
        "id": connection.id,
        "integration": "parcel",
        "alias": "default",
        "status": "active",
        "account": stand_in.ALICE.email,
        "scopes": ["parcels.read", "parcels.write"],
        "config": {},
        "expires_at": connection.expires_at.isoformat().replace("+00:00", "Z"),
        "created_at": shown["created_at"],
        "version": connection.version,
        "error": None,
    }
    assert api.get("/v1/connections").json() == {"connections": [shown]}


def test_alias_and_config_can_be_changed(api, connection):
    changed = api.patch(f"/v1/connections/{connection.id}", json={"alias": "work", "config": {"page_size": 50}})

    assert changed.status_code == 200
    assert (changed.json()["alias"], changed.json()["config"]) == ("work", {"page_size": 50})


def test_a_change_to_an_alias_in_use_is_refused(api, connection, stand_in, context, subject, provider):
    stand_in.connect_parcel(context, subject, stand_in.tokens_of(provider), alias="work")

    answer = api.patch(f"/v1/connections/{connection.id}", json={"alias": "work"})

    assert answer.is_client_error
    assert error_of(answer)["code"] == "ALIAS_TAKEN"


@pytest.mark.parametrize("body", [{"config": {"page_size": "x"}}, {"alias": ""}, {"status": "active"}])
def test_a_change_that_does_not_fit_is_refused(api, connection, body):
    assert api.patch(f"/v1/connections/{connection.id}", json=body).status_code == 422
    assert api.get(f"/v1/connections/{connection.id}").json()["config"] == {}


def test_disconnecting_revokes_at_the_provider_and_destroys_the_credentials(
    api, connection, subject, provider, stored, platform
):
    tokens = stored(subject.workspace_id, connection.id)

    answer = api.delete(f"/v1/connections/{connection.id}")

    assert answer.status_code == 200
    assert answer.json() == {
        "id": connection.id,
        "status": "revoked",
        "provider_revocation": "revoked",
        "reason": None,
    }
    assert provider.oauth.user_of(tokens["access_token"]) is None
    assert [request.form()["token"] for request in provider.calls("/revoke")] == [
        tokens["refresh_token"],
        tokens["access_token"],
    ]
    assert stored(subject.workspace_id, connection.id) == {}
    assert api.get(f"/v1/connections/{connection.id}").status_code == 404
    assert api.delete(f"/v1/connections/{connection.id}").status_code == 404
    problems = platform.integrations.check(subject, ["parcel"])
    assert [problem.code for problem in problems] == ["INTEGRATION_NOT_CONFIGURED"]


def test_a_failed_revocation_at_the_provider_is_reported_and_the_credentials_are_deleted_anyway(
    api, connection, subject, provider, stored
):
    provider.fail_next(503, path="/revoke", times=2)

    answer = api.delete(f"/v1/connections/{connection.id}").json()

    assert (answer["provider_revocation"], answer["reason"]) == ("failed", "the provider answered 503")
    assert stored(subject.workspace_id, connection.id) == {}


def test_disconnecting_a_key_has_nothing_to_ask_a_provider(api):
    made = api.post("/v1/connections", json={"integration": "weather", "values": {"api_key": SECRET}}).json()

    answer = api.delete(f"/v1/connections/{made['connection_id']}").json()

    assert answer["provider_revocation"] == "not_applicable"


def test_a_disconnected_alias_is_free_again(api, connection):
    api.delete(f"/v1/connections/{connection.id}")

    assert api.post("/v1/connections", json={"integration": "parcel"}).status_code == 201


def test_reauthorising_keeps_the_id(api, connection, stand_in):
    answer = api.post(f"/v1/connections/{connection.id}/reauthorize")

    assert answer.status_code == 200
    assert answer.json()["connection_id"] == connection.id
    assert answer.json()["connect_url"].startswith(f"{stand_in.PUBLIC_URL}/integrations/parcel/setup?link=")


def test_a_key_is_replaced_in_place(api, subject, stored):
    made = api.post("/v1/connections", json={"integration": "weather", "values": {"api_key": SECRET}}).json()

    answer = api.post(f"/v1/connections/{made['connection_id']}/reauthorize", json={"values": {"api_key": "new"}})

    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    assert stored(subject.workspace_id, made["connection_id"]) == {"api_key": "new"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/connections/{id}", None),
        ("PATCH", "/v1/connections/{id}", {"alias": "mine"}),
        ("DELETE", "/v1/connections/{id}", None),
        ("POST", "/v1/connections/{id}/reauthorize", {}),
    ],
)
def test_a_foreign_connection_does_not_exist(api, foreign, context, method, path, body):
    answer = api.request(method, path.format(id=foreign.id), json=body)

    assert (answer.status_code, error_of(answer)["code"]) == (404, "NOT_FOUND")
    with context.database.reading() as session:
        row = refresh_repository.find_any(session, foreign.workspace_id, foreign.id)
        assert (row.status, row.alias, row.version) == ("active", "default", foreign.version)


def test_a_list_holds_nothing_foreign(api, foreign):
    assert api.get("/v1/connections").json() == {"connections": []}


@pytest.mark.parametrize("path", ["/v1/connections", "/v1/integrations"])
def test_without_a_key_nothing_is_revealed(base_url, path):
    answer = httpx2.get(base_url + path, timeout=patience(5))

    assert (answer.status_code, error_of(answer)["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
