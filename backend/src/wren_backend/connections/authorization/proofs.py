"""What a link or a state stands for: its user, their workspace and the connection."""

from wren_backend.connections import repository
from wren_backend.connections.errors import FlowRefused
from wren_backend.connections.models import Connection, ConnectionStatus, ConnectLink, OAuthState
from wren_backend.storage.database import ReadSession
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject

USED_UP = "this link has been used, has expired, or was not made for this page"


def subject_of(proof: ConnectLink | OAuthState) -> Subject:
    """Return the user for whom a link or a state was made."""
    return Subject(workspace_id=proof.workspace_id, user_id=proof.user_id)


def connection_of(session: ReadSession, proof: ConnectLink | OAuthState) -> Connection:
    """Return the connection that a link or a state is for.

    Raises:
        FlowRefused: it has been removed.
    """
    connection = repository.find_connection(session, subject_of(proof), proof.connection_id)
    if connection is None or connection.status is ConnectionStatus.REVOKED:
        raise FlowRefused("the connection has been removed")
    return connection


def owner_names(session: ReadSession, proof: ConnectLink | OAuthState) -> tuple[str, str]:
    """Return the names of the user and the workspace.

    Raises:
        FlowRefused: the user may no longer use Wren.
    """
    user = tenancy.find_user(session, proof.workspace_id, proof.user_id)
    workspace = tenancy.find_workspace(session, proof.workspace_id)
    if user is None or workspace is None or user.disabled_at is not None:
        raise FlowRefused("the user who started this may no longer use Wren")
    return user.name, workspace.name


def owner_of(session: ReadSession, proof: ConnectLink | OAuthState) -> str:
    """Return the user and the workspace in one text, for a person to read. Raises as `owner_names` does."""
    return " in ".join(owner_names(session, proof))
