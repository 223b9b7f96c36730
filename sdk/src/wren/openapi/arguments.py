"""From the parameters and the body of an operation to one flat input, and where each of its properties goes."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wren.openapi import naming
from wren.openapi.choice import Choice
from wren.openapi.document import Document
from wren.openapi.keywords import tidy
from wren.openapi.media import BODY_ENCODINGS, chosen_media
from wren.openapi.schemas import SchemaWriter
from wren_core import json_pointer
from wren_core.contract.request_binding import Constant, Encoding, Place, Placement, RequestBinding, Style

# OpenAPI leaves these to what describes media types and security.
_IGNORED_HEADERS = frozenset({"accept", "authorization", "content-type"})
_CREDENTIALS = frozenset({"access_token", "authorization", "oauth_token", "token"})
_STYLES: dict[str, Style] = {
    "form": "form",
    "spaceDelimited": "spaceDelimited",
    "pipeDelimited": "pipeDelimited",
    "deepObject": "deepObject",
    "simple": "form",
}
_IN_QUERY = ("GET", "HEAD", "DELETE")


class OperationUnsupported(ValueError):
    """An operation says what a binding cannot; the message says what."""


@dataclass(kw_only=True)
class Arguments:
    """What an operation takes."""

    properties: dict[str, Any] = field(default_factory=dict)
    """Schemas as the document has them, by the name of the property."""
    about: dict[str, str] = field(default_factory=dict)
    """What is said about a property outside its schema."""
    required: list[str] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    constants: list[Constant] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    """Parameters that the configuration holds: field -> the parameter."""
    body: Encoding = "json"
    warnings: list[str] = field(default_factory=list)


class ArgumentReader:
    """Reads the arguments of operations.

    Args:
        document: the document.
        choice: what is configured, and what is left out.
        holds_token: the connection brings a token; a parameter for one is none that a script passes.
    """

    def __init__(self, document: Document, choice: Choice, *, holds_token: bool) -> None:
        self._document, self._choice, self._holds_token = document, choice, holds_token

    def read(
        self,
        verb: str,
        path: str,
        operation: Mapping[str, Any],
        shared: list[Any],
        *,
        paged: Collection[str] = (),
    ) -> Arguments:
        """Return what an operation takes.

        Args:
            verb: its HTTP method.
            path: its path.
            operation: the operation.
            shared: parameters of all operations of the path.
            paged: parameters that the pagination sets.

        Raises:
            OperationUnsupported: it takes what cannot be sent.
            ReferenceInvalid: a reference leads nowhere, or out of the document.
        """
        found = Arguments()
        for parameter in self._parameters(operation, shared):
            if parameter.get("name") in paged:
                continue
            self._add_parameter(found, verb, path, parameter)
        if verb not in ("GET", "HEAD"):
            self._add_body(found, verb, operation.get("requestBody"))
        return found

    def _parameters(self, operation: Mapping[str, Any], shared: list[Any]) -> list[dict[str, Any]]:
        by_place: dict[tuple[str, str], dict[str, Any]] = {}
        for node in (*shared, *(operation.get("parameters") or ())):
            parameter = self._document.resolved(node)
            by_place[str(parameter.get("in")), str(parameter.get("name"))] = parameter
        return list(by_place.values())

    def _add_parameter(self, found: Arguments, verb: str, path: str, parameter: Mapping[str, Any]) -> None:
        place, name = str(parameter.get("in")), str(parameter.get("name"))
        if self._is_left_out(found, place, name, parameter):
            return
        is_required = parameter.get("required") is True or place == "path"
        if place not in ("path", "query", "header"):
            if is_required:
                raise OperationUnsupported(f"it needs {name!r} in a {place}")
            found.warnings.append(f"{name!r} goes in a {place} and is left out")
            return
        if place == "path" and f"{{{name}}}" not in path:
            return  # a parameter of other operations of the same document
        field_name = self._choice.configured(name)
        if field_name is not None:
            found.config.setdefault(field_name, parameter)
            found.constants.append(Constant(place=place, name=name, config=field_name))
            return
        prop = self._named(found, naming.parameter_name(name), place)
        style, explode = _style(parameter, place)
        schema = parameter.get("schema")
        if schema is None:
            schema = next((item.get("schema", {}) for item in (parameter.get("content") or {}).values()), {})
        self._add(found, prop, schema, _described(parameter), is_required=is_required)
        default_place = "path" if place == "path" else "query" if verb in _IN_QUERY else "body"
        self._place(
            found, Placement(argument=prop, place=place, name=name, style=style, explode=explode), default_place
        )

    def _is_left_out(self, found: Arguments, place: str, name: str, described: Any) -> bool:
        if name in self._choice.omit or (place == "header" and name.lower() in _IGNORED_HEADERS):
            return True
        is_token = self._holds_token and place != "path" and name.lower() in _CREDENTIALS
        if place == "body":  # a body may well be about tokens, those of others
            about = described.get("description") if isinstance(described, Mapping) else None
            is_token = is_token and found.body == "form" and "authentication token" in str(about).lower()
        if is_token:
            found.warnings.append(f"{name!r} is left out: the connection brings the token")
        return is_token

    def _add_body(self, found: Arguments, verb: str, node: Any) -> None:
        if node is None:
            return
        body = self._document.resolved(node)
        media = chosen_media(body.get("content") or {}, BODY_ENCODINGS)
        if media is None:
            if not body.get("content"):
                return
            raise OperationUnsupported(f"its body is {' or '.join(body['content'])}")
        found.body, media_type, content = media[0], media[1], media[2]
        is_required = body.get("required") is True
        schema = content.get("schema") or {}
        members = self._members(schema, set()) if found.body != "raw" else None
        if members is None:
            self._add_whole_body(found, schema, body, media_type, is_required=is_required)
            return
        encoding = content.get("encoding") or {}
        for name, member in members[0].items():
            if not self._is_left_out(found, "body", name, member):
                self._add_member(
                    found, verb, name, member, encoding.get(name) or {}, is_required=is_required and name in members[1]
                )

    def _add_member(
        self, found: Arguments, verb: str, name: str, member: Any, encoding: Mapping[str, Any], *, is_required: bool
    ) -> None:
        prop = self._named(found, naming.parameter_name(name), "body")
        self._add(found, prop, member, "", is_required=is_required)
        is_written = found.body == "form" and ("style" in encoding or "explode" in encoding)
        style, explode = _style(encoding, "query") if is_written else (None, True)
        if found.body == "json" and name.startswith("/"):
            name = json_pointer.build([name])
        place = Placement(argument=prop, place="body", name=name, style=style, explode=explode)
        self._place(found, place, "query" if verb in _IN_QUERY else "body")

    def _add_whole_body(
        self, found: Arguments, schema: Any, body: Mapping[str, Any], media_type: str, *, is_required: bool
    ) -> None:
        if found.body in ("form", "multipart"):
            if self._is_empty(schema):
                return
            raise OperationUnsupported(f"its {media_type} body is not described as an object")
        if found.body == "raw":
            is_bytes = not media_type.startswith("text/")
            schema = {"type": "string", **({"format": "binary"} if is_bytes else {})}
            found.constants.append(Constant(place="header", name="Content-Type", value=_sent_type(media_type)))
        prop = self._named(found, "body", "body")
        self._add(found, prop, schema, _described(body), is_required=is_required)
        found.placements.append(Placement(argument=prop, place="body", name=""))

    def _is_empty(self, schema: Any) -> bool:
        """Tell whether a schema describes an object without members."""
        node = self._document.resolved(schema) if isinstance(schema, Mapping) else {}
        return node.get("properties") == {} or set(node) <= {"type", "description"}

    def _members(self, schema: Any, opened: set[str]) -> tuple[dict[str, Any], set[str]] | None:
        """Return the members of an object and those it requires; None for what is not simply an object.

        A reference that was opened already brings nothing new: parts may share parts, or come back to themselves.
        """
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if isinstance(reference, str):
            if reference in opened:
                return {}, set()
            opened.add(reference)
        node = self._document.resolved(schema) if isinstance(schema, Mapping) else {}
        if any(node.get(key) for key in ("anyOf", "oneOf", "not")) or node.get("type", "object") not in (
            "object",
            ["object"],
        ):
            return None
        members: dict[str, Any] = {}
        required = (
            {name for name in node.get("required") or () if isinstance(name, str)}
            if isinstance(node.get("required"), list)
            else set()
        )
        for part in node.get("allOf") or ():
            inner = self._members(part, opened)
            if inner is None:
                return None
            members |= inner[0]
            required |= inner[1]
        members |= node.get("properties") or {}
        shown = {name: item for name, item in members.items() if not self._is_read_only(item)}
        if not members and "allOf" not in node:
            return None
        return shown, required & set(shown)

    def _is_read_only(self, node: Any) -> bool:
        return isinstance(node, Mapping) and (
            node.get("readOnly") is True or ("$ref" in node and self._document.resolved(node).get("readOnly") is True)
        )

    def _named(self, found: Arguments, name: str, place: str) -> str:
        if name not in found.properties:
            return name
        other = naming.unique(naming.shortened(f"{place}_{name}"), found.properties)
        found.warnings.append(f"{name!r} is there twice; the one in the {place} is called {other!r}")
        return other

    def _add(self, found: Arguments, prop: str, schema: Any, about: str, *, is_required: bool) -> None:
        found.properties[prop] = schema
        if about:
            found.about[prop] = about
        if is_required:
            found.required.append(prop)

    def _place(self, found: Arguments, placement: Placement, default: Place | str) -> None:
        """Say where a property goes, unless it goes there anyway."""
        is_usual = placement.style is None and placement.explode
        if placement.place != default or placement.wire_name != placement.argument or not is_usual:
            name = None if placement.wire_name == placement.argument else placement.name
            found.placements.append(placement.model_copy(update={"name": name}))


def input_schema(found: Arguments, writer: SchemaWriter) -> tuple[dict[str, Any], bool]:
    """Return the schema of an operation's arguments, and whether all of it could be written out."""
    properties, definitions, is_whole = writer.write(found.properties)
    for name, part in properties.items():
        properties[name] = _with_default_told(_with_description(part, found.about.get(name, "")))
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
        **more,
    )


def config_schema(fields: Mapping[str, Any], writer: SchemaWriter, needed: set[str]) -> dict[str, Any]:
    """Return the schema of the configuration that parameters became."""
    written, definitions, _ = writer.write({name: parameter.get("schema") or {} for name, parameter in fields.items()})
    properties = {name: _with_description(part, _described(fields[name])) for name, part in written.items()}
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if needed:
        schema["required"] = [name for name in properties if name in needed]
    return {**schema, "$defs": definitions} if definitions else schema


def _described(node: Mapping[str, Any]) -> str:
    text = node.get("description")
    return tidy(text) if isinstance(text, str) else ""


def _with_description(schema: Any, about: str) -> Any:
    return {**schema, "description": about} if about and isinstance(schema, dict) else schema


def _with_default_told(schema: Any) -> Any:
    """Say in words what the provider does where nothing is given: a default would be sent, whatever else is."""
    if not isinstance(schema, dict) or "default" not in schema:
        return schema
    rest = {key: item for key, item in schema.items() if key != "default"}
    text = str(rest.get("description", ""))
    if "default" in text.lower():
        return rest
    text = text if not text or text.endswith((".", "!", "?")) else f"{text}."
    return {**rest, "description": f"{text} Default: {schema['default']!r}.".strip()}


def _style(node: Mapping[str, Any], place: str) -> tuple[Style | None, bool]:
    if "content" in node:
        return "json", True
    named = node.get("style")
    if place != "query":
        if named not in (None, "simple"):
            raise OperationUnsupported(f"the style {named!r} in a {place}")
        return None, True
    style = _STYLES.get(named or "form")
    if style is None:
        raise OperationUnsupported(f"the style {named!r} in a query")
    explode = node.get("explode", style == "form")
    return (None if style == "form" else style), bool(explode)


def _sent_type(media_type: str) -> str:
    return "application/octet-stream" if "*" in media_type else media_type


def required_config(operations: Iterator[Arguments] | list[Arguments]) -> set[str]:
    """Return the fields of the configuration that some operation cannot do without."""
    return {name for found in operations for name, item in found.config.items() if item.get("required") is True}
