"""What a JSON value has, by its schema: the results of integrations that are declared, not written in Python."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wren_core.declarative.answer import Result

_CLASSES: dict[str, type] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list,
    "object": Result,
}
_MOST_STEPS = 20


@dataclass(frozen=True)
class JsonShape:
    """A JSON value that fits a schema."""

    schema: Any = field(hash=False)
    definitions: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def alternatives(self) -> "list[Any]":
        """Return the alternatives, without null; a single unknown one where the schema is open."""
        return [item for item in _resolve(self) if item.schema.get("type") != "null"]

    @property
    def python_class(self) -> type | None:
        """The class of the Python value, or None where the schema leaves it open."""
        kind = self.schema.get("type") if isinstance(self.schema, Mapping) else None
        return _CLASSES.get(kind) if isinstance(kind, str) else None

    @property
    def is_closed(self) -> bool:
        """Whether an object has no members but those of its schema; providers may send others where it is open."""
        return self.python_class is Result and self.schema.get("additionalProperties") is False

    def item(self, key: Any) -> Any:
        """Return the shape of `value[key]`, which of an object is `value.key` too; None where it is not known."""
        if self.python_class is list:
            return self._inner("items")
        known = self._properties.get(key) if isinstance(key, str) else None
        return JsonShape(known, self.definitions) if isinstance(known, Mapping) else None

    def declares(self, key: str) -> bool:
        """Tell whether the schema of an object names a member."""
        return key in self._properties

    @property
    def _properties(self) -> Mapping[str, Any]:
        found = self.schema.get("properties", {})
        return found if isinstance(found, Mapping) else {}

    def element(self) -> Any:
        """Return the shape of what a loop yields."""
        if self.python_class is list:
            return self._inner("items")
        return str if self.python_class is Result else None

    def _inner(self, keyword: str) -> "JsonShape | None":
        found = self.schema.get(keyword)
        return JsonShape(found, self.definitions) if isinstance(found, Mapping) and found else None


def _resolve(shape: JsonShape, steps: int = 0) -> list[JsonShape]:
    """Return the alternatives of a schema, references followed; an open one where it cannot be known."""
    schema, definitions = shape.schema, shape.definitions
    if not isinstance(schema, Mapping) or steps > _MOST_STEPS:
        return [JsonShape({})]
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _resolve(JsonShape(definitions.get(reference.rsplit("/", 1)[-1]), definitions), steps + 1)
    options = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(options, list):
        return [found for item in options for found in _resolve(JsonShape(item, definitions), steps + 1)]
    if isinstance(schema.get("type"), list):
        return [JsonShape({**schema, "type": kind}, definitions) for kind in schema["type"]]
    return [shape]
