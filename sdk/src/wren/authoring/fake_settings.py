"""From a plugin's definitions and its running fakes to the settings that lead a backend to the fakes. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from wren_core.contract.definition import IntegrationDefinition
from wren_core.protocol.variables import INTEGRATIONS_PREFIX, base_url_variable, config_variable


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """A fake that is served, or that could not be."""

    url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What it accepts."""
    configuration: Mapping[str, Any] = field(default_factory=dict)
    oauth: Mapping[str, str] | None = None
    """Its client and endpoints, as the backend's settings of a provider are called."""
    failed: str | None = None


def settings_for(stand_ins: Mapping[str, StandIn], definitions: Mapping[str, IntegrationDefinition]) -> dict[str, str]:
    """Return the backend's variables: every integration finds its fake, and none the real provider.

    A fake serves the paths that its provider's addresses have.
    """
    settings: dict[str, str] = {}
    for name, stand_in in stand_ins.items():
        definition = definitions.get(name)
        root = urlsplit(definition.base_url or "").path if definition else ""
        if urlsplit(stand_in.url).scheme in ("http", "https"):
            settings[base_url_variable(name)] = stand_in.url + root
        if stand_in.configuration:
            settings[config_variable(name)] = json.dumps(dict(stand_in.configuration))
        if stand_in.oauth and definition and definition.oauth_provider:
            provider = f"WREN_PROVIDERS__{definition.oauth_provider.upper()}__"
            settings |= {provider + key.upper(): value for key, value in stand_in.oauth.items()}
    return settings


def local_variables(
    stand_ins: Mapping[str, StandIn], definitions: Mapping[str, IntegrationDefinition]
) -> dict[str, str]:
    """Return the variables with which a script on this machine, without a backend, finds the fakes."""
    settings = settings_for(stand_ins, definitions)
    found = {name: value for name, value in settings.items() if name.startswith(INTEGRATIONS_PREFIX)}
    for name in stand_ins.keys() & definitions.keys():
        given = stand_ins[name].credentials
        found |= {item["envVar"]: given[item["key"]] for item in definitions[name].credentials if item["key"] in given}
    return found


def connecting(name: str, stand_in: StandIn, definition: IntegrationDefinition) -> str | None:
    """Return the command that connects an integration to its fake; None where it needs no connection."""
    if definition.auth_type == "oauth2":
        return f"wren connect {name}"
    values = " ".join(f"--value {key}={value}" for key, value in stand_in.credentials.items())
    return f"wren connect {name} {values}" if definition.credentials and values else None
