"""What a schema of an object says about its properties."""

from collections.abc import Mapping
from typing import Any


def properties_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties a schema describes, by name; none where it describes something else."""
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def required_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the properties a schema requires; none where it says so in a way that is no JSON Schema."""
    found = schema.get("required")
    return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()
