"""What a run gets of its user's connections."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wren_backend.connections.credentials.selection import default_alias
from wren_backend.connections.errors import ConnectionAmbiguous
from wren_backend.connections.models import Connection
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class ConnectionCredentials:
    """The credentials of one connection, at one version of it."""

    connection_id: str
    workspace_id: str
    integration: str
    alias: str
    version: int
    """Which credentials these are; a refresh is for this version, or finds a later one in place."""
    env: Mapping[str, str] = field(repr=False)
    """Access tokens and keys by environment variable; a refresh token only where the operator asks for it."""
    public_variables: frozenset[str] = frozenset()
    """The variables whose specs say that their values are not secret, such as a user name."""
    config: Mapping[str, object] = field(default_factory=dict)
    refreshed_at: datetime | None = None

    @classmethod
    def of(
        cls,
        spec: IntegrationSpec,
        connection: Connection,
        credentials: Mapping[str, str],
        *,
        passes_refresh_token: bool = False,
    ) -> "ConnectionCredentials":
        """Take what a run may have: the values of the credentials that `spec` declares."""
        mapping = spec.get_env_mapping() if passes_refresh_token else spec.get_run_env_mapping()
        values = {variable: value for key, variable in mapping.items() if (value := credentials.get(key))}
        return cls(
            connection_id=connection.id,
            workspace_id=connection.workspace_id,
            integration=connection.integration,
            alias=connection.alias,
            version=connection.version,
            env=values,
            public_variables=frozenset(cred.env_var for cred in spec.credentials if not cred.secret),
            config=connection.config,
        )

    @property
    def secrets(self) -> list[str]:
        """The values of `env` that must not be shown."""
        return [value for variable, value in self.env.items() if variable not in self.public_variables]


class RunCredentials:
    """The credentials of one run, by connection. They change only when the run asks for a refresh; thread-safe."""

    def __init__(
        self,
        connections: Iterable[ConnectionCredentials],
        *,
        refresh: Callable[[ConnectionCredentials], ConnectionCredentials],
    ) -> None:
        self._connections = {(item.integration, item.alias): item for item in connections}
        self._secrets = [value for item in self._connections.values() for value in item.secrets]
        self._refresh = refresh
        self._lock = threading.Lock()

    @property
    def secrets(self) -> list[str]:
        """Every value that must not be shown, including those that a refresh has replaced."""
        return list(self._secrets)

    def get(self, integration: str, alias: str | None = None) -> ConnectionCredentials:
        """Return the credentials of a connection; without an alias those of the default one.

        Raises:
            InvalidInput: the run has no such connection.
            ConnectionAmbiguous: it has several and none is called `default`; `details` lists the aliases.
        """
        aliases = self._aliases(integration)
        if alias is None and len(aliases) > 1 and default_alias(aliases) is None:
            raise ConnectionAmbiguous(
                f"the run has several connections of {integration!r} ({', '.join(aliases)}) and none of them is called "
                "'default'; name the one to use",
                details={"integration": integration, "aliases": aliases},
            )
        found = self._connections.get((integration, alias or default_alias(aliases) or ""))
        if found is None:
            named = f" under the alias {alias!r}" if alias else ""
            raise InvalidInput(f"the run has no credentials of {integration!r}{named}")
        return found

    def refresh(self, integration: str, alias: str | None = None) -> ConnectionCredentials:
        """Return newer credentials of a connection, after the provider refused these: their `env` and `secrets`.

        Raises:
            WrenError: as `get` does, or the credentials cannot be refreshed.
        """
        with self._lock:  # this run's own: of two threads refused at once, the second gets what the first got
            refused = self.get(integration, alias)
            newer = self._refresh(refused)
            self._connections[refused.integration, refused.alias] = newer
            self._secrets += [value for value in newer.secrets if value not in self._secrets]
            return newer

    def _aliases(self, integration: str) -> list[str]:
        return [alias for name, alias in self._connections if name == integration]

    def __repr__(self) -> str:
        return f"<RunCredentials of {', '.join(map('/'.join, self._connections)) or 'nothing'}>"
