"""Which hosts a run may contact: those its integrations declare, those its configuration names, or the ones the
operator put in their place. Pure.

Only what the operator wrote may lead into a private network: a user's connection that names a private address is
refused (`executor.launcher.network`); otherwise every deployed script could probe the operator's network.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from wren_backend.worker.environment import IntegrationOverride
from wren_core.contract.hosts import configured_hosts
from wren_core.contract.spec import IntegrationSpec, template_fields
from wren_core.protocol.jobs import JobConnection

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True)
class AllowedHosts:
    """`host:port` pairs."""

    allow: tuple[str, ...]
    """Everything the run may contact."""
    operator: tuple[str, ...]
    """Those of them the operator configured, which may therefore be private addresses."""


def allowed_hosts(
    specs: Iterable[IntegrationSpec],
    overrides: Mapping[str, IntegrationOverride],
    connections: Sequence[JobConnection],
) -> AllowedHosts:
    """Return the hosts of a script that uses `specs`.

    Args:
        specs: the integrations the script declares.
        overrides: what the operator set, by integration name; a base URL replaces every declared host.
        connections: the accounts of the run, with the configuration that each will use.

    Raises:
        ConfigInvalid: a configured host is not a host name or an address.
    """
    allow: list[str] = []
    operator: list[str] = []
    for spec in specs:
        override = overrides.get(spec.name)
        if override and override.base_url:
            operator.append(host_of(override.base_url))
        else:
            allow.extend(host if ":" in host else f"{host}:443" for host in spec.hosts)
        effective = [
            host for config in _configs(spec, override, connections) for host in configured_hosts(spec, config)
        ]
        chosen = _chosen_by_operator(spec, override)
        operator.extend(host for host in effective if host in chosen)
        allow.extend(host for host in effective if host not in chosen)
    places = tuple(dict.fromkeys(operator))
    return AllowedHosts(allow=tuple(dict.fromkeys([*allow, *places])), operator=places)


def _configs(
    spec: IntegrationSpec, override: IntegrationOverride | None, connections: Sequence[JobConnection]
) -> list[Mapping[str, Any]]:
    """Return every configuration that is in use: of each account, or the operator's where there is none."""
    found = [item.config for item in connections if item.integration == spec.name]
    return found or [override.config if override else {}]


def _chosen_by_operator(spec: IntegrationSpec, override: IntegrationOverride | None) -> tuple[str, ...]:
    """Return the hosts the operator's configuration names whole: host and port, of which one may be a default."""
    config = override.config if override else {}
    named = [t for t in spec.config_hosts if any(field in config for field in template_fields(t))]
    return configured_hosts(spec.model_copy(update={"config_hosts": tuple(named)}), config)


def host_of(url: str) -> str:
    """Return `host:port` of a URL, the scheme's port where none is written."""
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{host}:{port}"
