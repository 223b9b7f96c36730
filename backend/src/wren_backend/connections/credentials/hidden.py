"""Hides the secrets of a user in what the server writes about their runs and connections.

A run's own secrets are masked in its output by the executor. An error may quote more: a provider that repeats a token
of another connection, a plugin that read one. The server knows every secret it keeps for the user and hides them all.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from wren_backend.connections import repository
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.models import Connection
from wren_backend.executor.masking import Masker
from wren_backend.executor.secret_encodings import MIN_SECRET_CHARACTERS
from wren_backend.storage.database import ReadSession
from wren_backend.tenancy.auth import Subject
from wren_backend.vault.errors import CredentialUndecryptable
from wren_core.errors import WrenError


class SecretHider:
    """Replaces the stored secrets of a user."""

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context

    def hide(self, subject: Subject, error: Mapping[str, Any]) -> dict[str, Any]:
        """Return an error, as on the wire, without any secret of the user in this workspace."""
        hidden: dict[str, Any] = Masker(self.list_secrets(subject)).mask_json(dict(error))
        return hidden

    def list_secrets(self, subject: Subject) -> list[str]:
        """List the secrets of the user's connections, refresh tokens included; public values are left out."""
        with self._context.database.reading() as session:
            rows = repository.list_connections(session, subject)
            return [secret for row in rows for secret in self._open(session, row)]

    def _open(self, session: ReadSession, connection: Connection) -> list[str]:
        try:
            values = self._context.vault.open(session, connection.place)
        except CredentialUndecryptable:
            return []  # it cannot have got into an error either
        public = self._list_public(connection.integration)
        return [value for key, value in values.items() if key not in public]

    def _list_public(self, integration: str) -> frozenset[str]:
        if integration not in self._context.registry:
            return frozenset()
        return frozenset(cred.key for cred in self._context.registry.spec(integration).credentials if not cred.secret)


def hide_in_text(text: str, secrets: Iterable[str]) -> str:
    """Return a text without the secrets."""
    return Masker(secrets).mask_text(text)


def hide_in_error(error: WrenError, secrets: Iterable[str]) -> None:
    """Replace the secrets in the message and the details of an error."""
    error.hide(secret for secret in secrets if len(secret) >= MIN_SECRET_CHARACTERS)
