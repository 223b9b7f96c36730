"""Who may act on what a user of a workspace owns: this user, and the workspace's admins."""

from wren_backend.storage.database import ReadSession
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject
from wren_backend.tenancy.errors import NotAllowed


def require_owner(session: ReadSession, subject: Subject, owner_id: str, what: str) -> None:
    """Return where the subject owns something, or is an admin.

    Args:
        session: reads the owner's name.
        subject: who wants to act.
        owner_id: the user who owns it.
        what: its name in the error, such as `daily_report`.

    Raises:
        NotAllowed: for other users of the workspace.
    """
    if subject.is_admin or subject.user_id == owner_id:
        return
    owner = name_of_user(session, subject.workspace_id, owner_id)
    raise NotAllowed(
        f"{what} belongs to {owner}: only {owner} and the admins of the workspace may do this",
        details={"owner": owner},
    )


def name_of_user(session: ReadSession, workspace_id: str, user_id: str) -> str:
    """Return the name of a user of that workspace; the id of one that is gone."""
    found = tenancy.find_user(session, workspace_id, user_id)
    return found.name if found else user_id
