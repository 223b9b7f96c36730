import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from wren_backend import maintenance
from wren_backend.clock import SystemClock
from wren_backend.connections import repository as connections
from wren_backend.settings import Settings
from wren_backend.tenancy import operator
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import authenticate
from wren_backend.testing import add_connection, add_subject
from wren_backend.vault import repository as vault_rows
from wren_backend.vault.boot import open_vault
from wren_backend.vault.errors import CredentialUndecryptable, MasterKeyMissing
from wren_backend.vault.keyring import KeyFile, generate_key_line
from wren_backend.vault.master_keys import MasterKeyProvider
from wren_core.errors import AgentFixableError

NOW = SystemClock().now()
TOKENS = {"access_token": "at-7f3a9b2c", "refresh_token": "rt-7f3a9b2c"}


@pytest.fixture
def settings(database, tmp_path):
    url = database.engine.url.render_as_string(hide_password=False)
    return Settings(data_dir=tmp_path, database_url=SecretStr(url))


def issue(database, *, workspace="acme"):
    return operator.issue(database, name="laptop", user="alice", workspace=workspace, now=NOW)


def test_a_deleted_workspace_is_gone_and_a_stray_copy_of_its_credentials_opens_nowhere(settings, database):
    mine, theirs = (authenticate(database, issue(database, workspace=slug), now=NOW) for slug in ("acme", "other"))
    vault = open_vault(database, make_keys(settings), now=NOW)
    with database.writing() as session:
        mail = connections.create_pending(session, mine, "mail", alias="default", now=NOW)
        vault.store(session, mail.place, TOKENS, now=NOW)

    said = maintenance.delete_workspace(database, slug="acme", is_confirmed=True)

    assert said == "deleted the workspace 'acme' with everything in it"
    assert [row["slug"] for row in operator.list_workspaces(database)] == ["other"]
    with database.reading() as session:
        assert connections.find_connection(session, mine, mail.id) is None
        assert tenancy.find_user(session, theirs.workspace_id, theirs.user_id) is not None
        assert vault_rows.find_data_key(session, mine.workspace_id) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_data_key_is_destroyed_even_where_the_rest_cannot_be_deleted(settings, database):
    subject = authenticate(database, issue(database), now=NOW)
    vault = open_vault(database, make_keys(settings), now=NOW)
    mail = add_connection(database, subject)
    with database.writing() as session:
        vault.store(session, mail.place, TOKENS, now=NOW)
    with database.engine.begin() as connection:
        refusal = "BEFORE DELETE ON workspaces BEGIN SELECT RAISE(ABORT, 'not now'); END"
        connection.exec_driver_sql(f"CREATE TRIGGER refusal {refusal}")

    with pytest.raises(DBAPIError, match="not now"):
        maintenance.delete_workspace(database, slug="acme", is_confirmed=True)

    with database.reading() as session, pytest.raises(CredentialUndecryptable):
        vault.open(session, mail.place)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_workspace_is_not_deleted_without_a_yes(settings, database):
    issue(database)

    with pytest.raises(AgentFixableError) as caught:
        maintenance.delete_workspace(database, slug="acme", is_confirmed=False)

    assert caught.value.code == "NOT_CONFIRMED"
    assert [(row["slug"], row["users"]) for row in operator.list_workspaces(database)] == [("acme", ["alice"])]


def test_a_new_master_key_opens_what_the_old_one_sealed_and_the_old_one_is_gone(settings, database):
    vault = open_vault(database, make_keys(settings), now=NOW)
    connection = add_connection(database, add_subject(database))
    with database.writing() as session:
        vault.store(session, connection.place, TOKENS, now=NOW)
    old = KeyFile(settings.key_file).current().primary.id

    said = maintenance.rotate(database, settings, now=NOW)

    keys = KeyFile(settings.key_file).current()
    assert keys.ids == (keys.primary.id,)
    assert keys.primary.id != old
    assert said == f"the master key is now {keys.primary.id}; 1 data keys wrapped with it"
    reopened = open_vault(database, MasterKeyProvider(KeyFile(settings.key_file)), now=NOW)
    with database.reading() as session:
        assert dict(reopened.open(session, connection.place)) == TOKENS
    assert (settings.key_file.stat().st_mode & 0o777) == 0o600


def test_a_running_vault_goes_on_through_a_rotation(settings, database):
    vault = open_vault(database, make_keys(settings), now=NOW)
    connection = add_connection(database, add_subject(database))
    with database.writing() as session:
        vault.store(session, connection.place, TOKENS, now=NOW)

    maintenance.rotate(database, settings, now=NOW)

    with database.reading() as session:
        assert dict(vault.open(session, connection.place)) == TOKENS


def test_a_rotation_without_the_key_that_opens_the_data_changes_nothing(settings, database):
    open_vault(database, make_keys(settings), now=NOW)
    settings.key_file.unlink()

    with pytest.raises(MasterKeyMissing):
        maintenance.rotate(database, settings, now=NOW)

    assert not settings.key_file.exists()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_keys_given_as_text_are_the_operators_to_rotate(settings, database):
    given = settings.model_copy(update={"master_key": SecretStr(generate_key_line())})

    with pytest.raises(AgentFixableError) as caught:
        maintenance.rotate(database, given, now=NOW)

    assert caught.value.code == "KEY_NOT_IN_FILE"
    assert "behind the old one" in caught.value.message


def make_keys(settings):
    key_file = KeyFile(settings.key_file)
    key_file.create()
    return MasterKeyProvider(key_file)
