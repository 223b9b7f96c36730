"""The accounts of a run: the default connection of each integration, and those that the script names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wren_backend.connections.credentials.run_credentials import ConnectionCredentials
from wren_backend.connections.models import Connection
from wren_backend.tenancy.auth import Subject
from wren_core.errors import WrenError


class CredentialSource(Protocol):
    """Opens the connections a run uses."""

    def select(self, subject: Subject, integration: str, alias: str | None = None) -> Connection | None:
        """Return a connection, checked; None where none is needed. Raises UserFacingConfigError: a person must act."""
        ...

    def open(self, connection: Connection) -> ConnectionCredentials:
        """Return its credentials, refreshed where due."""
        ...

    def refresh(self, refused: ConnectionCredentials) -> ConnectionCredentials:
        """Return newer credentials than those the provider refused."""
        ...


@dataclass(frozen=True, kw_only=True)
class Account:
    """One connection of a run."""

    credentials: ConnectionCredentials
    is_default: bool
    """It is used where the script names no account."""


def open_accounts(
    source: CredentialSource, subject: Subject, integrations: Iterable[str], named: Mapping[str, Sequence[str]]
) -> list[Account]:
    """Open the accounts of a run.

    Args:
        source: opens them.
        subject: whose they are.
        integrations: what the script uses.
        named: the aliases that the script names, by integration. Where it names some, the default one may be missing.

    Raises:
        WrenError: the first problem.
    """
    return [
        Account(credentials=source.open(connection), is_default=is_default)
        for integration in dict.fromkeys(integrations)
        for connection, is_default in _select(source, subject, integration, named.get(integration, ()))
    ]


def _select(
    source: CredentialSource, subject: Subject, integration: str, aliases: Sequence[str]
) -> list[tuple[Connection, bool]]:
    try:
        default = source.select(subject, integration)
    except WrenError:
        if not aliases:
            raise
        default = None  # the script may never use it
    selected = {default.alias: (default, True)} if default is not None else {}
    for alias in aliases:
        connection = source.select(subject, integration, alias)
        if connection is not None and alias not in selected:
            selected[alias] = (connection, False)
    return list(selected.values())
