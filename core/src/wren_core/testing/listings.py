"""Methods that list things, as their schemas tell."""

from wren_core.contract.spec import MethodSpec

_LIMITS = frozenset({"limit", "max_results", "maximum", "max_items", "count", "page_size", "per_page", "top", "first"})
_PLACES = frozenset({"cursor", "page", "page_token", "offset", "skip", "after", "starting_after", "continuation"})


def returns_list(method: MethodSpec) -> bool:
    """Tell whether a method returns an array."""
    return method.output_schema.get("type") == "array"


def limit_of(method: MethodSpec) -> str | None:
    """Return the parameter that says how many items are wanted, if there is one."""
    properties = method.input_schema["properties"]
    found = (name for name, schema in properties.items() if name in _LIMITS and schema.get("type") == "integer")
    return next(found, None) if returns_list(method) else None


def place_of(method: MethodSpec) -> str | None:
    """Return the parameter with which a caller asks for the next page, if there is one."""
    return next((name for name in method.input_schema["properties"] if name in _PLACES), None)
