import pytest

from wren_backend.connections.credentials.run_credentials import ConnectionCredentials, RunCredentials
from wren_backend.connections.errors import ConnectionAmbiguous
from wren_backend.connections.models import Connection
from wren_core.contract.credentials import Credentials
from wren_core.contract.spec import CredentialSpec, CredentialType, IntegrationSpec
from wren_core.errors import InvalidInput

MAIL = IntegrationSpec(
    name="mail",
    display_name="Mail",
    credentials=[
        CredentialSpec(key="username", type=CredentialType.BASIC_AUTH, env_var="MAIL_USERNAME", secret=False),
        CredentialSpec(key="password", type=CredentialType.BASIC_AUTH, env_var="MAIL_PASSWORD"),
    ],
)


TOKENS = IntegrationSpec(
    name="post",
    display_name="Post",
    credentials=[
        CredentialSpec(
            key="access_token",
            type=CredentialType.OAUTH2,
            env_var="POST_ACCESS_TOKEN",
            refresh_key="refresh_token",
            refresh_env_var="POST_REFRESH_TOKEN",
        )
    ],
)


def opened(password="hunter2-hunter2", *, alias="default", config=None):
    row = Connection(
        id=f"c_{alias}", workspace_id="w1", user_id="u1", integration="mail", alias=alias, config=config or {}
    )
    return ConnectionCredentials.of(MAIL, row, Credentials({"username": "postgres", "password": password}))


def run_of(*connections, refresh=lambda refused: refused):
    return RunCredentials(connections, refresh=refresh)


def test_a_run_gets_the_user_name_and_only_the_password_is_a_secret():
    run = run_of(opened())

    assert run.get("mail").env == {"MAIL_USERNAME": "postgres", "MAIL_PASSWORD": "hunter2-hunter2"}
    assert run.secrets == ["hunter2-hunter2"]


def test_a_refresh_returns_the_new_values_and_which_of_them_are_secret():
    run = run_of(opened(), refresh=lambda refused: opened("another-password"))

    refreshed = run.refresh("mail")

    assert refreshed.env == {"MAIL_USERNAME": "postgres", "MAIL_PASSWORD": "another-password"}
    assert refreshed.secrets == ["another-password"]


def test_after_a_refresh_both_passwords_are_secrets_and_the_name_is_none():
    run = run_of(opened(), refresh=lambda refused: opened("another-password"))

    run.refresh("mail")

    assert run.secrets == ["hunter2-hunter2", "another-password"]
    assert run.get("mail").env["MAIL_PASSWORD"] == "another-password"


def test_a_run_holds_two_connections_of_one_integration():
    run = run_of(opened("work-password", alias="work"), opened("main-password", config={"folder": "Inbox"}))

    assert run.get("mail").env["MAIL_PASSWORD"] == "main-password"
    assert run.get("mail", "work").env["MAIL_PASSWORD"] == "work-password"
    assert run.get("mail").config == {"folder": "Inbox"}
    assert run.secrets == ["work-password", "main-password"]


def test_a_refresh_of_one_account_leaves_the_other_as_it_is():
    refused = []

    def refresh(connection):
        refused.append(connection.alias)
        return opened("fresh-password", alias=connection.alias)

    run = run_of(opened("work-password", alias="work"), opened("main-password"), refresh=refresh)

    run.refresh("mail", "work")

    assert refused == ["work"]
    assert run.get("mail", "work").env["MAIL_PASSWORD"] == "fresh-password"
    assert run.get("mail").env["MAIL_PASSWORD"] == "main-password"


def test_the_only_connection_of_a_run_needs_no_name():
    assert run_of(opened(alias="work")).get("mail").alias == "work"


def test_several_connections_without_a_default_need_a_name_and_are_listed():
    run = run_of(opened(alias="home"), opened(alias="work"))

    with pytest.raises(ConnectionAmbiguous) as caught:
        run.get("mail")

    assert caught.value.details["aliases"] == ["home", "work"]


@pytest.mark.parametrize(("integration", "alias"), [("chat", None), ("chat", "work"), ("mail", "work")])
def test_a_connection_that_the_run_does_not_have_is_refused(integration, alias):
    with pytest.raises(InvalidInput, match=integration):
        run_of(opened()).refresh(integration, alias)


@pytest.mark.parametrize("passes", [True, False])
def test_a_run_gets_the_refresh_token_only_where_the_operator_asks_for_it_and_then_as_a_secret(passes):
    row = Connection(id="c1", workspace_id="w1", user_id="u1", integration="post", alias="default", config={})
    values = Credentials({"access_token": "acc-123456", "refresh_token": "ref-123456"})

    run = RunCredentials(
        [ConnectionCredentials.of(TOKENS, row, values, passes_refresh_token=passes)], refresh=lambda refused: refused
    )

    assert run.get("post").env.get("POST_REFRESH_TOKEN") == ("ref-123456" if passes else None)
    assert ("ref-123456" in run.secrets) is passes
    assert run.get("post").env["POST_ACCESS_TOKEN"] == "acc-123456"
