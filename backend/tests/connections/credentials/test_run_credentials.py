from wren_backend.connections.credentials.run_credentials import ConnectionCredentials, RunCredentials
from wren_backend.connections.models import Connection
from wren_core.contract.credentials import Credentials
from wren_core.contract.spec import CredentialSpec, CredentialType, IntegrationSpec

MAIL = IntegrationSpec(
    name="mail",
    display_name="Mail",
    credentials=[
        CredentialSpec(key="username", type=CredentialType.BASIC_AUTH, env_var="MAIL_USERNAME", secret=False),
        CredentialSpec(key="password", type=CredentialType.BASIC_AUTH, env_var="MAIL_PASSWORD"),
    ],
)


def held(password="hunter2-hunter2"):
    row = Connection(
        id="c1", workspace_id="w1", user_id="u1", integration="mail", alias="default", version=1, config={}
    )
    return ConnectionCredentials.of(MAIL, row, Credentials({"username": "postgres", "password": password}))


def test_a_run_gets_the_user_name_and_only_the_password_is_a_secret():
    run = RunCredentials([held()], refresh=lambda old: old)

    assert run.env == {"MAIL_USERNAME": "postgres", "MAIL_PASSWORD": "hunter2-hunter2"}
    assert run.secrets == ["hunter2-hunter2"]


def test_after_a_renewal_both_passwords_are_secrets_and_the_name_is_none():
    run = RunCredentials([held()], refresh=lambda old: held("another-password"))

    run.refresh("mail")

    assert run.secrets == ["hunter2-hunter2", "another-password"]
