"""The place of an API key where a definition does not declare it: that of a known provider, else a bearer token.

The known providers are in `key_conventions.json`; a definition with an `apiKeyConfig` does not need this module.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from wren_core.contract.auth import ApiKeyConfig

_BEARER = ApiKeyConfig(name="Authorization", prefix="Bearer ")


def usual_key_config(provider: str) -> ApiKeyConfig:
    """Return the place of a provider's key, by `aiConfig.provider`; `Authorization: Bearer` by default."""
    known = _conventions().get(provider.lower())
    return _BEARER if known is None else ApiKeyConfig(**known)


@cache
def _conventions() -> dict[str, dict[str, Any]]:
    text = files("wren_core.contract").joinpath("key_conventions.json").read_text(encoding="utf-8")
    conventions: dict[str, dict[str, Any]] = json.loads(text)
    return conventions
