"""Keywords of a schema as OpenAPI 3.0, 3.1 and Swagger write them, read as JSON Schema 2020-12. Pure.

Documents of providers hold what no validator takes: `required: true` on a property, types that do not exist, limits
written as text. A value of the wrong kind is left out: it means nothing.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from wren_core.schemas.validator import SchemaInvalid, Validator

Direction = Literal["input", "output"]

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_MISSPELT = {
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("int", "int32", "int64", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    **dict.fromkeys(("date", "date-time", "datetime", "str", "text", "uuid"), "string"),
    **dict.fromkeys(("map",), "object"),
}
_BYTES = {"type": "string", "contentEncoding": "base64"}
_INLINE_TAGS = re.compile(r"</?(?:a|b|code|em|i|small|span|strong|sub|sup|u)(?:\s[^<>]{0,300})?>", re.IGNORECASE)
_OTHER_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_SHORT_EXAMPLE = 80
_LONGEST_TEXT = 1000


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_usable_pattern(value: Any) -> bool:
    """Tell whether a pattern can be matched in linear time; other patterns are left to the provider."""
    if not isinstance(value, str):
        return False
    try:
        Validator({"pattern": value})
    except SchemaInvalid:
        return False
    return True


_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
# An answer outside the documented limits must not fail a call; an answer of another shape must.
_LIMITS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_COUNTS, _is_count),
    **dict.fromkeys(("minimum", "maximum"), _is_number),
    "multipleOf": lambda value: _is_number(value) and value > 0,
    "uniqueItems": lambda value: isinstance(value, bool),
    "pattern": _is_usable_pattern,
}
_PLAIN: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("title", "contentEncoding", "contentMediaType"), _is_text),
    # A property with the format `path` would be read from this machine.
    "format": lambda value: isinstance(value, str) and value != "path",
    "enum": lambda value: isinstance(value, list) and bool(value),
    "required": lambda value: _is_names(value) and bool(value),
    "deprecated": lambda value: value is True,
}


def plain_keywords(schema: Mapping[str, Any], direction: Direction) -> dict[str, Any]:
    """Return the keywords of a schema that hold no other schema, in their 2020-12 form."""
    known = _PLAIN if direction == "output" else {**_PLAIN, **_LIMITS}
    found = {key: schema[key] for key, is_right in known.items() if key in schema and is_right(schema[key])}
    if isinstance(schema.get("description"), str) and schema["description"].strip():
        found["description"] = tidy(schema["description"])
    if "const" in schema:
        found["const"] = schema["const"]
    if "enum" in found:
        found["enum"] = distinct(found["enum"])
    if "required" in found:
        found["required"] = list(dict.fromkeys(found["required"]))
    if direction == "input":
        found |= {**_exclusive(schema), **_hints(schema)}
    kind = _type(schema.get("type"))
    return {**_with_type(schema, kind), **found} if "const" not in found else found


def distinct(items: Iterable[Any]) -> list[Any]:
    """Return the items without repetitions, in time linear in their size; `1` and `true` are two values."""
    found: dict[str, Any] = {}
    for item in items:
        found.setdefault(json.dumps(item, sort_keys=True), item)
    return list(found.values())


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that also accepts null."""
    kind = schema.get("type")
    if isinstance(kind, str):
        schema = {**schema, "type": kind if kind == "null" else [kind, "null"]}
    elif kind is None and ({"$ref", "allOf", "anyOf", "const"} & set(schema)):
        about: dict[str, Any] = {key: schema[key] for key in ("title", "description") if key in schema}
        rest = {key: item for key, item in schema.items() if key not in about}
        return {**about, "anyOf": [rest, {"type": "null"}]}
    if "enum" in schema and None not in schema["enum"]:
        schema = {**schema, "enum": [*schema["enum"], None]}
    return schema


def tidy(text: str) -> str:
    """Return a description without HTML, on one line, shortened."""
    without_tags = _OTHER_TAGS.sub(" ", _INLINE_TAGS.sub("", text))
    plain = " ".join(html.unescape(without_tags).split())
    return plain if len(plain) <= _LONGEST_TEXT else plain[: _LONGEST_TEXT - 3] + "..."


def _type(kind: Any) -> Any:
    if isinstance(kind, list):
        known = [_type(item) for item in kind]
        return list(dict.fromkeys(item for item in known if item))
    if not isinstance(kind, str):
        return None
    return kind if kind in _TYPES else _MISSPELT.get(kind.lower(), "file" if kind == "file" else None)


def _with_type(schema: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    if kind == "file" or (kind == "string" and schema.get("format") in ("binary", "byte")):
        return dict(_BYTES)
    if kind in ("string", None) and _is_binary(schema.get("contentMediaType")) and "contentEncoding" not in schema:
        return dict(_BYTES)  # how OpenAPI 3.1 describes a file
    return {"type": kind} if kind else {}


def _is_binary(media_type: Any) -> bool:
    """Tell whether content of a media type is no text."""
    return isinstance(media_type, str) and not re.match(r"text/|.*(json|xml|yaml|javascript)\b", media_type)


def _exclusive(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the exclusive limits; OpenAPI 3.0 marks them by a boolean next to the limit."""
    found: dict[str, Any] = {}
    for key, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(key) is True and _is_number(schema.get(limit)):
            found[key] = schema[limit]
        elif _is_number(schema.get(key)):
            found[key] = schema[key]
    return found


def _hints(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default and a short example, which models use."""
    found = {"default": schema["default"]} if schema.get("default") is not None else {}
    given = schema.get("examples", [schema["example"]] if "example" in schema else [])
    short = [item for item in given if len(str(item)) <= _SHORT_EXAMPLE] if isinstance(given, list) else []
    return {**found, "examples": short[:1]} if short and not isinstance(short[0], dict | list) else found
