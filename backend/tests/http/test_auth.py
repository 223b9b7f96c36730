from datetime import timedelta

import pytest

from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import issue_key

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def ask(client_of, authorization=None, path="/v1/runs"):
    headers = {} if authorization is None else {"Authorization": authorization}
    return client_of(None).get(path, headers=headers)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_key_is_taken_from_the_authorization_header(client_of, member, scheme):
    assert ask(client_of, f"{scheme} {member.key}").status_code == 200


def test_a_request_without_a_key_is_answered_with_how_to_get_one(client_of):
    answer = ask(client_of)

    assert error_of(answer) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["type"] == "UserFacingConfigError"
    assert "wren login" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer {key} {key}",
        "Bearer {prefix}",
        "Bearer wren_abcdefgh_" + "x" * 43,
        "Bearer " + "x" * 5000,
    ],
)
def test_anything_but_a_genuine_key_is_refused_alike(client_of, member, authorization):
    sent = authorization.format(key=member.key, prefix=member.key[:14])

    answer = ask(client_of, sent)

    assert error_of(answer) == (401, "UNAUTHENTICATED")
    assert answer.json()["error"]["message"] == ask(client_of).json()["error"]["message"]
    assert member.key not in answer.text


@pytest.mark.parametrize("name", ["api_key", "apikey", "key", "token", "access_token"])
def test_a_key_in_the_url_is_refused_although_it_is_genuine_and_although_the_header_has_one(client, member, name):
    answer = client.get("/v1/runs", params={name: member.key})

    assert error_of(answer) == (422, "KEY_IN_URL")
    assert member.key not in answer.text


def test_a_revoked_key_stops_with_the_next_request(client, platform, member):
    before = client.get("/v1/runs").status_code

    with platform.database.writing() as session:
        tenancy.revoke_api_key(session, member.subject.workspace_id, key_id(platform, member), now=platform.clock.now())

    assert before == 200
    assert error_of(client.get("/v1/runs")) == (401, "UNAUTHENTICATED")


def test_an_expired_key_is_refused(client_of, platform, member):
    now = platform.clock.now()
    with platform.database.writing() as session:
        user = tenancy.find_user(session, member.subject.workspace_id, member.subject.user_id)
        expired = issue_key(session, user, name="old", now=now, expires_at=now - timedelta(seconds=1))

    assert error_of(ask(client_of, f"Bearer {expired.plain.get_secret_value()}")) == (401, "UNAUTHENTICATED")


def test_the_keys_of_a_disabled_user_are_refused(client, platform, member):
    with platform.database.writing() as session:
        tenancy.disable_user(session, member.subject.workspace_id, member.subject.user_id, now=platform.clock.now())

    assert error_of(client.get("/v1/runs")) == (401, "UNAUTHENTICATED")


def test_who_asks_is_settled_before_what_is_asked(client_of):
    answer = client_of(None).post("/v1/scripts/deploy", json={"nonsense": True})

    assert error_of(answer) == (401, "UNAUTHENTICATED")


def test_every_route_of_the_api_asks_for_a_key(client_of):
    client = client_of(None)
    paths = client.get("/openapi.json").json()["paths"]

    answered = {
        f"{method.upper()} {path}": client.request(method, path.format_map(Anything())).status_code
        for path, operations in paths.items()
        for method in operations
        if path.startswith("/v1")
    }

    assert len(answered) > 20
    assert set(answered.values()) == {401}, answered


class Anything(dict):
    """Fills every place of a path."""

    def __missing__(self, key):
        return "x"


def key_id(platform, member):
    with platform.database.reading() as session:
        (row,) = tenancy.list_api_keys(session, member.subject.workspace_id)
    return row.id
