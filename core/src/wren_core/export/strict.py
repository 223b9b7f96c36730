"""OpenAI's strict mode: from JSON Schema to its subset, and back. Pure functions.

Strict mode wants every object closed and every property required. An optional property becomes nullable and required;
`without_nulls` removes the null that a model then sends for it. A schema outside the subset has no strict form:
dropping a keyword, or a parameter, would change the meaning of the tool.
"""

from collections.abc import Iterator, Mapping
from typing import Any

# https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
_KEYWORDS = frozenset(
    [
        *("$defs", "$ref", "additionalProperties", "anyOf", "const", "description", "enum", "format", "items"),
        *("maxItems", "maximum", "exclusiveMaximum", "minItems", "minimum", "exclusiveMinimum", "multipleOf"),
        *("pattern", "properties", "required", "type"),
    ]
)
# For readers, not for validators: strict mode refuses them, and they do not change the meaning.
_ANNOTATIONS = frozenset({"$comment", "default", "deprecated", "example", "examples", "title"})
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
_MAX_DEPTH = 10
_MAX_PROPERTIES = 5_000
_MAX_ENUM_VALUES = 1_000
_MAX_NAME_CHARACTERS = 120_000


class _NotStrictError(Exception):
    pass


def strict_schema(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the strict form of a method's input schema, or None where it has none."""
    try:
        return _convert(schema)
    except _NotStrictError:
        return None


def obstacle(schema: Mapping[str, Any]) -> str | None:
    """Return the reason why a schema has no strict form; None where it has one."""
    try:
        _convert(schema)
    except _NotStrictError as exc:
        return str(exc)
    return None


def without_nulls(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Drop every null that stands for a property left out, at any depth; keep those the schema itself allows."""
    cleaned: dict[str, Any] = _plain(schema, arguments, schema.get("$defs", {}))
    return cleaned


def _convert(schema: Mapping[str, Any]) -> dict[str, Any]:
    if schema.get("type") != "object":
        raise _NotStrictError("the arguments must be an object")
    _check_size(schema)
    return _node(schema, "", depth=1)


def _node(node: Any, where: str, *, depth: int) -> dict[str, Any]:
    if not isinstance(node, Mapping):
        raise _NotStrictError(f"{where}: any value is allowed")
    kept = {key: value for key, value in node.items() if key not in _ANNOTATIONS}
    if "$ref" in kept:
        return _reference(kept, where)
    _check_keywords(kept, where, depth)
    for key in ("$defs", "properties"):
        if key in kept:
            kept[key] = {name: _node(item, f"{where}/{name}", depth=depth + 1) for name, item in kept[key].items()}
    if "items" in kept:
        kept["items"] = _node(kept["items"], f"{where}/items", depth=depth + 1)
    if "anyOf" in kept:
        kept["anyOf"] = [_node(item, where, depth=depth) for item in kept["anyOf"]]
    return _close_object(kept) if "object" in _types(kept) else kept


def _reference(node: dict[str, Any], where: str) -> dict[str, Any]:
    """Wrap a described reference: strict mode allows no other keyword next to a `$ref`."""
    rest = {key: value for key, value in node.items() if key != "$ref"}
    if rest.keys() - {"description"}:
        raise _NotStrictError(f"{where}: {sorted(rest)} next to a $ref")
    return {**rest, "anyOf": [{"$ref": node["$ref"]}]} if rest else node


def _check_keywords(node: Mapping[str, Any], where: str, depth: int) -> None:
    place, types = where or "arguments", _types(node)
    unknown = sorted(node.keys() - _KEYWORDS)
    if unknown:
        raise _NotStrictError(f"{place}: {', '.join(unknown)} cannot be said")
    if not types and not {"anyOf", "enum", "const"} & node.keys():
        raise _NotStrictError(f"{place}: any value is allowed")
    if "object" in types and ("properties" not in node or node.get("additionalProperties") not in (None, False)):
        raise _NotStrictError(f"{place}: an object with free names cannot be closed")
    if "array" in types and "items" not in node:
        raise _NotStrictError(f"{place}: a list of anything")
    if node.get("format", "date") not in _FORMATS:
        raise _NotStrictError(f"{place}: format {node['format']!r} cannot be said")
    if depth > _MAX_DEPTH:
        raise _NotStrictError(f"{place}: nested more than {_MAX_DEPTH} levels deep")


def _close_object(node: dict[str, Any]) -> dict[str, Any]:
    required = node.get("required", ())
    properties = {name: item if name in required else _nullable(item) for name, item in node["properties"].items()}
    return {**node, "properties": properties, "required": list(properties), "additionalProperties": False}


def _nullable(node: dict[str, Any]) -> dict[str, Any]:
    types = _types(node)
    if "null" in types or {"type": "null"} in node.get("anyOf", ()):
        return node
    if len(types) == 1 and not {"enum", "const", "properties"} & node.keys():
        return {**node, "type": [*types, "null"]}
    outer = {key: value for key, value in node.items() if key == "description"}
    inner = {key: value for key, value in node.items() if key not in outer}
    options = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
    return {**outer, "anyOf": [*options, {"type": "null"}]}


def _types(node: Mapping[str, Any]) -> list[str]:
    kind = node.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _check_size(schema: Mapping[str, Any]) -> None:
    properties = enum_values = characters = 0
    for key, value in _keywords(schema):
        if key in ("properties", "$defs"):
            properties += len(value) if key == "properties" else 0
            characters += sum(map(len, value))
        elif key in ("enum", "const"):
            values = value if key == "enum" else [value]
            enum_values += len(values) if key == "enum" else 0
            characters += sum(len(item) for item in values if isinstance(item, str))
    if properties > _MAX_PROPERTIES or enum_values > _MAX_ENUM_VALUES or characters > _MAX_NAME_CHARACTERS:
        raise _NotStrictError("the schema is too large")


def _keywords(schema: Any) -> Iterator[tuple[str, Any]]:
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, Mapping):
            yield from node.items()
            named = [item for key in ("properties", "$defs") for item in node.get(key, {}).values()]
            pending.extend([*named, *(node[key] for key in ("items", "anyOf") if key in node)])


def _plain(schema: Any, value: Any, definitions: Mapping[str, Any]) -> Any:
    options = _options(schema, definitions)
    if isinstance(value, list):
        items: Any = next((option["items"] for option in options if "items" in option), {})
        return [_plain(items, item, definitions) for item in value]
    if not isinstance(value, Mapping):
        return value
    option = _option_of(value, options)
    properties, required = option.get("properties", {}), option.get("required", ())
    return {
        name: _plain(properties.get(name, {}), item, definitions)
        for name, item in value.items()
        if item is not None or name in required or _takes_null(properties.get(name, {}), definitions)
    }


def _option_of(value: Mapping[str, Any], options: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Find the matching object among several: a strict call sends exactly the properties of one of them."""
    fitting = [option for option in options if value.keys() <= option.get("properties", {}).keys()]
    return min(fitting, key=lambda option: len(option["properties"]), default={})


def _takes_null(schema: Any, definitions: Mapping[str, Any]) -> bool:
    return any(
        not {"type", "enum", "const"} & node.keys()
        or "null" in _types(node)
        or None in [*node.get("enum", ()), node.get("const", "")]
        for node in _options(schema, definitions)
    )


def _options(schema: Any, definitions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    node = _resolve(schema, definitions)
    return [_resolve(item, definitions) for item in node["anyOf"]] if "anyOf" in node else [node]


def _resolve(schema: Any, definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(len(definitions) + 1):
        if not isinstance(schema, Mapping):
            break
        if "$ref" not in schema:
            return schema
        schema = definitions.get(str(schema["$ref"]).rpartition("/")[2])
    return {}
