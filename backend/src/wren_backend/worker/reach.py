"""Which hosts a run may contact: those its integrations declare, or the ones the operator put in their place. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from wren_core.spec import IntegrationSpec

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True)
class Reach:
    """`host:port` pairs."""

    allow: tuple[str, ...]
    """Everything the run may contact."""
    operator: tuple[str, ...]
    """Those of them the operator configured, which may therefore be private addresses."""


def reach_of(specs: Iterable[IntegrationSpec], base_urls: Mapping[str, str]) -> Reach:
    """Return the reach of a script that uses `specs`.

    Args:
        specs: the integrations the script declares.
        base_urls: the operator's overrides by integration name; an override replaces every declared host.
    """
    allow: list[str] = []
    operator: list[str] = []
    for spec in specs:
        override = base_urls.get(spec.name)
        if override:
            operator.append(host_of(override))
        else:
            allow.extend(host if ":" in host else f"{host}:443" for host in spec.hosts)
    chosen = tuple(dict.fromkeys(operator))
    return Reach(allow=tuple(dict.fromkeys([*allow, *chosen])), operator=chosen)


def host_of(url: str) -> str:
    """Return `host:port` of a URL, the scheme's port where none is written."""
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{host}:{port}"
