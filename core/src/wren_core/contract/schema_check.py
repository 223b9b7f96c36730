"""What is asked of every schema of an integration once, when it is loaded, so that no call has to.

Four kinds are refused: a schema that is broken or leads outside itself, one with a pattern that cannot be matched in
linear time, one whose references come back to themselves without ever looking into the value, and one whose references
multiply. A schema of data that contains its own kind, such as a tree, refers to itself too; there each turn goes one
level down, and that is fine.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wren_core import json_pointer
from wren_core.contract.spec import CustomAuth, IntegrationSpec, template_fields
from wren_core.schemas.properties import properties_of
from wren_core.schemas.subschemas import iter_subschemas
from wren_core.schemas.validator import SchemaInvalid, Validator

# Keywords that apply their schemas to the value itself, not to a part of it.
_IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")
_MOST_STEPS = 100_000
"""Maximum number of schemas that are applied to one value, without its parts."""

RESERVED_SETTINGS = frozenset({"account"})
"""Parameters of `.init(...)` that are not the integration's: `account` names a connection by its alias."""


def check_schemas(spec: IntegrationSpec) -> None:
    """Check every schema an integration declares.

    Raises:
        SchemaInvalid: names the method or part, and what is wrong with its schema.
    """
    for place, schema in schemas_of(spec):
        try:
            check_schema(schema)
        except SchemaInvalid as exc:
            raise SchemaInvalid(f"{place}: {exc}") from exc
    for name in RESERVED_SETTINGS & spec.config_schema.get("properties", {}).keys():
        raise SchemaInvalid(
            f"config schema: the name {name!r} is reserved: `.init({name}=...)` names a connection; "
            "give the setting another name"
        )


def check_defaults(spec: IntegrationSpec) -> None:
    """Check that every default fits its schema: documents, tools and consoles show it, and calls use it.

    Raises:
        SchemaInvalid: names the place, the default and what would fit.
    """
    for place, schema in schemas_of(spec):
        for name, part in _parts_with_default(schema):
            problems = Validator({"$defs": schema.get("$defs", {}), **part}, formats=True).problems(part["default"])
            if problems:
                default, expected = part["default"], problems[0].expected
                hint = "; write `| None` in its type" if default is None else ""
                raise SchemaInvalid(
                    f"{place}: the default {default!r} of {name!r} does not fit its own schema, {expected}{hint}"
                )


def check_config_hosts(spec: IntegrationSpec) -> None:
    """Check that the address has a host, and that the configuration has the fields that name hosts.

    Raises:
        ValueError: names the field, and what to write.
    """
    if spec.base_url and re.match(r"https?://(/|$)", spec.base_url):
        raise ValueError(f"base_url is {spec.base_url!r}, which names no host; write https://api.example.com/v1")
    settings = properties_of(spec.config_schema)
    for field in (field for template in spec.config_hosts for field in template_fields(template)):
        if field not in settings:
            raise ValueError(f"config_hosts names {field!r}; write that field into `class Config(IntegrationConfig)`")


def _parts_with_default(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for node in iter_subschemas(schema):
        for name, part in properties_of(node).items():
            if isinstance(part, Mapping) and "default" in part:
                yield name, part


def check_schema(schema: Mapping[str, Any]) -> None:
    """Check one schema.

    Raises:
        SchemaInvalid: it is broken, refers to something outside it or only to itself, or has a pattern that cannot be
            matched in linear time.
    """
    Validator(schema)
    _refuse_circles(schema)


def schemas_of(spec: IntegrationSpec) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every schema of an integration with its place."""
    for method in spec.methods:
        yield f"{method.id}, input schema", method.input_schema
        yield f"{method.id}, output schema", method.output_schema
    yield "config schema", spec.config_schema
    for trigger in spec.triggers:
        yield f"trigger {trigger.name}, config schema", trigger.config_schema
    if isinstance(spec.auth, CustomAuth):
        yield "auth parameters", spec.auth.parameters


def _refuse_circles(root: Mapping[str, Any]) -> None:
    """Follow from each subschema those that apply to the same value; a way back to an open one is an endless loop.

    References that meet again multiply: forty that each name the next one twice are a billion steps for one value.
    """
    steps: dict[int, int] = {}
    for node in iter_subschemas(root):
        open_nodes: set[int] = set()
        pending: list[tuple[Mapping[str, Any], bool]] = [(node, False)]
        while pending:
            current, is_left = pending.pop()
            if is_left:
                open_nodes.discard(id(current))
                parts = (item for item in _in_place(current, root) if isinstance(item, Mapping))
                steps[id(current)] = 1 + sum(steps[id(item)] for item in parts)
                if steps[id(current)] > _MOST_STEPS:
                    raise SchemaInvalid(
                        f"its references multiply to more than {_MOST_STEPS} steps for one value: {_shorten(current)}"
                    )
            elif id(current) in open_nodes:
                raise SchemaInvalid(f"a $ref leads back to itself without describing anything: {_shorten(current)}")
            elif id(current) not in steps:
                open_nodes.add(id(current))
                pending.append((current, True))
                pending.extend((item, False) for item in _in_place(current, root) if isinstance(item, Mapping))


def _in_place(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[Any]:
    for key in _IN_PLACE:
        value = schema.get(key)
        yield from value if isinstance(value, list) else [value]
    dependent = schema.get("dependentSchemas")
    yield from dependent.values() if isinstance(dependent, Mapping) else ()
    if isinstance(schema.get("$ref"), str):
        yield json_pointer.find_reference(root, schema["$ref"])


def _shorten(schema: Mapping[str, Any]) -> str:
    text = repr(dict(schema))
    return text if len(text) <= 100 else text[:100] + "..."
