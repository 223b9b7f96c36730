"""Hosts that come from configuration: a mail server, a database, any server of the user's.

Such an integration declares templates over its configuration, `config_hosts=("{host}:{port}",)`; with values,
they are the only addresses that a run of it may contact. Pure.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from wren_core.contract.spec import IntegrationSpec, template_fields
from wren_core.errors import ConfigInvalid

_DEFAULT_PORT = 443
_PORTS = {"http": 80}
# Names in the public DNS have no underscores, many private names do.
_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?")


def configured_hosts(spec: IntegrationSpec, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return `host:port` for each template of `spec.config_hosts` whose fields all have a value, defaults applied.

    Raises:
        ConfigInvalid: a value is not a host, a port or the address of a server; names the field.
    """
    properties = spec.config_schema.get("properties", {})
    values = {name: prop["default"] for name, prop in properties.items() if "default" in prop} | dict(config)
    usable = [
        template
        for template in spec.config_hosts
        if all(values.get(field) not in (None, "") for field in template_fields(template))
    ]
    return tuple(dict.fromkeys(_endpoint(spec.name, template, values) for template in usable))


def _endpoint(integration: str, template: str, values: Mapping[str, Any]) -> str:
    field, *others = template_fields(template)
    declared = str(values[others[0]]) if others else template.partition(":")[2]
    try:
        host, port = _place(str(values[field]))
        return f"{_add_brackets(_host_name(host))}:{_port_number(declared or port)}"
    except ValueError:
        # The value is not shown: it may be a URL with a password in it.
        reason = "must be a host name, an IP address or a URL, with a port between 1 and 65535"
        details = {"integration": integration, "field": field, "reason": reason}
        raise ConfigInvalid(f"{integration}: configuration field {field!r}: {reason}", details=details) from None


def _place(text: str) -> tuple[str, str | int]:
    """Return host and port of a URL, of `host:port`, or of a host alone."""
    if not text.isprintable() or " " in text:
        raise ValueError("no host")
    if "://" in text:
        parts = urlsplit(text)
        return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, _DEFAULT_PORT)
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text.removeprefix("[").removesuffix("]"), _DEFAULT_PORT


def _host_name(text: str) -> str:
    name = text.lower().rstrip(".")
    if ":" in name:
        return str(ipaddress.IPv6Address(name))
    name = name.encode("idna").decode() if not name.isascii() else name
    if not _HOST_NAME.fullmatch(name):
        raise ValueError("no host name")
    return name


def _add_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port_number(text: str | int) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError("no port")
    return number
