"""The settings that make a backend, or a script, talk to a plugin's fakes. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from wren_core.contract.definition import IntegrationDefinition
from wren_core.protocol.variables import INTEGRATIONS_PREFIX, base_url_variable, config_variable


@dataclass(frozen=True, kw_only=True)
class ServedFake:
    """A fake that runs, or that failed to start."""

    url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What it accepts."""
    configuration: Mapping[str, Any] = field(default_factory=dict)
    oauth: Mapping[str, str] | None = None
    """Its client and endpoints, under the names of the backend's provider settings."""
    failed: str | None = None


def make_settings(fakes: Mapping[str, ServedFake], definitions: Mapping[str, IntegrationDefinition]) -> dict[str, str]:
    """Return the backend's variables, with which every integration reaches its fake and not the real provider.

    A fake serves the same paths as its provider.
    """
    settings: dict[str, str] = {}
    for name, fake in fakes.items():
        definition = definitions.get(name)
        root = urlsplit(definition.base_url or "").path if definition else ""
        if urlsplit(fake.url).scheme in ("http", "https"):
            settings[base_url_variable(name)] = fake.url + root
        if fake.configuration:
            settings[config_variable(name)] = json.dumps(dict(fake.configuration))
        if fake.oauth and definition and definition.oauth_provider:
            provider = f"WREN_PROVIDERS__{definition.oauth_provider.upper()}__"
            settings |= {provider + key.upper(): value for key, value in fake.oauth.items()}
    return settings


def make_local_variables(
    fakes: Mapping[str, ServedFake], definitions: Mapping[str, IntegrationDefinition]
) -> dict[str, str]:
    """Return the variables with which a script on this machine, without a backend, finds the fakes."""
    settings = make_settings(fakes, definitions)
    found = {name: value for name, value in settings.items() if name.startswith(INTEGRATIONS_PREFIX)}
    for name in fakes.keys() & definitions.keys():
        given = fakes[name].credentials
        found |= {item["envVar"]: given[item["key"]] for item in definitions[name].credentials if item["key"] in given}
    return found


def connect_command(name: str, fake: ServedFake, definition: IntegrationDefinition) -> str | None:
    """Return the command that connects an integration to its fake; None where it needs no connection."""
    if definition.auth_type == "oauth2":
        return f"wren connect {name}"
    values = " ".join(f"--value {key}={value}" for key, value in fake.credentials.items())
    return f"wren connect {name} {values}" if definition.credentials and values else None
