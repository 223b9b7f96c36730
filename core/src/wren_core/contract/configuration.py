"""The check of configuration values against a config schema, without the class of the integration.

A host that only knows an integration's definition checks with `check_config` the values of a user or an operator.
`.init(...)` reads the same values with the integration's own `Config`. Both accept the same values, except for rules
that are written in Python.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

from wren_core import json_pointer
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import ConfigInvalid
from wren_core.nearest import suggest
from wren_core.schemas.properties import properties_of
from wren_core.schemas.validator import Problem, SchemaInvalid, Validator

# Enough for every integration of a large installation; each is a few kilobytes.
_MOST_VALIDATORS = 2048
# Maximum number of references and alternatives on the way to one schema, so that a circle ends.
_MOST_STEPS = 32
_REASONS = {"required": "is missing", "additionalProperties": "is unknown"}
_OPENING = ("additionalProperties", "patternProperties", "unevaluatedProperties")


def check_config(spec: IntegrationSpec, values: Mapping[str, Any], *, is_partial: bool = False) -> dict[str, Any]:
    """Return the checked configuration, defaults applied at every depth.

    An unknown name is refused, even where the schema does not set `additionalProperties`.

    Args:
        spec: whose `config_schema` decides.
        values: JSON values.
        is_partial: required values may be missing; they come from another source.

    Raises:
        ConfigInvalid: names the field, the reason, the fields that exist and the nearest one.
    """
    schema = _forbid_unknown_fields(spec.config_schema, is_partial=is_partial)
    complete = with_defaults(schema, values)
    problems = compiled(schema).problems(complete)
    if problems:
        raise _config_invalid(spec, problems[0])
    return complete


def with_defaults(schema: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the values with the schema's defaults where nothing is given, at every depth.

    Values that do not fit stay as they are. Of several alternatives the first that fits the value counts.
    """
    filled: dict[str, Any] = _fill_defaults(schema, deepcopy(dict(values)), schema)
    return filled


def compiled(schema: Mapping[str, Any]) -> Validator:
    """Return the validator of a schema, formats included; the same one for the same schema."""
    return _validator(json.dumps(schema))


def _forbid_unknown_fields(schema: Mapping[str, Any], *, is_partial: bool) -> dict[str, Any]:
    left_out = {"required"} if is_partial else set()
    closed = {} if any(key in schema for key in _OPENING) else {"additionalProperties": False}
    return {**{key: value for key, value in schema.items() if key not in left_out}, **closed}


@lru_cache(maxsize=_MOST_VALIDATORS)
def _validator(schema: str) -> Validator:
    # With formats: these values are not converted to dates and addresses, so only the validator checks them.
    return Validator(json.loads(schema), formats=True)


def _fill_defaults(schema: Any, value: Any, root: Mapping[str, Any]) -> Any:
    if not isinstance(value, dict | list):
        return value
    described = _find_schema(schema, value, root)
    if isinstance(value, list):
        return [_fill_defaults(described.get("items"), item, root) for item in value]
    for name, field in properties_of(described).items():
        if name not in value and isinstance(field, Mapping) and "default" in field:
            value[name] = deepcopy(field["default"])
        if name in value:
            value[name] = _fill_defaults(field, value[name], root)
    return value


def _find_schema(schema: Any, value: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references and alternatives to the schema of the content of the value."""
    for _ in range(_MOST_STEPS):
        if not isinstance(schema, Mapping) or properties_of(schema) or "items" in schema:
            break
        if isinstance(schema.get("$ref"), str):
            schema = json_pointer.find_reference(root, schema["$ref"])
        else:
            schema = next(iter(_alternatives(schema, value, root)), {})
    return schema if isinstance(schema, Mapping) else {}


def _alternatives(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any]) -> list[Any]:
    kind = "array" if isinstance(value, list) else "object"
    given = [item for key in ("allOf", "anyOf", "oneOf") for item in schema.get(key, ()) if isinstance(item, Mapping)]
    possible = [item for item in given if item.get("type", kind) == kind]
    return possible if len(possible) < 2 else [item for item in possible if _takes(item, value, root)]


def _takes(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any]) -> bool:
    try:
        return compiled({"$defs": root.get("$defs", {}), **schema}).is_valid(value)
    except SchemaInvalid:  # a reference leads to a part that is missing here
        return False


def _config_invalid(spec: IntegrationSpec, problem: Problem) -> ConfigInvalid:
    field = ".".join([*json_pointer.split(problem.pointer), *problem.names[:1]])
    fields = list(problem.known if problem.names else properties_of(spec.config_schema))
    reason = _REASONS.get(problem.keyword) or f"must be {problem.expected}"
    nearest = problem.nearest if problem.keyword != "required" else None
    hint = suggest(nearest, otherwise=f"it has {', '.join(fields) or 'no fields'}")
    return ConfigInvalid(
        f"{spec.name}: configuration field {field!r}: {reason}; {hint}",
        details={"integration": spec.name, "field": field, "reason": reason, "fields": fields, "nearest": nearest},
    )
