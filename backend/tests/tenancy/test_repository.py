from datetime import timedelta

from sqlmodel import select

from wren_backend.migrations.schema import TABLES
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import issue_key
from wren_backend.tenancy.models import Workspace
from wren_backend.testing import NOW, add_connection, add_deployment, add_run, add_subject
from wren_backend.vault.boot import open_vault
from wren_backend.vault.keyring import GivenKeys, generate_key_line
from wren_backend.vault.master_keys import MasterKeyProvider
from wren_backend.vault.models import MasterKeyCheck


def test_a_slug_is_given_once_also_to_rivals(database, together):
    def add(number: int) -> Workspace | None:
        with database.writing() as session:
            return tenancy.add_workspace(session, "acme", name=str(number), now=NOW)

    made = [row for row in together(8, add) if row is not None]

    assert len(made) == 1
    with database.reading() as session:
        assert tenancy.find_workspace_by_slug(session, "acme").id == made[0].id
        assert tenancy.find_workspace(session, made[0].id).slug == "acme"
        assert tenancy.count_workspaces(session) == 1


def test_users_and_keys_of_another_workspace_are_not_found(database):
    mine, theirs = add_subject(database), add_subject(database)
    with database.writing() as session:
        user = tenancy.find_user(session, theirs.workspace_id, theirs.user_id)
        key = issue_key(session, user, name="theirs", now=NOW).row

    with database.writing() as session:
        assert tenancy.find_user(session, mine.workspace_id, theirs.user_id) is None
        assert tenancy.disable_user(session, mine.workspace_id, theirs.user_id, now=NOW) is None
        assert tenancy.list_api_keys(session, mine.workspace_id) == []
        assert tenancy.revoke_api_key(session, mine.workspace_id, key.id, now=NOW) is None

    with database.reading() as session:
        untouched = tenancy.list_api_keys(session, theirs.workspace_id)
        assert [(row.id, row.revoked_at) for row in untouched] == [(key.id, None)]
        assert tenancy.find_user(session, theirs.workspace_id, theirs.user_id).disabled_at is None


def test_a_prefix_in_use_is_refused(database):
    subject = add_subject(database)

    with database.writing() as session:
        user = tenancy.find_user(session, subject.workspace_id, subject.user_id)
        first = tenancy.add_api_key(session, user, name="a", prefix="aaaaaaaa", key_hash="x", now=NOW)
        second = tenancy.add_api_key(session, user, name="b", prefix="aaaaaaaa", key_hash="y", now=NOW)

    assert first is not None
    assert second is None


def test_a_user_disabled_before_keeps_that_moment(database):
    subject = add_subject(database)

    for days in (0, 1):
        with database.writing() as session:
            user = tenancy.disable_user(session, subject.workspace_id, subject.user_id, now=NOW + timedelta(days=days))

    assert user.disabled_at == NOW


def test_deleting_a_workspace_takes_everything_of_it_and_nothing_of_others(database):
    vault = open_vault(database, MasterKeyProvider(GivenKeys(generate_key_line(), origin="test")), now=NOW)
    mine, theirs = add_subject(database), add_subject(database)
    for subject in (mine, theirs):
        connection = add_connection(database, subject)
        add_run(database, add_deployment(database, subject))
        with database.writing() as session:
            vault.store(session, connection.place, {"access_token": "x"}, now=NOW)

    with database.writing() as session:
        assert tenancy.delete_workspace(session, mine.workspace_id)
        assert not tenancy.delete_workspace(session, mine.workspace_id)

    with database.reading() as session:
        for model in TABLES:
            if "workspace_id" in model.model_fields:
                assert {row.workspace_id for row in session.exec(select(model))} <= {theirs.workspace_id}, model
        assert len(session.exec(select(MasterKeyCheck)).all()) == 1
