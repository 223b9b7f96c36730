"""The fields of the connect page: what a person is asked for, in words, and what they typed. Pure."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from wren_backend.connections.parameters import plain_schema, read_text
from wren_core.contract.auth import CredentialSpec
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import WrenError
from wren_core.schemas.properties import properties_of, required_of

VALUE, SETTING = "value.", "config."
_CAPITALS = {"api": "API", "url": "URL", "uri": "URI", "id": "ID", "ssl": "SSL", "tls": "TLS", "ip": "IP"}
_USUAL = {"username": "User name", "user_name": "User name", "host": "Server", "hostname": "Server"}
_LABEL_LENGTH = 80


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field of the form."""

    name: str
    """As the form sends it."""
    label: str
    hint: str = ""
    kind: Literal["text", "password", "number", "choice", "area"] = "text"
    value: str = ""
    example: str = ""
    """What counts where the field is left empty."""
    choices: tuple[tuple[str, str], ...] = ()
    """Values with their labels, of the kind `choice`."""
    is_required: bool = False
    problem: str = ""


def credential_fields(credentials: Collection[CredentialSpec]) -> list[FormField]:
    """Return a field for each credential; no stored value is shown."""
    return [
        FormField(
            name=f"{VALUE}{cred.key}",
            label=label_of(cred.key),
            hint=cred.description if cred.description.lower() != label_of(cred.key).lower() else "",
            kind="password" if cred.secret else "text",
            is_required=cred.required,
        )
        for cred in credentials
    ]


def setting_fields(
    spec: IntegrationSpec, *, operators: Collection[str], given: Mapping[str, Any], needed: Collection[str] | None
) -> list[FormField]:
    """Return a field for each value of the configuration that the operator has not set, the required ones first.

    Args:
        spec: whose configuration it is.
        operators: the fields the operator has set.
        given: the connection's configuration, which is shown.
        needed: the fields without which no person can connect; None takes those the schema requires.
    """
    required = required_of(spec.config_schema) if needed is None else needed
    fields = [
        _setting_field(name, plain_schema(schema), given.get(name), is_required=name in required)
        for name, schema in properties_of(spec.config_schema).items()
        if name not in operators and _can_be_typed(plain_schema(schema), is_required=name in required)
    ]
    return sorted(fields, key=lambda item: not item.is_required)


def read_settings(spec: IntegrationSpec, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the typed values of the configuration by field, as the schema's types; empty ones are left out."""
    known = properties_of(spec.config_schema)
    stripped = {name: text.strip() for name, text in typed.items()}
    return {name: read_text(text, known[name]) for name, text in stripped.items() if text and name in known}


def find_problems(error: WrenError) -> dict[str, str]:
    """Return what an error says about single fields, by their names in the form."""
    details = error.details
    if "field" in details:
        first = str(details["field"]).partition(".")[0]
        return {f"{SETTING}{first}": str(details.get("reason") or error.message)}
    reasons = dict.fromkeys(details.get("unusable", ()), "cannot be used: check for line breaks and odd characters")
    missing = dict.fromkeys(details.get("missing", ()), "is missing")
    return {f"{VALUE}{key}": text for key, text in {**reasons, **missing, **details.get("reasons", {})}.items()}


def with_answers(
    fields: Collection[FormField], typed: Mapping[str, str], problems: Mapping[str, str]
) -> tuple[FormField, ...]:
    """Return fields with what was typed and what is wrong with it; a secret is not shown again."""
    return tuple(
        replace(
            item,
            value=item.value if item.kind == "password" else typed.get(item.name, item.value),
            problem=problems.get(item.name, ""),
        )
        for item in fields
    )


def label_of(key: str) -> str:
    """Return a key as a label: `api_key` is "API key"."""
    words = [_CAPITALS.get(word, word) for word in key.split("_") if word]
    text = _USUAL.get(key) or " ".join(words)
    return text[:1].upper() + text[1:]


def _setting_field(name: str, schema: Mapping[str, Any], given: Any, *, is_required: bool) -> FormField:
    choices = _choices(schema)
    kind: Literal["text", "number", "choice", "area"] = "text"
    if choices:
        kind = "choice"
    elif schema.get("type") in ("object", "array"):
        kind = "area"
    elif schema.get("type") in ("integer", "number"):
        kind = "number"
    return FormField(
        name=f"{SETTING}{name}",
        label=_title(name, schema),
        hint=str(schema.get("description") or ""),
        kind=kind,
        value=_show(given),
        example=_show(schema.get("default")),
        choices=choices,
        is_required=is_required,
    )


def _title(name: str, schema: Mapping[str, Any]) -> str:
    """Return the author's title; the one that is derived from the name says less than our own words."""
    title = str(schema.get("title") or "")
    is_derived = title.lower() == name.replace("_", " ").lower()
    return title[:_LABEL_LENGTH] if title and not is_derived else label_of(name)


def _choices(schema: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if schema.get("type") == "boolean":
        return (("true", "Yes"), ("false", "No"))
    values = schema.get("enum")
    return tuple((_show(value), _show(value)) for value in values) if isinstance(values, list) else ()


def _can_be_typed(schema: Mapping[str, Any], *, is_required: bool) -> bool:
    return is_required or schema.get("type") in ("string", "integer", "number", "boolean") or "enum" in schema


def _show(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
