"""The addresses of an API whose variables become fields of the configuration: its server, and those of OAuth."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from wren.openapi import python_names
from wren.openapi.errors import DocumentInvalid
from wren.openapi.keywords import tidy
from wren.openapi.model import Server, Variable
from wren_core.contract.addresses import VARIABLE, split

_BRACES = re.compile(r"\{([^{}]*)\}")
_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*|\{[a-z]\w*\}(/\S*)?")

# Names and examples of the part of an address that each customer of a provider has.
_OWN = re.compile(
    r"account|acme|client|company|customer|demo|domain|example|foo|host|instance|localhost|\bmy|org|placeholder|sample|"
    r"server|shop|site|store|subdomain|team|tenant|url|user|workspace|xxx|your|[<>\[\]]",
    re.IGNORECASE,
)


@dataclass(kw_only=True)
class AddressFields:
    """The fields of the configuration that addresses need, by name."""

    properties: dict[str, Any] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)

    def fill(self, server: Server) -> str:
        """Return an address whose variables are fields of the configuration.

        A variable keeps its default, as OpenAPI says, unless it is the user's own part of the host, by its name or by
        its default: `your-company` is an example, and the owner of that address would get the user's key.
        """
        scheme = re.match(r"\{([^{}]*)\}://", server.url)
        if scheme is not None:
            server = replace(server, url=_scheme_of(server.variables.get(scheme[1])) + server.url[scheme.end() :])
        host_ends = len(server.url.partition("://")[0]) + 3 + len(_authority_of(server.url))

        def put(match: re.Match[str]) -> str:
            known = server.variables.get(match[1], Variable())
            return self._put(
                match[1], known, is_free=match.start() < host_ends and server.url[match.start() - 1] != ":"
            )

        return _BRACES.sub(put, server.url)

    def _put(self, wire_name: str, variable: Variable, *, is_free: bool) -> str:
        if len(variable.choices) == 1 or (not is_free and set(variable.default) & set("/{}")):
            return variable.default or variable.choices[0]
        is_own = is_free and not variable.choices and bool(_OWN.search(f"{wire_name} {variable.default}"))
        name = python_names.config_name(wire_name)
        name = name if name[0].isalpha() else f"n{name}"
        if name in self.properties:
            return f"{{{name}}}"
        has_default = bool(variable.default) and not is_own
        if not has_default:
            self.required.add(name)
        self.properties[name] = _schema_of(variable, has_default=has_default)
        return f"{{{name}}}"


def read_base_url(server: Server, fields: AddressFields) -> str:
    """Return the root of the API.

    Raises:
        DocumentInvalid: it is not a URL.
    """
    url = fields.fill(server) if server.url else ""
    if not _is_address(url):
        found = f"its server is {server.url!r}" if server.url else "it names no server"
        raise DocumentInvalid(f"{found}; give the URL of the API with --server https://...")
    return url.rstrip("/")


def read_oauth_url(url: str, base_url: str, fields: AddressFields) -> str:
    """Return an address of OAuth, relative ones from the root of the API; empty where it is unusable."""
    whole = urljoin(f"{base_url}/", url) if not re.match(r"\w+:|\{", url) and split(base_url)[0] else url
    found = fields.fill(Server(url=whole))
    return found if _ADDRESS.fullmatch(found) and not found.startswith("{") and _is_address(found) else ""


def _is_address(url: str) -> bool:
    if not _ADDRESS.fullmatch(url) or {"{", "}"} & set(VARIABLE.sub("", url)):
        return False
    try:
        parts = urlsplit(_BRACES.sub("1", url) if split(url)[0] else "https://a.example")
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # an unmatched bracket, a port that is not a number
        return False


def _authority_of(url: str) -> str:
    return re.split(r"[/?#]", url.partition("://")[2] if "://" in url else url, maxsplit=1)[0]


def _scheme_of(variable: Variable | None) -> str:
    offered = {*variable.choices, variable.default} if variable is not None else {"https"}
    return "http://" if offered & {"http"} and "https" not in offered else "https://"


def _schema_of(variable: Variable, *, has_default: bool) -> dict[str, Any]:
    about = tidy(variable.description)
    if variable.default and not has_default:
        about = f"{about or 'Part of the address of the API'}, such as {variable.default}"
    schema: dict[str, Any] = {"type": "string", "description": about or "Part of the address of the API"}
    if variable.choices:
        schema["enum"] = list(dict.fromkeys(variable.choices))
    return {**schema, "default": variable.default} if has_default else schema


def describe(fields: Mapping[str, Any], required: set[str]) -> list[str]:
    """Return a note about each field that a connection must fill in."""
    needed = [name for name in fields if name in required]
    return [f"the address needs {name!r}; give it when you connect ({fields[name]['description']})" for name in needed]
