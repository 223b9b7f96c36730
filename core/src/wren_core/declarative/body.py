"""The body of a request, in the encoding of its binding. Pure."""

import json
from typing import Any

from wren_core import json_pointer
from wren_core.contract.request_binding import Placement, RequestBinding
from wren_core.contract.spec import MethodSpec
from wren_core.declarative import multipart, serialization
from wren_core.declarative.local_file import LocalFile, decode, to_base64
from wren_core.errors import InvalidInput

Placed = list[tuple[Placement, Any]]
_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


def files_of(method: MethodSpec, binding: RequestBinding, placed: Placed) -> tuple[multipart.Part, ...]:
    """Return the parts of a body of `multipart/form-data`; none for any other body."""
    if binding.body != "multipart":
        return ()
    return tuple(
        part for placement, value in placed for part in multipart.parts(placement, _decode(method, placement, value))
    )


def content_of(method: MethodSpec, binding: RequestBinding, placed: Placed) -> tuple[bytes | None, str]:
    """Return the body and its content type; None and an empty text for no body, or one in parts.

    Raises:
        InvalidInput: a value is not base64, or not text in the declared charset.
    """
    if binding.body == "multipart":
        return None, ""
    if not placed:
        return (b"{}", binding.content_type or _TYPES["json"]) if _has_json_members(method, binding) else (None, "")
    if binding.body == "raw":
        return _raw(method, binding, *placed[0])
    content_type = binding.content_type or _TYPES[binding.body]
    plain = [(placement, to_base64(value)) for placement, value in placed]
    if binding.body == "form":
        fields = [field for placement, value in plain for field in _form_fields(placement, value)]
        return serialization.form(fields), content_type
    return json.dumps(_json_body(plain)).encode(), content_type


def _decode(method: MethodSpec, placement: Placement, value: Any) -> Any:
    schema = method.input_schema.get("properties", {}).get(placement.argument)
    return decode(schema, value, json_pointer.build([placement.argument]))


def _raw(method: MethodSpec, binding: RequestBinding, placement: Placement, given: Any) -> tuple[bytes | None, str]:
    value = _decode(method, placement, given)
    if value is None:
        return None, ""
    if isinstance(value, LocalFile):
        value = value.content
    if isinstance(value, bytes):
        return value, binding.content_type or "application/octet-stream"
    text = value if isinstance(value, str) else json.dumps(value)
    return _encode(text, binding.content_type, placement.argument), binding.content_type or "text/plain"


def _encode(text: str, content_type: str, argument: str) -> bytes:
    """Return text in the charset that a media type names; in UTF-8 where it names none that is known."""
    charset = content_type.lower().partition("charset=")[2].partition(";")[0].strip(' "') or "utf-8"
    try:
        return text.encode(charset)
    except LookupError:
        return text.encode()
    except UnicodeEncodeError as exc:
        pointer = json_pointer.build([argument])
        reason = f"the provider takes {charset}, which has no {exc.object[exc.start]!r}"
        raise InvalidInput(f"{pointer}: {reason}", details={"pointer": pointer, "expected": reason}) from exc


def _has_json_members(method: MethodSpec, binding: RequestBinding) -> bool:
    """Tell whether the body is an object without values: then an empty object is sent, not an empty body."""
    placements = map(binding.placement, method.input_schema.get("properties", {}))
    return binding.body == "json" and any(item.place == "body" and item.wire_name for item in placements)


def _form_fields(placement: Placement, value: Any) -> list[serialization.Parameter]:
    if placement.style is None and isinstance(value, dict):
        return serialization.parameters(placement.wire_name, value, "json")
    return serialization.parameters(placement.wire_name, value, placement.style or "form", explode=placement.explode)


def _json_body(placed: Placed) -> Any:
    body: dict[str, Any] = {}
    for placement, value in placed:
        name = placement.wire_name
        if name == "":
            return value
        if name.startswith("/"):
            json_pointer.put(body, name, value)
        else:
            body[name] = value
    return body
