"""Hosts that come from configuration: a mail server, a database, any server of the user's.

Such an integration declares templates over its configuration, `config_hosts=("{host}:{port}",)`; with values,
they are the only addresses that a run of it may contact. Pure.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from wren_core.contract.addresses import VARIABLE, fill_host, host_name, with_field_defaults
from wren_core.contract.spec import IntegrationSpec, template_fields
from wren_core.errors import ConfigInvalid

_DEFAULT_PORT = 443
_PORTS = {"http": 80}


def configured_hosts(spec: IntegrationSpec, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return `host:port` for each template of `spec.config_hosts` whose fields all have a value, defaults applied.

    Raises:
        ConfigInvalid: a value is not a host, a port or the address of a server; names the field.
    """
    values = with_field_defaults(spec.config_schema, config)
    usable = [
        template
        for template in spec.config_hosts
        if all(values.get(field) not in (None, "") for field in template_fields(template))
    ]
    return tuple(dict.fromkeys(_endpoint(spec.name, template, values) for template in usable))


def _endpoint(integration: str, template: str, values: Mapping[str, Any]) -> str:
    named, _, port = template.partition(":")
    field = template_fields(named)[-1] if template_fields(named) else template_fields(port)[0]
    declared = str(values[port[1:-1]]) if template_fields(port) else port
    try:
        if not VARIABLE.fullmatch(named):
            text = {name: str(values[name]) for name in template_fields(named)}
            return f"{fill_host(named, text, integration=integration)}:{_port_number(declared or _DEFAULT_PORT)}"
        host, default_port = _place(str(values[field]))
        return f"{host_name(host)}:{_port_number(declared or default_port)}"
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


def _port_number(text: str | int) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError("no port")
    return number
