import pytest

from wren_backend.tenancy import operator
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import authenticate
from wren_backend.tenancy.errors import MissingObject
from wren_backend.testing import NOW
from wren_core.errors import InvalidInput


def issue(database, name="laptop", *, user="alice", workspace="acme"):
    return operator.issue(database, name=name, user=user, workspace=workspace, now=NOW)


def prefix_of(key):
    return key.split("_")[1]


def test_a_key_is_issued_for_a_user_and_a_workspace_that_are_made_where_they_are_new(database):
    key = issue(database)

    subject = authenticate(database, key, now=NOW)
    with database.reading() as session:
        workspace = tenancy.find_workspace_by_slug(session, "acme")
        user = tenancy.find_user(session, workspace.id, subject.user_id)
    assert (subject.workspace_id, user.name) == (workspace.id, "alice")


def test_a_second_key_of_a_name_is_for_the_same_user(database):
    one, other = issue(database), issue(database, "desktop")
    stranger = issue(database, workspace="other")

    subjects = [authenticate(database, key, now=NOW) for key in (one, other, stranger)]

    assert subjects[0].user_id == subjects[1].user_id
    assert subjects[2].workspace_id != subjects[0].workspace_id


@pytest.mark.parametrize("wrong", ["", " ", "a\nb", "\x1b[31mred", "x" * 500])
@pytest.mark.parametrize("field", ["name", "user", "workspace"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_name_that_a_list_could_not_show_is_refused_and_nothing_is_made(database, field, wrong):
    with pytest.raises(InvalidInput) as caught:
        issue(database, **{field: wrong})

    assert caught.value.code == "NAME_INVALID"
    assert operator.list_issued(database) == []


def test_keys_of_all_workspaces_are_listed_with_their_owner_and_without_their_secret(database):
    keys = {issue(database, workspace=slug): slug for slug in ("acme", "other")}
    used = next(iter(keys))
    authenticate(database, used, now=NOW)

    rows = operator.list_issued(database)

    assert [(row["workspace"], row["user"], row["prefix"]) for row in rows] == [
        (slug, "alice", prefix_of(key)) for key, slug in keys.items()
    ]
    assert [row["last_used_at"] for row in rows] == [NOW.isoformat(), None]
    assert not any(key in str(rows) or key.split("_", 2)[2] in str(rows) for key in keys)


def test_a_revoked_key_is_refused_and_stays_listed(database):
    key, kept = issue(database), issue(database, "desktop")

    said = operator.revoke(database, prefix=prefix_of(key), now=NOW)

    assert said == f"revoked wren_{prefix_of(key)}_... (laptop)"
    assert authenticate(database, key, now=NOW) is None
    assert authenticate(database, kept, now=NOW) is not None
    revoked = {row["prefix"]: row["revoked_at"] for row in operator.list_issued(database)}
    assert revoked[prefix_of(key)] is not None
    assert revoked[prefix_of(kept)] is None


def test_an_unknown_prefix_is_an_error(database):
    with pytest.raises(MissingObject, match="no API key with the prefix 'nobodys0'"):
        operator.revoke(database, prefix="nobodys0", now=NOW)


def test_a_disabled_user_is_refused_with_every_key_and_others_are_not(database):
    keys = [issue(database), issue(database, "desktop")]
    others = [issue(database, user="bob"), issue(database, workspace="other")]

    operator.disable_user(database, user="alice", workspace="acme", now=NOW)

    assert [authenticate(database, key, now=NOW) for key in keys] == [None, None]
    assert None not in [authenticate(database, key, now=NOW) for key in others]


@pytest.mark.parametrize(("user", "workspace"), [("bob", "acme"), ("alice", "none")])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_unknown_user_is_an_error(database, user, workspace):
    issue(database)

    with pytest.raises(MissingObject, match=r"there is no (user 'bob'|workspace 'none')"):
        operator.disable_user(database, user=user, workspace=workspace, now=NOW)
