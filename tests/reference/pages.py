"""The reference pages: which object is on which, and what stands above them."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wren_core
from reference.members import render_object
from wren_core import errors, http_client, http_status, testing
from wren_core.errors import WrenError
from wren_core.testing.rules.registry import RULES

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
_MARK = "<!-- written from docstrings by `nox -s reference`; a test compares -->"


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page."""

    title: str
    lead: str
    objects: Mapping[str, Any]
    """Name as it is imported -> object."""
    rest: str = ""

    @property
    def text(self) -> str:
        """The page as Markdown."""
        sections = [render_object(item, name) for name, item in self.objects.items()]
        parts = [f"# {self.title}", _MARK, self.lead, *([self.rest] if self.rest else []), *sections]
        return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _of(module: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names}


def _list_errors() -> dict[str, Any]:
    found = (item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, WrenError))
    return {item.__name__: item for item in found if not item.__name__.startswith("_")}


def _render_error_table() -> str:
    rows = [
        f"| `{name}` | `{item.code}` | `{item.type}` | {'yes' if item.can_retry else 'no'} |"
        for name, item in _list_errors().items()
    ]
    tree = inspect.cleandoc(errors.__doc__ or "").replace("\n    ", "\n    ")
    return "\n".join([tree, "", "| class | code | type on the wire | can be retried |", "|---|---|---|---|", *rows])


def _render_rules() -> str:
    parts = [
        f"## `{rule.id}`\n\n**{rule.title}** ({rule.tier.label})\n\nWhy: {rule.why}\n\nFix: {rule.fix}"
        for rule in RULES
    ]
    return "\n\n".join(parts)


_TYPES = """
| type | a text, or one of |
|---|---|
| `Name` | lower-case letters, digits and underscores, beginning with a letter, at most 63: `daily_notes` |
| `EnvVar` | capital letters, digits and underscores: `NOTES_API_KEY` |
| `Url` | a whole `http` or `https` URL |
| `UrlTemplate` | the same; it may have fields of the configuration in braces: `https://{shop}.example.com` |
| `HostTemplate` | `{host}`, `{url}`, `{shop}.example.com`, `{host}:5432` or `{host}:{port}` |
| `SemVer` | a version of semver.org, `1.4.0`; empty for that of the distribution |
| `Effect` | `"read"`, `"write"`, `"destructive"` |
| `Simulate` | `"native"`, `"validate_only"`, `"none"` |
| `IntegrationType` | `"integration"`, `"ai"`, `"documents"`, `"database"` |
| `Auth` | an `OAuth2Config`, an `ApiKeyConfig` or a `CustomAuth` |

A declaration that does not fit is refused when the plugin is loaded, with the field, the value and what to write.
""".strip()

PAGES = {
    "spec.md": Page(
        title="Fields of a spec",
        lead="What an author declares. All names are imported from `wren_core`.",
        rest=_TYPES,
        objects=_of(
            wren_core,
            *("IntegrationSpec", "CredentialSpec", "CredentialType", "OAuth2Config", "ApiKeyConfig", "CustomAuth"),
            *("TriggerSpec", "UndoSpec", "MethodSpec", "AIConfig", "AIModel"),
        ),
    ),
    "integration.md": Page(
        title="Integrations and methods",
        lead="The class that an author writes, and what is in it. All names are imported from `wren_core`.",
        objects=_of(
            wren_core,
            *("Integration", "method", "IntegrationConfig", "Record", "Credentials", "hookimpl"),
            *("AIIntegration", "ImageIntegration"),
        ),
    ),
    "http-client.md": Page(
        title="The HTTP client",
        lead="`self.client` of an integration with `base_url` is an `HttpClient`. The classes are imported from "
        "`wren_core.http_client`, which needs the extra `wren-core[http]`; `raise_for_response` from `wren_core`.",
        objects={
            **_of(http_client, "HttpClient", "Answer", "ResponseTooLarge"),
            **_of(http_status, "raise_for_response"),
        },
    ),
    "errors.md": Page(
        title="Exceptions",
        lead="The six author verdicts, `TransientError` and the bases are imported from `wren_core`, the others from "
        "`wren_core.errors`.",
        objects=_list_errors(),
        rest=_render_error_table(),
    ),
    "testing.md": Page(
        title="Fakes and tests",
        lead="The kit of `wren_core.testing`, which needs the extra `wren-core[testing]`. "
        "[The quality of a plugin](../how-to/plugin-quality.md) says what a check does with a fake.",
        objects=_of(
            testing,
            *("IntegrationContract", "FakeProvider", "route", "FakeRequest", "FakeResponse", "Chunks", "serve"),
            *("SharedFakeServer", "FakeOAuth", "FakeUser", "FakeTcpProvider"),
        ),
    ),
    "rules.md": Page(
        title="Rules of `wren plugin check`",
        lead="[The quality of a plugin](../how-to/plugin-quality.md) explains tiers, outcomes and exemptions.",
        objects={},
        rest=_render_rules(),
    ),
}


def read_stored(name: str) -> str:
    """Return a page as it is in the documentation; empty where it is missing."""
    file = FOLDER / name
    return file.read_text("utf-8") if file.is_file() else ""
