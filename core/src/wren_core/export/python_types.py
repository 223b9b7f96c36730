"""A JSON Schema as the Python type in a script: `str | None`, `list[Message]`, `Literal['a', 'b']`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

ANY = "Any"
_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
# The types that a method in Python takes and returns where JSON has a text.
_BY_FORMAT = {
    "date-time": "datetime",
    "date": "date",
    "time": "time",
    "duration": "timedelta",
    "binary": "bytes",
    "base64": "bytes",
    "base64url": "bytes",
    "uuid": "UUID",
}


@dataclass(frozen=True, kw_only=True)
class PythonTypes:
    """Writes the types of one schema."""

    definitions: Mapping[str, Any] = field(default_factory=dict)
    """`$defs` of the whole schema. An object with properties is called by its name there, anything else is written
    out."""
    is_json: bool = False
    """Whether values stay JSON: a time is a text. That is so for a method that is an HTTP request."""
    shows_formats: bool = False
    """Whether a text has its format behind it, for readers: `str (date)`."""

    def name_of(self, schema: Any) -> str:
        """Return the type of a part of the schema as text."""
        if not isinstance(schema, Mapping):
            return ANY
        if "$ref" in schema:
            return self._reference(str(schema["$ref"]))
        if "enum" in schema or "const" in schema:
            return self._literal(schema["enum"] if "enum" in schema else [schema["const"]])
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list):
                return _union([self.name_of(item) for item in schema[key]])
        kinds = schema.get("type", ())
        return _union([self._kind(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)])

    def _kind(self, kind: Any, schema: Mapping[str, Any]) -> str:
        if kind == "array":
            return self._array(schema)
        if kind == "object":
            return self._object(schema)
        if kind == "string":
            return self._text(schema)
        return _SIMPLE.get(kind, ANY) if isinstance(kind, str) else ANY

    def _text(self, schema: Mapping[str, Any]) -> str:
        coded = schema.get("contentEncoding") or schema.get("format")
        if not self.is_json and coded in _BY_FORMAT:
            return _BY_FORMAT[coded]
        return f"str ({coded})" if self.shows_formats and isinstance(coded, str) else "str"

    def _array(self, schema: Mapping[str, Any]) -> str:
        parts = schema.get("prefixItems")
        if isinstance(parts, list) and not self.is_json:
            return f"tuple[{', '.join(self.name_of(part) for part in parts)}]"
        return f"list[{self.name_of(schema.get('items'))}]"

    def _object(self, schema: Mapping[str, Any]) -> str:
        if schema.get("properties") and isinstance(schema.get("title"), str):
            return str(schema["title"])
        return f"dict[str, {self.name_of(schema.get('additionalProperties'))}]"

    def _reference(self, reference: str) -> str:
        name = reference.rpartition("/")[2]
        target = self.definitions.get(name)
        if not isinstance(target, Mapping) or target.get("properties") or "$ref" in target:
            return name
        others = {key: item for key, item in self.definitions.items() if key != name}  # ends a recursive type
        return replace(self, definitions=others).name_of(target)

    def _literal(self, values: Any) -> str:
        texts = [repr(value) for value in values] if isinstance(values, list) else []
        return f"Literal[{', '.join(texts)}]" if texts else ANY


def _union(names: list[str]) -> str:
    """Return one type of several; None comes last."""
    distinct = dict.fromkeys(names)
    if not distinct or ANY in distinct:
        return ANY
    return " | ".join([*(name for name in distinct if name != "None"), *(["None"] if "None" in distinct else [])])
