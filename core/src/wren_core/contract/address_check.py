"""What is asked of the addresses of an integration once, when it is loaded: that each variable can be filled in."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wren_core.contract.addresses import VARIABLE, split, variables
from wren_core.contract.auth import OAuth2Config
from wren_core.contract.spec import IntegrationSpec
from wren_core.schemas.properties import properties_of, required_of

# A domain after the last variable: the author of a value cannot choose another owner of the address.
_FIXED_DOMAIN = re.compile(r"\.[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
_OAUTH_ADDRESSES = ("authorization_url", "token_url", "revoke_url", "userinfo_url")


def check_addresses(spec: IntegrationSpec) -> None:
    """Check the addresses of an integration.

    Raises:
        ValueError: names the first field, and what is wrong with its address.
    """
    for text in list_address_problems(spec):
        raise ValueError(text)


def list_address_problems(spec: IntegrationSpec) -> list[str]:
    """List what is wrong with the addresses of an integration; empty where every variable can be filled in."""
    found: list[str] = []
    for name, address, has_secret in _addresses_of(spec):
        problems = list_template_problems(address, has_secret=has_secret)
        found += [f"{name} {address!r}: {text}" for text in problems or _field_problems(address, spec.config_schema)]
    return found


def host_template(base_url: str) -> str:
    """Return the entry of `config_hosts` for an address whose host has variables; empty where the host has none."""
    scheme, authority, _ = split(base_url)
    if not variables(authority):
        return ""
    return authority if scheme != "http://" or ":" in authority else f"{authority}:80"


def _addresses_of(spec: IntegrationSpec) -> Iterator[tuple[str, str, bool]]:
    """Yield name and address, and whether a client's secret is sent there."""
    if spec.base_url:
        yield "base_url", spec.base_url, False
    if isinstance(spec.auth, OAuth2Config):
        given = ((name, getattr(spec.auth, name)) for name in _OAUTH_ADDRESSES)
        yield from ((f"auth.{name}", address, True) for name, address in given if address)


def list_template_problems(template: str, *, has_secret: bool) -> list[str]:
    """List what is wrong with an address, whatever the configuration is.

    Args:
        template: the address.
        has_secret: the operator's client secret is sent there, so a user must not choose its host.
    """
    return list(_template_problems(template, has_secret=has_secret))


def _template_problems(template: str, *, has_secret: bool) -> Iterator[str]:
    scheme, authority, rest = split(template)
    if {"{", "}"} & set(VARIABLE.sub("", template)):
        yield "a variable is a field of the configuration in braces, and begins with a small letter: {tenant}"
        return
    host, _, port = authority.partition(":")
    if variables(port) and not VARIABLE.fullmatch(port):
        yield "a port is a number or one variable"
    if variables(authority) and "@" in authority:
        yield "an address with variables holds no user"
    if not scheme and (not VARIABLE.fullmatch(authority) or set(rest) & set("?#")):
        yield "a field that holds the whole address stands first, and only a path follows it"
    if has_secret and variables(host) and not _FIXED_DOMAIN.fullmatch(host.rpartition("}")[2]):
        yield (
            "the person who connects would choose who gets the client secret; end the host in a fixed domain "
            "(https://{shop}.example.com), or leave the address out, so that the operator sets it"
        )


def _field_problems(template: str, config_schema: Mapping[str, Any]) -> Iterator[str]:
    fields, required = properties_of(config_schema), required_of(config_schema)
    for name in variables(template):
        field = fields.get(name)
        if not isinstance(field, Mapping):
            yield f"the configuration has no field {name!r}; it has {', '.join(fields) or 'no fields'}"
        elif name not in required and field.get("default") in (None, ""):
            yield f"the field {name!r} may be missing; make it required, or give it a default"
