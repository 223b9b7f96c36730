"""The properties of an object, as its schema describes them."""

from collections.abc import Mapping
from typing import Any


def properties_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties a schema describes, by name; empty where it describes another type."""
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def required_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the properties a schema requires; empty where `required` is not a list of names."""
    found = schema.get("required")
    return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()
