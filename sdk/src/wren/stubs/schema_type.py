"""Writes a JSON Schema as a stub's annotation, for methods without a Python signature."""

from collections.abc import Mapping
from typing import Any

from wren.stubs.annotation import Imports
from wren.stubs.declaration import camel_case, write_typed_dict
from wren_core import json_pointer

_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


class SchemaTypes:
    """Writes the types of one schema; an object with properties becomes a TypedDict.

    Args:
        imports: collects the imports of the types.
        classes: the classes of the stub so far, by name; new ones are added.
        schema: the whole schema, for its `$ref`s.
        prefix: of the names of its classes.
    """

    def __init__(self, imports: Imports, classes: dict[str, str], schema: Mapping[str, Any], prefix: str) -> None:
        self._imports = imports
        self._classes = classes
        self._definitions: Mapping[str, Any] = schema.get("$defs", {})
        self._prefix = prefix
        self._named: dict[str, str] = {}

    def write_type(self, schema: Any, *path: str) -> str:
        """Return the type of a part of the schema; `path` names the class if one is needed."""
        if not isinstance(schema, Mapping):
            return self._imports.any
        if "$ref" in schema:
            return self._write_reference(str(schema["$ref"]), *path)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return " | ".join(dict.fromkeys(self.write_type(item, *path) for item in schema[key]))
        if "enum" in schema or "const" in schema:
            return self._write_literal(schema.get("enum", [schema.get("const")]))
        if "allOf" in schema:
            return self.write_type(self._merge_parts(schema), *path)
        kinds = schema.get("type", ())
        kinds = [kinds] if isinstance(kinds, str) else kinds or ["object" if "properties" in schema else ""]
        return " | ".join(dict.fromkeys(self._write_kind(kind, schema, path) for kind in kinds))

    def _write_kind(self, kind: str, schema: Mapping[str, Any], path: tuple[str, ...]) -> str:
        if kind in _SIMPLE:
            simple = _SIMPLE[kind]
            return simple if simple == "None" else self._imports.name("builtins", simple)
        if kind == "array":
            items = self.write_type(schema.get("items"), *path, "item")
            return f"{self._imports.name('builtins', 'list')}[{items}]"
        if kind != "object":
            return self._imports.any
        if schema.get("properties"):
            return self._write_object(schema, self._find_free_name(*path))
        values = self.write_type(schema.get("additionalProperties"), *path, "value")
        return f"{self._imports.name('builtins', 'dict')}[str, {values}]"

    def _write_object(self, schema: Mapping[str, Any], name: str) -> str:
        self._classes[name] = ""  # reserved: an object may contain itself
        required = schema.get("required", ())
        fields = {}
        for key, part in schema["properties"].items():
            written = self.write_type(part, name, key)
            optional = f"{self._imports.name('typing', 'NotRequired')}[{written}]"
            fields[key] = written if key in required else optional
        base = self._imports.name("typing", "TypedDict")
        self._classes[name] = write_typed_dict(name, base, str(schema.get("description", "")), fields)
        return name

    def _write_reference(self, reference: str, *path: str) -> str:
        name = json_pointer.split(reference)[-1]
        if name not in self._named:
            target = self._definitions.get(name)
            is_object = isinstance(target, Mapping) and bool(target.get("properties"))
            self._named[name] = self._find_free_name(name) if is_object else self._imports.any  # until it is known
            if is_object and isinstance(target, Mapping):
                self._write_object(target, self._named[name])
            else:
                self._named[name] = self.write_type(target, *path, name)
        return self._named[name]

    def _merge_parts(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return an object schema merged from all its parts."""
        merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            target = self._definitions.get(str(part["$ref"]).removeprefix("#/$defs/"), {}) if "$ref" in part else part
            whole = self._merge_parts(target) if "allOf" in target else target
            merged["properties"] = {**whole.get("properties", {}), **merged.get("properties", {})}
            merged["required"] = [*merged.get("required", ()), *whole.get("required", ())]
            merged.setdefault("type", whole.get("type", "object"))
        return merged

    def _write_literal(self, values: list[Any]) -> str:
        if not all(value is None or isinstance(value, str | bool | int) for value in values):
            return self._imports.any
        return f"{self._imports.name('typing', 'Literal')}[{', '.join(map(repr, values))}]"

    def _find_free_name(self, *path: str) -> str:
        name = camel_case(*path) if path and path[0].startswith(self._prefix) else camel_case(self._prefix, *path)
        number = 2
        free = name
        while free in self._classes:
            free, number = f"{name}{number}", number + 1
        return free
