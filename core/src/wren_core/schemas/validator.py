"""JSON Schema (2020-12): a schema compiled once into a validator that explains why a value does not fit.

jsonschema-rs does the work. Its regular expressions take linear time, its recursion has a bound, and it never fetches
a reference, so neither a schema nor a value can hang or crash the process. jsonschema names the place where a schema
itself is broken, and a test compares the verdicts of both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from typing import Any, NoReturn

from wren_core import json_pointer
from wren_core.nearest import find_nearest
from wren_core.schemas.properties import properties_of
from wren_core.schemas.subschemas import iter_subschemas
from wren_core.schemas.type_words import type_words

# The explanation of a refusal takes quadratic time in the depth; arguments of a call are never deeper.
_EXPLAINED_DEPTH = 255
MOST_PROBLEMS = 50
"""Maximum number of reasons that are explained: explaining each takes a walk through the value."""
_MOST_NAMES = 10
"""Maximum number of unknown names for which the nearest known one is looked up."""
_EXCLUDING = frozenset({"type", "enum", "const", "falseSchema"})


class SchemaInvalid(ValueError):
    """A schema is not valid 2020-12, or refers to something outside itself."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a value does not fit."""

    pointer: str
    """JSON pointer to the place in the value; empty for the value itself."""
    expected: str
    got: Any
    message: str
    nearest: str | None = None
    """The closest known property, or the closest allowed value."""
    keyword: str = ""
    """The keyword of the schema that refuses the value, such as `required` or `additionalProperties`."""
    names: tuple[str, ...] = ()
    """The properties that are missing, or unknown."""
    known: tuple[str, ...] = ()
    """The properties that exist at the place."""


class Validator:
    """A schema compiled once; refuses remote references and never fetches one.

    `format` is an annotation, as in 2020-12: types such as `datetime` are checked where values are coerced. Set
    `formats` where they are not coerced.

    Raises:
        SchemaInvalid: the schema is broken, refers to something outside itself, or has a pattern that cannot be
            matched in linear time.
    """

    def __init__(self, schema: Mapping[str, Any], *, formats: bool = False) -> None:
        import jsonschema_rs  # here: 18 ms, too slow for listing names

        self.schema = dict(schema)
        _refuse_foreign_references(self.schema)
        try:
            self._compiled = jsonschema_rs.Draft202012Validator(
                self.schema,
                validate_formats=formats,
                retriever=_refuse_to_fetch,
                pattern_options=jsonschema_rs.RegexOptions(),
            )
        except (ValueError, RecursionError) as exc:
            raise SchemaInvalid(
                _refused_pattern(exc, self.schema) or _why_broken(self.schema) or first_line(exc)
            ) from exc

    def is_valid(self, value: Any) -> bool:
        """Tell whether a JSON value fits; other Python values never fit."""
        try:
            return self._compiled.is_valid(value)
        except ValueError:
            return False

    def problems(self, value: Any) -> list[Problem]:
        """List why a JSON value does not fit, outermost first, at most `MOST_PROBLEMS`; empty when it fits."""
        if self.is_valid(value):
            return []
        if _is_deep(value):
            return [
                Problem(pointer="", expected="a JSON value", got=value, message="nested too deeply to be explained")
            ]
        try:
            errors = nsmallest(
                MOST_PROBLEMS,
                (_inner(error) for error in self._compiled.iter_errors(value)),
                key=lambda error: len(error.instance_path),
            )
        except ValueError as exc:
            return [Problem(pointer="", expected="a JSON value", got=value, message=_short(first_line(exc)))]
        return [self._problem(error, value) for error in errors]

    def _problem(self, error: Any, value: Any) -> Problem:
        path = json_pointer.restore_keys(value, error.instance_path, error.instance)
        got = _at(value, path)
        parent = _schema_at(self.schema, error.schema_path[:-1])
        keyword = str(error.schema_path[-1]) if error.schema_path else "schema"
        expected = _describe_expected(keyword, parent, self.schema.get("$defs", {}))
        said = f"{_short(repr(got), 80)} is not {expected}"
        return Problem(
            pointer=json_pointer.build(path),
            expected=_short(expected),
            got=got,
            message=_short(said if keyword in ("anyOf", "oneOf") else error.message),
            nearest=_nearest(keyword, parent, got),
            keyword=keyword,
            names=_names(keyword, error.kind, got),
            known=tuple(properties_of(parent)),
        )


def _refused_pattern(error: Any, schema: Mapping[str, Any]) -> str | None:
    """Name the pattern that the engine refuses; None where the schema is refused for another reason."""
    if not str(getattr(error, "message", "")).endswith('is not a "regex"'):
        return None
    place = json_pointer.build(json_pointer.restore_keys(schema, error.instance_path))
    return (
        f"at {place}: the pattern {error.instance!r} cannot be matched in linear time: it has lookaround or a "
        "backreference, or it is broken"
    )


def _why_broken(schema: Mapping[str, Any]) -> str | None:
    """Name the place where a schema violates 2020-12; None where it is refused for another reason."""
    from jsonschema import Draft202012Validator, SchemaError  # here: 94 ms, only for a broken schema

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as exc:
        return f"at {exc.json_path}: {_short(exc.message)}"
    except RecursionError:
        return None
    return None


def _is_deep(value: Any) -> bool:
    """Tell whether a value is nested so deeply that explaining it would take seconds."""
    level = [value]
    for _ in range(_EXPLAINED_DEPTH):
        level = [item for node in level for item in _children(node)]
        if not level:
            return False
    return True


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, Mapping):
        return node.values()
    return node if isinstance(node, list | tuple) else ()


def _at(node: Any, path: Iterable[Any]) -> Any:
    for part in path:
        node = node[part]
    return node


def _schema_at(schema: Mapping[str, Any], path: Iterable[Any]) -> Mapping[str, Any]:
    """Find a subschema; empty where the path leads into a `true`, a `false` or a schema with its own `$id`."""
    try:
        found = _at(schema, json_pointer.restore_keys(schema, list(path)))
    except (LookupError, TypeError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _inner(error: Any) -> Any:
    """Return the error inside the only branch of an `anyOf` that takes values of this type, at any depth.

    For a setting that may be an object or null, say, this is the error inside the object.
    """
    while error.kind.name in ("anyOf", "oneOf") and hasattr(error.kind, "context"):
        depth = len(error.instance_path)
        branches = [found for found in error.kind.context if not any(_is_foreign(item, depth) for item in found)]
        if len(branches) != 1 or not branches[0]:
            return error
        error = min(branches[0], key=lambda item: len(item.instance_path))
    return error


def _is_foreign(error: Any, depth: int) -> bool:
    """Tell whether an error is about a value of another kind: of another type, or with another tag."""
    deeper = len(error.instance_path) - depth
    return (deeper == 0 and error.kind.name in _EXCLUDING) or (deeper == 1 and error.kind.name == "const")


def _names(keyword: str, kind: Any, got: Any) -> tuple[str, ...]:
    if keyword == "required":
        return (str(kind.property),)
    if keyword != "additionalProperties":
        return ()
    # Where nothing at all is allowed, the library reports `false schema` and no names.
    return tuple(getattr(kind, "unexpected", None) or map(str, got if isinstance(got, Mapping) else ()))


def _describe_expected(keyword: str, parent: Mapping[str, Any], definitions: dict[str, Any]) -> str:
    if keyword in ("type", "anyOf", "oneOf", "enum"):
        return type_words(parent, definitions)
    if keyword == "additionalProperties":
        return f"no other names than {', '.join(parent.get('properties', {})) or 'none'}"
    return f"{keyword}: {parent[keyword]!r}" if keyword in parent else "what the schema allows"


def _nearest(keyword: str, parent: Mapping[str, Any], instance: Any) -> str | None:
    if keyword == "additionalProperties":
        known = dict.fromkeys(parent.get("properties", {}))
        unknown = islice((str(name) for name in instance if name not in known), _MOST_NAMES)
        return next((nearest for name in unknown if (nearest := find_nearest(name, known))), None)
    if keyword == "enum" and isinstance(instance, str):
        return find_nearest(instance, [item for item in parent["enum"] if isinstance(item, str)])
    return None


def _short(text: str, limit: int = 300) -> str:
    return text if len(text) <= limit else text[:limit] + "..."


def first_line(exc: Exception) -> str:
    """Return the first line of the message of an exception."""
    return next(iter(str(exc).splitlines()), type(exc).__name__)


def _refuse_to_fetch(uri: str) -> NoReturn:
    raise SchemaInvalid(f"{uri!r} is outside the schema and is never fetched")


def _refuse_foreign_references(schema: Any) -> None:
    for node in iter_subschemas(schema):
        for reference in (node.get("$ref"), node.get("$dynamicRef")):
            if isinstance(reference, str) and not reference.startswith("#"):
                raise SchemaInvalid(f"$ref {reference!r} leads outside the schema; only `#/...` is allowed")
