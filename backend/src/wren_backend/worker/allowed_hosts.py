"""Which hosts a run may contact: those its integrations declare, those its configuration names, or the ones the
operator put in their place. Pure.

Only what the operator wrote may lead into a private network: a user's connection that names a private address gets
nowhere (`executor.launcher.network`), or every deployed script could look around in the operator's own network.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from wren_backend.worker.environment import IntegrationOverride
from wren_core.contract.hosts import configured_hosts
from wren_core.contract.spec import IntegrationSpec, template_fields
from wren_core.protocol.variables import config_variable

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True)
class AllowedHosts:
    """`host:port` pairs."""

    allow: tuple[str, ...]
    """Everything the run may contact."""
    operator: tuple[str, ...]
    """Those of them the operator configured, which may therefore be private addresses."""


def allowed_hosts(
    specs: Iterable[IntegrationSpec], overrides: Mapping[str, IntegrationOverride], env: Mapping[str, str]
) -> AllowedHosts:
    """Return the hosts of a script that uses `specs`.

    Args:
        specs: the integrations the script declares.
        overrides: what the operator set, by integration name; a base URL replaces every declared host.
        env: the environment of the run, which holds the configuration its integrations will use.

    Raises:
        ConfigInvalid: a configured host is none.
    """
    allow: list[str] = []
    operator: list[str] = []
    for spec in specs:
        override = overrides.get(spec.name)
        if override and override.base_url:
            operator.append(host_of(override.base_url))
        else:
            allow.extend(host if ":" in host else f"{host}:443" for host in spec.hosts)
        effective = configured_hosts(spec, json.loads(env.get(config_variable(spec.name), "{}")))
        chosen = _chosen_by_operator(spec, override)
        operator.extend(host for host in effective if host in chosen)
        allow.extend(host for host in effective if host not in chosen)
    places = tuple(dict.fromkeys(operator))
    return AllowedHosts(allow=tuple(dict.fromkeys([*allow, *places])), operator=places)


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
