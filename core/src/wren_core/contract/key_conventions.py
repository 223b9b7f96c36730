"""Where an API key goes when a definition does not say: where its provider wants it, else a bearer token.

What is known is data, `key_conventions.json`; a definition that has an `apiKeyConfig` never comes here.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from wren_core.contract.auth import ApiKeyConfig

_BEARER = ApiKeyConfig(name="Authorization", prefix="Bearer ")


def usual_key_config(provider: str) -> ApiKeyConfig:
    """Return where the key of a provider goes, by `aiConfig.provider`; `Authorization: Bearer` by default."""
    known = _conventions().get(provider.lower())
    return _BEARER if known is None else ApiKeyConfig(**known)


@cache
def _conventions() -> dict[str, dict[str, Any]]:
    text = files("wren_core.contract").joinpath("key_conventions.json").read_text(encoding="utf-8")
    conventions: dict[str, dict[str, Any]] = json.loads(text)
    return conventions
