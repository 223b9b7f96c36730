"""What a run holds of its user's connections."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wren_backend.connections.models import Connection
from wren_core.contract.credentials import Credentials
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class ConnectionCredentials:
    """The credentials of one connection, as they were when they were handed out."""

    connection_id: str
    workspace_id: str
    integration: str
    version: int
    """Which credentials these are; a renewal is for this version, or finds a later one in place."""
    env: Mapping[str, str] = field(repr=False)
    """Access tokens and keys by environment variable; never a refresh token."""
    config: Mapping[str, object] = field(default_factory=dict)
    refreshed_at: datetime | None = None
    public: frozenset[str] = frozenset()
    """Variables whose values anybody may see, such as a user name's."""

    @classmethod
    def of(cls, spec: IntegrationSpec, connection: Connection, credentials: Credentials) -> "ConnectionCredentials":
        """Take of a connection what a run may have."""
        values = {cred.env_var: value for cred in spec.credentials if (value := credentials.get(cred.key))}
        return cls(
            connection_id=connection.id,
            workspace_id=connection.workspace_id,
            integration=connection.integration,
            version=connection.version,
            env=values,
            config=connection.config,
            public=frozenset(cred.env_var for cred in spec.credentials if not cred.secret),
        )

    @property
    def secrets(self) -> list[str]:
        """The values that must never be shown."""
        return [value for variable, value in self.env.items() if variable not in self.public]


class RunCredentials:
    """The credentials of one run. They change only when the run asks for a renewal; safe to use from threads."""

    def __init__(
        self,
        held: Iterable[ConnectionCredentials],
        *,
        refresh: Callable[[ConnectionCredentials], ConnectionCredentials],
    ) -> None:
        self._held = {item.integration: item for item in held}
        self._secrets = [value for item in self._held.values() for value in item.secrets]
        self._refresh = refresh
        self._lock = threading.Lock()

    @property
    def env(self) -> dict[str, str]:
        """Environment of the run: its credentials, and the config of connections that have one."""
        values: dict[str, str] = {}
        for item in self._held.values():
            values.update(item.env)
            if item.config:
                values[config_variable(item.integration)] = json.dumps(dict(item.config))
        return values

    @property
    def secrets(self) -> list[str]:
        """Every value that must never be shown, those replaced meanwhile too."""
        return list(self._secrets)

    def refresh(self, integration: str) -> dict[str, str]:
        """Return newer credentials of an integration by environment variable, after the provider refused these.

        Raises:
            WrenError: they could not be renewed.
        """
        with self._lock:  # this run's own: of two threads refused at once, the second gets what the first got
            held = self._held.get(integration)
            if held is None:
                raise InvalidInput(f"the run holds no credential of {integration!r}")
            newer = self._refresh(held)
            self._held[integration] = newer
            self._secrets += [value for value in newer.secrets if value not in self._secrets]
            return dict(newer.env)

    def __repr__(self) -> str:
        return f"<RunCredentials of {', '.join(self._held) or 'nothing'}>"


def config_variable(integration: str) -> str:
    """Return the environment variable that carries a connection's config into a run."""
    return f"WREN_INTEGRATIONS__{integration.upper()}__CONFIG"
