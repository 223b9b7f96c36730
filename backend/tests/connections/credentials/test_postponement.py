from datetime import timedelta

import pytest

from servers.faults import answering
from wren_backend.connections.schemas import ConnectionRead
from wren_backend.testing import open_credentials
from wren_core.errors import WrenError

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def connection(stand_in, context, subject, provider):
    """A connection with tokens of an hour."""
    return stand_in.connect_parcel(context, subject, stand_in.tokens_of(provider))


def token(credentials, subject):
    return open_credentials(credentials, subject, ["parcel"]).get("parcel").env["PARCEL_ACCESS_TOKEN"]


def _code(call):
    with pytest.raises(WrenError) as caught:
        call()
    return caught.value.code


REFUSALS = [
    answering(400, b'{"error": "invalid_request"}'),
    answering(400, b'{"errors": [{"resource": "RefreshToken", "code": "invalid"}]}'),
    answering(403, b'{"message": "not for you"}'),
    answering(401, b'{"message": "no"}'),
    answering(400, b"<h1>Bad Request</h1>"),
    answering(200, b'{"code": 9, "msg": "no"}'),
]


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refusal_in_unknown_words_ends_with_a_person_after_some_attempts(
    subject, connection, clock, proxied, fault, read, inbox
):
    proxy, credentials = proxied
    proxy.inject(fault, path="/token", times=None)
    clock.advance(2 * AN_HOUR)
    start, codes = clock.now(), []

    while len(codes) < 20 and (not codes or codes[-1] != "CONNECTION_NEEDS_REAUTH"):
        codes.append(_code(lambda: token(credentials, subject)))
        clock.advance(max(timedelta(0), read(connection)[0].next_refresh_at - clock.now()))

    assert codes == ["PROVIDER_UNAVAILABLE"] * 4 + ["CONNECTION_NEEDS_REAUTH"]
    assert clock.now() - start >= AN_HOUR
    assert read(connection)[0].status == "needs_reauth"
    assert [message.subject for message in inbox()] == ["Authorise parcel (default) again"]


@pytest.mark.parametrize(
    "fault",
    [
        answering(400, b'{"error": "interaction_required"}'),
        answering(400, b'{"status": "BAD_REFRESH_TOKEN", "message": "unknown refresh token"}'),
    ],
)
def test_a_dead_grant_in_other_words_asks_for_a_person_at_once(subject, connection, clock, proxied, fault, read, inbox):
    proxy, credentials = proxied
    proxy.inject(fault, path="/token")
    clock.advance(2 * AN_HOUR)

    assert _code(lambda: token(credentials, subject)) == "CONNECTION_NEEDS_REAUTH"
    assert (read(connection)[0].status, len(inbox())) == ("needs_reauth", 1)


def test_a_refresh_that_fails_is_reported_by_validation_and_with_the_connection(
    subject, connection, clock, proxied, read
):
    proxy, credentials = proxied
    proxy.inject(answering(400, b'{"error": "invalid_request"}'), path="/token")
    clock.advance(2 * AN_HOUR)
    _code(lambda: token(credentials, subject))

    with pytest.raises(WrenError) as caught:
        credentials.check(subject, "parcel")

    shown = ConnectionRead.of(read(connection)[0]).error
    assert "the provider answered 400: invalid_request" in caught.value.message
    assert shown.code == "REFRESH_REFUSED"
    assert shown.message.startswith("the provider answered 400: invalid_request; 1 attempt(s)")


def test_a_wrong_client_secret_is_reported_by_validation_as_the_operators_matter(
    subject, connection, clock, credentials, provider
):
    provider.oauth.client_secret = "another"
    clock.advance(2 * AN_HOUR)
    _code(lambda: token(credentials, subject))

    assert _code(lambda: credentials.check(subject, "parcel")) == "PROVIDER_NOT_CONFIGURED"


def test_a_provider_that_is_away_is_reported_after_a_day_and_given_up_after_a_week(
    subject, connection, clock, proxied, read, inbox
):
    proxy, credentials = proxied
    proxy.inject(answering(503), path="/token", times=None)
    clock.advance(2 * AN_HOUR)
    subjects = []
    for _ in range(8):
        _code(lambda: token(credentials, subject))
        subjects.append([message.subject for message in inbox()])
        clock.advance(24 * AN_HOUR)

    assert subjects[0] == []
    assert subjects[1] == subjects[6] == ["parcel (default) cannot be refreshed"]
    assert subjects[7][0] == "Authorise parcel (default) again"
    assert read(connection)[0].status == "needs_reauth"


def test_a_client_that_is_refused_for_weeks_stays_with_the_operator(
    subject, connection, clock, credentials, provider, read, inbox
):
    secret, provider.oauth.client_secret = provider.oauth.client_secret, "another"
    clock.advance(2 * AN_HOUR)
    for _ in range(10):
        _code(lambda: token(credentials, subject))
        clock.advance(48 * AN_HOUR)
    provider.oauth.client_secret = secret

    assert token(credentials, subject)
    assert [message.subject for message in inbox()] == ["parcel (default) cannot be refreshed"]
    assert read(connection)[0].error is None


def test_a_provider_that_takes_http_basic_only_is_refreshed(subject, connection, clock, credentials, provider):
    provider.oauth.token_endpoint_auth_method = "client_secret_basic"
    provider.oauth.answers_with_form = True
    clock.advance(2 * AN_HOUR)

    assert provider.oauth.user_of(token(credentials, subject)) is not None
