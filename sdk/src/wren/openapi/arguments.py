"""Combines the parameters and the body of an operation into one flat input, and records where each property goes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wren.openapi import python_names
from wren.openapi.choice import Choice
from wren.openapi.errors import NodeInvalid, OperationUnsupported, ReferenceOutside
from wren.openapi.keywords import tidy
from wren.openapi.media import BODY_ENCODINGS, choose_media, declared_type, is_text
from wren.openapi.model import Body, Content, Layout, Operation, Parameter
from wren.openapi.node import Node
from wren.openapi.schemas import SchemaWriter
from wren_core import json_pointer
from wren_core.contract.request_binding import Constant, Encoding, Place, Placement, RequestBinding, Style

# OpenAPI leaves these to the description of media types and security.
_IGNORED_HEADERS = frozenset({"accept", "authorization", "content-type"})
_CREDENTIALS = frozenset({"access_token", "authorization", "oauth_token", "token"})
_STYLES: dict[str, Style] = {
    "form": "form",
    "spaceDelimited": "spaceDelimited",
    "pipeDelimited": "pipeDelimited",
    "deepObject": "deepObject",
    "simple": "form",
}
_PLACES: dict[str, Place] = {"path": "path", "query": "query", "header": "header"}
_IN_QUERY = ("GET", "HEAD", "DELETE")
_MOST_LEVELS = 200
_MOST_MEMBERS = 5000


@dataclass(kw_only=True)
class Arguments:
    """The arguments of an operation."""

    properties: dict[str, Node] = field(default_factory=dict)
    """Schemas as the document writes them, by name of the property."""
    about: dict[str, str] = field(default_factory=dict)
    """Descriptions of properties outside their schemas."""
    required: list[str] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    constants: list[Constant] = field(default_factory=list)
    config: dict[str, Parameter] = field(default_factory=dict)
    """Parameters that the configuration holds, by field."""
    body: Encoding = "json"
    content_type: str = ""
    names: python_names.UniqueNames = field(default_factory=python_names.UniqueNames)
    warnings: list[str] = field(default_factory=list)


class ArgumentReader:
    """Reads the arguments of operations.

    Args:
        choice: the parameters that are configured, and those that are left out.
        holds_token: the connection sends a token, so a parameter for a token is left out.
    """

    def __init__(self, choice: Choice, *, holds_token: bool) -> None:
        self._choice, self._holds_token = choice, holds_token

    def read(self, operation: Operation, *, paged: Collection[str] = ()) -> Arguments:
        """Return the arguments of an operation, without the parameters that the pagination sets.

        Raises:
            OperationUnsupported: it takes an argument that cannot be sent.
            NodeInvalid: a schema of its body is invalid, or a reference has no target inside the document.
        """
        found = Arguments()
        for parameter in operation.parameters:
            if parameter.name not in paged:
                self._add_parameter(found, operation, parameter)
        if operation.body is not None and operation.verb not in ("GET", "HEAD"):
            self._add_body(found, operation.verb, operation.body)
        elif operation.body is not None and operation.body.is_required:
            raise OperationUnsupported(f"it requires a body, which a {operation.verb} cannot have here")
        elif operation.body is not None and operation.body.contents:
            found.warnings.append(f"its body is left out: a {operation.verb} has none here")
        return found

    def _add_parameter(self, found: Arguments, operation: Operation, parameter: Parameter) -> None:
        name, place = parameter.name, _PLACES.get(parameter.place)
        if self._is_left_out(found, parameter.place, name, ""):
            return
        if place is None:
            if parameter.is_required:
                raise OperationUnsupported(f"it requires {name!r} in a {parameter.place}")
            found.warnings.append(f"{name!r} goes in a {parameter.place} and is left out")
            return
        if place == "path" and f"{{{name}}}" not in operation.path:
            return  # a parameter of other operations of the same document
        field_name = self._choice.configured(name)
        if field_name is not None:
            found.config.setdefault(field_name, parameter)
            found.constants.append(Constant(place=place, name=name, config=field_name))
            return
        prop = _free_name(found, python_names.parameter_name(name), place)
        style, explode = ("json", True) if parameter.is_json else _read_style(parameter.layout, place)
        _add(found, prop, parameter.schema, tidy(parameter.description), is_required=parameter.is_required)
        usual_place = "path" if place == "path" else "query" if operation.verb in _IN_QUERY else "body"
        placement = Placement(argument=prop, place=place, name=name, style=style, explode=explode)
        _place(found, placement, usual_place)

    def _is_left_out(self, found: Arguments, place: str, name: str, description: str) -> bool:
        if name in self._choice.omit or (place == "header" and name.lower() in _IGNORED_HEADERS):
            return True
        is_token = self._holds_token and place != "path" and name.lower() in _CREDENTIALS
        if place == "body":  # a body may describe other users' tokens
            is_token = is_token and found.body == "form" and "authentication token" in description.lower()
        if is_token:
            found.warnings.append(f"{name!r} is left out: the connection sends the token")
        return is_token

    def _add_body(self, found: Arguments, verb: str, body: Body) -> None:
        media = choose_media(body.contents, BODY_ENCODINGS)
        if media is None:
            if not body.contents:
                return
            raise OperationUnsupported(f"its body is {' or '.join(item.media_type for item in body.contents)}")
        found.body, content = media
        if found.body != "multipart":  # the client writes its boundary
            found.content_type = declared_type(content.media_type)
        schema = content.schema or Node({})
        members = _read_members(schema, set()) if found.body != "raw" else None
        if members is None:
            _add_whole_body(found, schema, body, content)
            return
        for name, member in members[0].items():
            if not self._is_left_out(found, "body", name, _description_of(member)):
                is_required = body.is_required and name in members[1]
                _add_member(found, verb, name, member, content.layouts.get(name), is_required=is_required)


def _add_member(
    found: Arguments, verb: str, name: str, member: Node, layout: Layout | None, *, is_required: bool
) -> None:
    prop = _free_name(found, python_names.parameter_name(name), "body")
    _add(found, prop, member, "", is_required=is_required)
    has_layout = layout is not None and (layout.style is not None or layout.explode is not None)
    in_fields = found.body in ("form", "multipart")
    style, explode = _read_style(layout, "query") if in_fields and layout and has_layout else (None, True)
    if found.body == "json" and name.startswith("/"):
        name = json_pointer.build([name])
    kind = _part_type(member, layout) if found.body == "multipart" else ""
    place = Placement(argument=prop, place="body", name=name, style=style, explode=explode, media_type=kind)
    _place(found, place, "query" if verb in _IN_QUERY else "body")


def _part_type(member: Node, layout: Layout | None) -> str:
    """Return the media types of a part: those of its encoding, or the one that its schema names (OpenAPI 3.1)."""
    if layout is not None and layout.media_type:
        return layout.media_type
    try:
        schema = member.resolve()
    except NodeInvalid:
        return ""
    inner = schema.find("items") if schema.text_at("type") == "array" else schema
    return inner.text_at("contentMediaType") if inner is not None and isinstance(inner.value, Mapping) else ""


def _add_whole_body(found: Arguments, schema: Node, body: Body, content: Content) -> None:
    if found.body in ("form", "multipart"):
        if _is_empty(schema):
            return
        raise OperationUnsupported(f"its {content.media_type} body is not described as an object")
    if found.body == "raw":
        schema = schema.with_value({"type": "string", **({} if is_text(content.media_type) else {"format": "binary"})})
    prop = _free_name(found, "body", "body")
    _add(found, prop, schema, tidy(body.description), is_required=body.is_required)
    found.placements.append(Placement(argument=prop, place="body", name=""))


def _is_empty(schema: Node) -> bool:
    """Tell whether a schema describes an object without members."""
    value = schema.resolve().value
    return value.get("properties") == {} or set(value) <= {"type", "description"}


def _read_members(schema: Node, opened: set[str], level: int = 0) -> tuple[dict[str, Node], set[str]] | None:
    """Return the members of an object and those it requires; None for a schema that is not simply an object.

    A reference that is already open adds nothing: parts may share parts, or contain themselves.
    """
    if isinstance(schema.value, bool) or not _has_target(schema):
        return None
    if level > _MOST_LEVELS:
        raise schema.invalid(f"its allOf is nested more than {_MOST_LEVELS} levels deep")
    if schema.reference is not None:
        if schema.target in opened:
            return {}, set()
        opened.add(schema.target)
    node = schema.resolve()
    properties = node.members_at("properties")
    if len(properties) > _MOST_MEMBERS:
        raise node.invalid(f"it has more than {_MOST_MEMBERS} properties")
    is_object = node.value.get("type", "object") in ("object", ["object"])
    if not is_object or any(node.value.get(key) for key in ("anyOf", "oneOf", "not")):
        return None
    members: dict[str, Node] = {}
    names = node.value.get("required")
    required = {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
    for part in node.items_at("allOf"):
        inner = _read_members(part, opened, level + 1)
        if inner is None:
            return None
        members |= inner[0]
        required |= inner[1]
    members |= properties
    if not members and "allOf" not in node.value:
        return None
    given = {name: item for name, item in members.items() if not _is_read_only(item)}
    return given, required & set(given)


def _has_target(schema: Node) -> bool:
    """Tell whether a reference leads somewhere; one to another file must, as its arguments would be missing."""
    try:
        schema.resolve()
    except ReferenceOutside as exc:
        if exc.is_file:
            raise
        return False
    except NodeInvalid:
        return schema.reference is None
    return True


def _is_read_only(node: Node) -> bool:
    if node.reference is None or node.is_true("readOnly"):
        return node.is_true("readOnly")
    return _has_target(node) and node.resolve().is_true("readOnly")


def _free_name(found: Arguments, name: str, place: str) -> str:
    if name not in found.names:
        return found.names.take(name)
    other = found.names.take(python_names.shortened(f"{place}_{name}"))
    found.warnings.append(f"{name!r} occurs twice; the one in the {place} is called {other!r}")
    return other


def _add(found: Arguments, prop: str, schema: Node, about: str, *, is_required: bool) -> None:
    found.properties[prop] = schema
    if about:
        found.about[prop] = about
    if is_required:
        found.required.append(prop)


def _place(found: Arguments, placement: Placement, usual: str) -> None:
    """Record where a property goes, unless it goes to the usual place in the usual form."""
    is_usual = placement.style is None and placement.explode and not placement.media_type
    if placement.place != usual or placement.wire_name != placement.argument or not is_usual:
        name = None if placement.wire_name == placement.argument else placement.name
        found.placements.append(placement.model_copy(update={"name": name}))


def input_schema(found: Arguments, writer: SchemaWriter) -> tuple[dict[str, Any], bool]:
    """Return the schema of an operation's arguments, and whether all of it could be written out."""
    properties, definitions, is_whole = writer.write(found.properties)
    for name, part in properties.items():
        properties[name] = _with_default_in_words(_with_description(part, found.about.get(name, "")))
    ordered = sorted(properties, key=lambda name: name not in found.required)
    schema: dict[str, Any] = {"type": "object", "properties": {name: properties[name] for name in ordered}}
    if found.required:
        schema["required"] = [name for name in ordered if name in found.required]
    schema["additionalProperties"] = False
    return {**schema, "$defs": definitions} if definitions else schema, is_whole


def binding_of(verb: str, path: str, found: Arguments, **more: Any) -> RequestBinding:
    """Return the binding of an operation."""
    return RequestBinding(
        method=verb,
        path=path,
        placements=tuple(found.placements),
        constants=tuple(found.constants),
        body=found.body,
        content_type=found.content_type,
        **more,
    )


def config_schema(
    fields: Mapping[str, Parameter], writer: SchemaWriter, needed: set[str], addresses: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the schema of the configuration: parameters that are settings, and the fields of addresses."""
    written, definitions, _ = writer.write({name: parameter.schema for name, parameter in fields.items()})
    properties = {name: _with_description(part, tidy(fields[name].description)) for name, part in written.items()}
    properties |= addresses
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if needed:
        schema["required"] = [name for name in properties if name in needed]
    return {**schema, "$defs": definitions} if definitions else schema


def required_config(operations: Iterable[Arguments]) -> set[str]:
    """Return the configuration fields that an operation requires."""
    return {name for found in operations for name, item in found.config.items() if item.is_required}


def _description_of(node: Node) -> str:
    found = node.value.get("description") if isinstance(node.value, Mapping) else None
    return found if isinstance(found, str) else ""


def _with_description(schema: Any, about: str) -> Any:
    return {**schema, "description": about} if about and isinstance(schema, dict) else schema


def _with_default_in_words(schema: Any) -> Any:
    """Move the default into the description: the provider applies it, and a `default` would be sent with every call."""
    if not isinstance(schema, dict) or "default" not in schema:
        return schema
    rest = {key: item for key, item in schema.items() if key != "default"}
    text = str(rest.get("description", ""))
    if "default" in text.lower():
        return rest
    text = text if not text or text.endswith((".", "!", "?")) else f"{text}."
    return {**rest, "description": f"{text} Default: {schema['default']!r}.".strip()}


def _read_style(layout: Layout, place: str) -> tuple[Style | None, bool]:
    if place != "query":
        if layout.style not in (None, "simple"):
            raise OperationUnsupported(f"the style {layout.style!r} in a {place}")
        return ("simple" if layout.explode else None), True
    style = _STYLES.get(layout.style or "form")
    if style is None:
        raise OperationUnsupported(f"the style {layout.style!r} in a query")
    explode = style == "form" if layout.explode is None else layout.explode
    return (None if style == "form" else style), explode
