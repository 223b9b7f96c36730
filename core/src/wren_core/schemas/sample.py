"""A value that fits a schema, for a test or an example of a call."""

from collections.abc import Mapping
from typing import Any

from wren_core.schemas.properties import properties_of
from wren_core.schemas.validator import Validator

_SAMPLES: tuple[Any, ...] = (
    *(
        "example",
        "1",
        "1.5",
        "a@example.com",
        "https://example.com",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "PT1H",
        "12:00:00Z",
    ),
    *("00000000-0000-4000-8000-000000000000", "ABCDEFGH", "abcdefgh", 1, 1.5, True, [], ["example"], {}, None),
)


def sample(schema: Mapping[str, Any], name: str) -> Any:
    """Return a value that fits one property of an object's schema, or None where none of the usual values fits."""
    part = properties_of(schema)[name]
    whole = {"$defs": schema.get("$defs", {}), **(part if isinstance(part, Mapping) else {})}
    usual = (*_find_examples(part), *_SAMPLES)
    # A format that no usual value has, or that is unknown, is no reason for having no value.
    checks = (Validator(whole, formats=True), Validator(whole))
    return next((value for check in checks for value in usual if check.is_valid(value)), None)


def _find_examples(part: Any) -> list[Any]:
    """Return the examples and enum values of a schema."""
    if not isinstance(part, Mapping):
        return []
    examples, values = part.get("examples"), part.get("enum")
    return [*(examples if isinstance(examples, list) else ()), *(values if isinstance(values, list) else ())]
