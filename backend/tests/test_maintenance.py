import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from wren_backend import maintenance
from wren_backend.clock import SystemClock
from wren_backend.connections import repository as connections
from wren_backend.settings import Settings
from wren_backend.storage.database import open_database
from wren_backend.storage.migration import migrate
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import authenticate
from wren_backend.tenancy.errors import MissingObject
from wren_backend.testing import add_connection, add_subject
from wren_backend.vault import repository as vault_rows
from wren_backend.vault.boot import open_vault
from wren_backend.vault.errors import CredentialUndecryptable, MasterKeyMissing
from wren_backend.vault.keyring import KeyFile, generate_key_line
from wren_backend.vault.master_keys import MasterKeyProvider
from wren_core.errors import AgentFixableError, InvalidInput

NOW = SystemClock().now()
TOKENS = {"access_token": "at-7f3a9b2c", "refresh_token": "rt-7f3a9b2c"}


@pytest.fixture
def settings(database, tmp_path):
    url = database.engine.url.render_as_string(hide_password=False)
    return Settings(data_dir=tmp_path, database_url=SecretStr(url))


def issue(settings, name="laptop", *, user="alice", workspace="acme"):
    return maintenance.issue(settings, name=name, user=user, workspace=workspace)


def prefix_of(key):
    return key.split("_")[1]


def test_a_key_is_issued_for_a_user_and_a_workspace_that_are_made_where_they_are_new(settings, database):
    key = issue(settings)

    subject = authenticate(database, key, now=NOW)
    with database.reading() as session:
        workspace = tenancy.find_workspace_by_slug(session, "acme")
        user = tenancy.find_user(session, workspace.id, subject.user_id)
    assert (subject.workspace_id, user.name) == (workspace.id, "alice")


def test_a_second_key_of_a_name_is_for_the_same_user(settings, database):
    one, other = issue(settings), issue(settings, "desktop")
    stranger = issue(settings, workspace="other")

    subjects = [authenticate(database, key, now=NOW) for key in (one, other, stranger)]

    assert subjects[0].user_id == subjects[1].user_id
    assert subjects[2].workspace_id != subjects[0].workspace_id


@pytest.mark.parametrize("wrong", ["", " ", "a\nb", "\x1b[31mred", "x" * 500])
@pytest.mark.parametrize("field", ["name", "user", "workspace"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_name_that_a_list_could_not_show_is_refused_and_nothing_is_made(settings, field, wrong):
    with pytest.raises(InvalidInput) as caught:
        issue(settings, **{field: wrong})

    assert caught.value.code == "NAME_INVALID"
    assert maintenance.list_issued(settings) == []


def test_keys_of_all_workspaces_are_listed_with_their_owner_and_without_their_secret(settings, database):
    keys = {issue(settings, workspace=slug): slug for slug in ("acme", "other")}
    used = next(iter(keys))
    authenticate(database, used, now=NOW)

    rows = maintenance.list_issued(settings)

    assert [(row["workspace"], row["user"], row["prefix"]) for row in rows] == [
        (slug, "alice", prefix_of(key)) for key, slug in keys.items()
    ]
    assert [row["last_used_at"] for row in rows] == [NOW.isoformat(), None]
    assert not any(key in str(rows) or key.split("_", 2)[2] in str(rows) for key in keys)


def test_a_revoked_key_is_refused_and_stays_listed(settings, database):
    key, kept = issue(settings), issue(settings, "desktop")

    said = maintenance.revoke(settings, prefix=prefix_of(key))

    assert said == f"revoked wren_{prefix_of(key)}_... (laptop)"
    assert authenticate(database, key, now=NOW) is None
    assert authenticate(database, kept, now=NOW) is not None
    revoked = {row["prefix"]: row["revoked_at"] for row in maintenance.list_issued(settings)}
    assert revoked[prefix_of(key)] is not None
    assert revoked[prefix_of(kept)] is None


def test_a_prefix_nobody_has_is_told(settings):
    with pytest.raises(MissingObject, match="no API key with the prefix 'nobodys0'"):
        maintenance.revoke(settings, prefix="nobodys0")


def test_a_disabled_user_is_refused_with_every_key_and_others_are_not(settings, database):
    keys = [issue(settings), issue(settings, "desktop")]
    others = [issue(settings, user="bob"), issue(settings, workspace="other")]

    maintenance.disable_user(settings, user="alice", workspace="acme")

    assert [authenticate(database, key, now=NOW) for key in keys] == [None, None]
    assert None not in [authenticate(database, key, now=NOW) for key in others]


@pytest.mark.parametrize(("user", "workspace"), [("bob", "acme"), ("alice", "none")])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_user_who_does_not_exist_is_told(settings, user, workspace):
    issue(settings)

    with pytest.raises(MissingObject, match=r"there is no (user 'bob'|workspace 'none')"):
        maintenance.disable_user(settings, user=user, workspace=workspace)


def test_a_deleted_workspace_is_gone_and_a_stray_copy_of_its_credentials_opens_nowhere(settings, database):
    mine, theirs = (authenticate(database, issue(settings, workspace=slug), now=NOW) for slug in ("acme", "other"))
    vault = open_vault(database, make_keys(settings), now=NOW)
    with database.writing() as session:
        mail = connections.create_pending(session, mine, "mail", alias="default", now=NOW)
        vault.store(session, mail.place, TOKENS, now=NOW)

    said = maintenance.delete_workspace(settings, slug="acme", is_confirmed=True)

    assert said == "deleted the workspace 'acme' with everything in it"
    assert [row["slug"] for row in maintenance.list_workspaces(settings)] == ["other"]
    with database.reading() as session:
        assert connections.find_connection(session, mine, mail.id) is None
        assert tenancy.find_user(session, theirs.workspace_id, theirs.user_id) is not None
        assert vault_rows.find_data_key(session, mine.workspace_id) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_data_key_is_destroyed_even_where_the_rest_cannot_be_deleted(settings, database):
    subject = authenticate(database, issue(settings), now=NOW)
    vault = open_vault(database, make_keys(settings), now=NOW)
    mail = add_connection(database, subject)
    with database.writing() as session:
        vault.store(session, mail.place, TOKENS, now=NOW)
    with database.engine.begin() as connection:
        refusal = "BEFORE DELETE ON workspaces BEGIN SELECT RAISE(ABORT, 'not now'); END"
        connection.exec_driver_sql(f"CREATE TRIGGER refusal {refusal}")

    with pytest.raises(DBAPIError, match="not now"):
        maintenance.delete_workspace(settings, slug="acme", is_confirmed=True)

    with database.reading() as session, pytest.raises(CredentialUndecryptable):
        vault.open(session, mail.place)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_workspace_is_not_deleted_without_a_yes(settings, database):
    issue(settings)

    with pytest.raises(AgentFixableError) as caught:
        maintenance.delete_workspace(settings, slug="acme", is_confirmed=False)

    assert caught.value.code == "NOT_CONFIRMED"
    assert [(row["slug"], row["users"]) for row in maintenance.list_workspaces(settings)] == [("acme", ["alice"])]


def test_a_new_master_key_opens_what_the_old_one_sealed_and_the_old_one_is_gone(settings, database):
    vault = open_vault(database, make_keys(settings), now=NOW)
    connection = add_connection(database, add_subject(database))
    with database.writing() as session:
        vault.store(session, connection.place, TOKENS, now=NOW)
    old = KeyFile(settings.key_file).current().primary.id

    said = maintenance.rotate(settings)

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

    maintenance.rotate(settings)

    with database.reading() as session:
        assert dict(vault.open(session, connection.place)) == TOKENS


def test_a_rotation_without_the_key_that_opens_the_data_changes_nothing(settings, database):
    open_vault(database, make_keys(settings), now=NOW)
    settings.key_file.unlink()

    with pytest.raises(MasterKeyMissing):
        maintenance.rotate(settings)

    assert not settings.key_file.exists()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_keys_given_as_text_are_the_operators_to_rotate(settings):
    given = settings.model_copy(update={"master_key": SecretStr(generate_key_line())})

    with pytest.raises(AgentFixableError) as caught:
        maintenance.rotate(given)

    assert caught.value.code == "KEY_NOT_IN_FILE"
    assert "behind the old one" in caught.value.message


def test_maintenance_works_before_the_first_start(tmp_path):
    settings = Settings(data_dir=tmp_path / "new")

    key = issue(settings)

    database = open_database(settings.database_address())
    migrate(database)
    assert authenticate(database, key, now=NOW) is not None
    database.dispose()


def make_keys(settings):
    key_file = KeyFile(settings.key_file)
    key_file.create()
    return MasterKeyProvider(key_file)
