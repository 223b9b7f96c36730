"""What tests of credentials read and reach: the stored rows, the inbox, a proxy before the provider."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.credentials.service import CredentialService
from wren_backend.connections.models import Connection
from wren_backend.messages import repository as messages
from wren_backend.messages.models import InboxMessage
from wren_backend.tenancy.auth import Subject


@pytest.fixture
def credentials(context: ConnectionContext) -> CredentialService:
    """The use cases of credentials."""
    return CredentialService(context)


@pytest.fixture
def read(context: ConnectionContext) -> Callable[[Connection], tuple[Connection, dict[str, str]]]:
    """Read a connection with its credentials as they are stored."""

    def read(connection: Connection) -> tuple[Connection, dict[str, str]]:
        with context.database.reading() as session:
            row = refresh_repository.find_any(session, connection.workspace_id, connection.id)
            assert row is not None
            return row, dict(context.vault.open(session, row.place))

    return read


@pytest.fixture
def inbox(context: ConnectionContext, subject: Subject) -> Callable[[], list[InboxMessage]]:
    """Read the messages of the workspace, the newest first."""

    def read() -> list[InboxMessage]:
        with context.database.reading() as session:
            return list(messages.list_messages(session, subject.workspace_id, limit=50).items)

    return read


@pytest.fixture
def proxied(
    stand_in: ModuleType, context: ConnectionContext, provider_url: str, start_proxy: Callable[[str], Any]
) -> tuple[Any, CredentialService]:
    """A proxy before the provider, and a service that goes through it."""
    proxy = start_proxy(provider_url)
    return proxy, CredentialService(replace(context, providers=stand_in.provider_settings(proxy.url)))
