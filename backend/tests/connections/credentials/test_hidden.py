import base64

import pytest

from servers.faults import answering
from wren_backend.connections.credentials.hidden import SecretHider
from wren_backend.testing import open_credentials
from wren_core.errors import WrenError

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def tokens(stand_in, context, subject):
    """The tokens of two connections, of which a run uses one at most."""
    first = {"access_token": "first-access-token", "refresh_token": "first-refresh-token"}
    second = {"access_token": "second-access-token", "refresh_token": "second-refresh-token"}
    stand_in.connect_parcel(context, subject, first)
    stand_in.connect_parcel(context, subject, second, alias="second")
    return [*first.values(), *second.values()]


def test_an_error_shows_no_secret_of_any_connection_of_the_user(context, subject, tokens):
    encoded = base64.b64encode(tokens[2].encode()).decode()
    error = {
        "code": "REJECTED",
        "message": f"the provider said: {' '.join(tokens)}",
        "details": {"sent": [{"header": f"Basic {encoded}"}], tokens[3]: 1},
    }

    hidden = str(SecretHider(context).hide(subject, error))

    assert "REJECTED" in hidden
    assert not any(secret in hidden for secret in [*tokens, encoded])


def test_secrets_of_another_user_are_not_even_read(context, stranger, tokens):
    assert SecretHider(context).list_secrets(stranger) == []


def test_a_reason_that_repeats_the_refresh_token_as_a_code_is_stored_without_it(
    stand_in, subject, proxied, clock, read, context
):
    proxy, credentials = proxied
    secret = "abcdefghijklmnop"
    row = stand_in.connect_parcel(context, subject, {"access_token": "an-access-token", "refresh_token": secret})
    proxy.inject(answering(400, f'{{"error": "{secret}"}}'.encode()), path="/token")
    clock.advance(row.expires_at - clock.now())

    with pytest.raises(WrenError) as caught:
        open_credentials(credentials, subject, ["parcel"])

    kept = read(row)[0].error
    assert kept["code"] == "REFRESH_REFUSED"
    assert secret not in str(kept) + str(caught.value.to_wire())
