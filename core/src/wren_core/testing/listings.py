"""Which methods list things, and with which parameters, from their schemas."""

from wren_core.contract.spec import MethodSpec

_LIMIT_NAMES = frozenset(
    {"limit", "max_results", "maximum", "max_items", "count", "page_size", "per_page", "top", "first"}
)
_PAGE_NAMES = frozenset({"cursor", "page", "page_token", "offset", "skip", "after", "starting_after", "continuation"})


def returns_list(method: MethodSpec) -> bool:
    """Tell whether a method returns an array."""
    return method.output_schema.get("type") == "array"


def limit_parameter(method: MethodSpec) -> str | None:
    """Return the parameter that limits the number of items; None where there is none."""
    properties = method.input_schema["properties"]
    found = (name for name, schema in properties.items() if name in _LIMIT_NAMES and schema.get("type") == "integer")
    return next(found, None) if returns_list(method) else None


def page_parameter(method: MethodSpec) -> str | None:
    """Return the parameter that names the page to read; None where there is none."""
    return next((name for name in method.input_schema["properties"] if name in _PAGE_NAMES), None)
