"""The operator's work on keys that seal: rotate the master key, and destroy a workspace with its data key."""

from datetime import datetime

from wren_backend.settings import Settings
from wren_backend.storage.database import Database
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.operator import get_workspace
from wren_backend.vault import rotation
from wren_backend.vault.keyring import KeyFile
from wren_backend.vault.service import shred_workspace
from wren_core.errors import AgentFixableError


def delete_workspace(database: Database, *, slug: str, is_confirmed: bool) -> str:
    """Delete a workspace with everything it owns and return a line that reports it.

    Its data key is destroyed first, in a separate transaction: even if the rest fails, no copy of the rows can be
    decrypted after that.

    Raises:
        MissingObject: there is no such workspace.
        AgentFixableError: NOT_CONFIRMED.
    """
    with database.writing() as session:
        workspace = get_workspace(session, slug)
        if not is_confirmed:
            raise _not_confirmed(slug)
        shred_workspace(session, workspace.id)
    with database.writing() as session:
        tenancy.delete_workspace(session, workspace.id)
    database.truncate_log()
    return f"deleted the workspace {slug!r} with everything in it"


def rotate(database: Database, settings: Settings, *, now: datetime) -> str:
    """Rotate the master key and return a line that reports it.

    Raises:
        AgentFixableError: KEY_NOT_IN_FILE where the operator gives the keys as text.
    """
    if settings.master_key is not None:
        raise AgentFixableError(
            "WREN_MASTER_KEY holds the keys as text; "
            "add the new one there behind the old one, the last seals, and restart",
            code="KEY_NOT_IN_FILE",
        )
    done = rotation.rotate(database, KeyFile(settings.key_file), now=now)
    for key_id in done.retirable_ids:
        rotation.retire(database, KeyFile(settings.key_file), key_id)
    broken = f"; {len(done.broken_ids)} data keys cannot be opened with any key" if done.broken_ids else ""
    return f"the master key is now {done.primary_id}; {done.rewrapped} data keys wrapped with it{broken}"


def _not_confirmed(slug: str) -> AgentFixableError:
    return AgentFixableError(
        f"this deletes the workspace {slug!r} permanently: users, keys, connections, deployments, runs and messages; "
        "add --yes to do it",
        code="NOT_CONFIRMED",
    )
