"""Addresses with variables: `https://{shop}.example.com/oauth/{tenant}/token`, over fields of the configuration.

The addresses of OAuth and `base_url` may have them. A value stays in its place: in the host it is a host's name, in
path and query it is percent-encoded and stays one segment. Pure.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from wren_core.errors import ConfigInvalid

VARIABLE = re.compile(r"\{([a-z]\w*)\}")
"""A variable: the name of a field of the configuration in braces."""
_PARTS = re.compile(r"(https?://|(?=\{[a-z]\w*\}))([^/?#]*)(.*)", re.DOTALL)
# Names in the public DNS have no underscores, many private names do.
_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?")


def variables(template: str) -> tuple[str, ...]:
    """Return the configuration fields in an address, each once."""
    return tuple(dict.fromkeys(VARIABLE.findall(template)))


def with_field_defaults(config_schema: Mapping[str, Any], configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with the defaults of its schema's fields."""
    fields = config_schema.get("properties", {})
    usual = {name: field["default"] for name, field in fields.items() if isinstance(field, dict) and "default" in field}
    return usual | dict(configuration)


def missing_fields(template: str, configuration: Mapping[str, Any]) -> list[str]:
    """List the fields of an address that have no value."""
    return [name for name in variables(template) if configuration.get(name) in (None, "")]


def fill(template: str, configuration: Mapping[str, Any], *, integration: str = "") -> str:
    """Return an address with its variables replaced; one without variables is returned unchanged.

    Args:
        template: as `address_check` accepts it.
        configuration: values by field, defaults included (see `with_field_defaults`).
        integration: the name for the error.

    Raises:
        ConfigInvalid: a field has no value, or one that would lead out of its place; names the field, not the value.
    """
    if not variables(template):
        return template
    for name in missing_fields(template, configuration):
        raise _make_error(integration, name, f"has no value, and the address {template} needs it")
    scheme, authority, rest = split(template)
    values = {name: str(configuration[name]) for name in variables(template)}
    head = (
        _fill_whole(integration, authority, values)
        if not scheme
        else scheme + _fill_authority(integration, authority, values)
    )
    return head + VARIABLE.sub(lambda match: _segment(integration, match[1], values[match[1]]), rest)


def split(template: str) -> tuple[str, str, str]:
    """Return scheme, host with port, and the rest; the scheme is empty where a field holds the whole address.

    Raises:
        ValueError: it is not an address.
    """
    found = _PARTS.fullmatch(template)
    if found is None:
        raise ValueError(f"{template!r} is not an http(s) address")
    return found[1], found[2], found[3]


def fill_host(template: str, values: Mapping[str, str], *, integration: str = "") -> str:
    """Return a host with its variables replaced, in lower case; IPv6 addresses in brackets.

    Raises:
        ConfigInvalid: a value is not a host's name, or not the part of one that stands in its place.
    """
    if not variables(template):
        return template
    last = variables(template)[-1]
    suffix = template.rpartition("}")[2]
    try:
        if suffix and values[last].lower().endswith(suffix.lower()):
            raise ValueError("the suffix is given too")
        return host_name(VARIABLE.sub(lambda match: values[match[1]].strip("[]"), template))
    except ValueError:
        reason = f"must be the part of the host in front of {suffix!r}" if suffix else "must be a host name"
        raise _make_error(integration, last, f"{reason}, without scheme, path or spaces") from None


def _fill_whole(integration: str, authority: str, values: Mapping[str, str]) -> str:
    """Return the address that a field holds: scheme, host and path."""
    name = variables(authority)[0]
    text = values[name]
    parts = urlsplit(text) if text.isprintable() and " " not in text else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise _make_error(integration, name, "must be an address such as https://host.example, without query")
    if parts.username is not None or parts.password is not None:
        raise _make_error(integration, name, "must hold no user and no password")
    return text.rstrip("/")


def _fill_authority(integration: str, authority: str, values: Mapping[str, str]) -> str:
    host, colon, port = authority.partition(":")
    filled = fill_host(host, values, integration=integration) if variables(host) else host
    if not variables(port):
        return f"{filled}{colon}{port}"
    name = variables(port)[0]
    if not re.fullmatch(r"[1-9][0-9]{0,4}", values[name]) or int(values[name]) > 65535:
        raise _make_error(integration, name, "must be a port between 1 and 65535")
    return f"{filled}:{values[name]}"


def _segment(integration: str, name: str, value: str) -> str:
    if set(value) <= {"."}:
        raise _make_error(integration, name, "would lead to another address")
    return quote(value, safe="")


def host_name(text: str) -> str:
    """Return a host in lower case, as the DNS has it, an IPv6 address in brackets.

    Raises:
        ValueError: it is none.
    """
    name = text.lower().rstrip(".")
    if ":" in name:
        return f"[{ipaddress.IPv6Address(name)}]"
    name = name.encode("idna").decode() if not name.isascii() else name
    if not _HOST_NAME.fullmatch(name) or ".." in name:
        raise ValueError("no host name")
    return name


def _make_error(integration: str, field: str, reason: str) -> ConfigInvalid:
    owner = f"{integration}: " if integration else ""
    details = {"integration": integration, "field": field, "reason": reason}
    return ConfigInvalid(f"{owner}configuration field {field!r}: {reason}; set it in the connection", details=details)
