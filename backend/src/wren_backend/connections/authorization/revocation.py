"""Revoking the tokens of a connection at its provider: best effort, with the outcome reported."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.errors import ProviderNotConfigured
from wren_backend.connections.models import Connection
from wren_backend.connections.oauth.failures import ProviderFailed
from wren_backend.connections.requirements import accepts_token, access_key, refresh_key, uses_oauth
from wren_core.errors import ConfigInvalid


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """What became of the tokens at the provider."""

    outcome: Literal["revoked", "failed", "not_applicable"]
    reason: str | None = None


def revoke_at_provider(context: ConnectionContext, connection: Connection, stored: Mapping[str, str]) -> Revocation:
    """Revoke the refresh token and the access token; a failure is an outcome, not an error.

    Both, because some providers let the access tokens of a revoked refresh token live on.
    """
    if connection.integration not in context.registry:
        return Revocation(outcome="failed", reason="the integration is not installed, so its provider is unknown")
    spec = context.registry.spec(connection.integration)
    if not uses_oauth(spec) or (accepts_token(spec) and not connection.scopes):
        return Revocation(outcome="not_applicable", reason="a key is revoked where it was made")
    tokens = [stored[key] for key in (refresh_key(spec), access_key(spec)) if key in stored]
    if not tokens:
        return Revocation(outcome="not_applicable", reason="no token was stored")
    try:
        provider = context.provider(spec, connection.config)
        for token in tokens:
            context.endpoint.revoke(provider, token)
    except (ProviderFailed, ProviderNotConfigured, ConfigInvalid) as exc:
        return Revocation(outcome="failed", reason=str(exc))
    return Revocation(outcome="revoked")
