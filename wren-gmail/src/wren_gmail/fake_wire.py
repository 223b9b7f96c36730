"""The JSON of the fake: message resources as Gmail writes them, and Google's errors."""

import base64
import secrets
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Any

from wren_core.mail.headers import first_values, recover
from wren_core.mail.parts import find_filename
from wren_core.mail.transfer import decode_content
from wren_core.testing import FakeResponse
from wren_gmail.fake_mail import Mail

Json = dict[str, Any]
_ERRORS = {
    400: ("invalidArgument", "INVALID_ARGUMENT"),
    401: ("authError", "UNAUTHENTICATED"),
    403: ("insufficientPermissions", "PERMISSION_DENIED"),
    404: ("notFound", "NOT_FOUND"),
    429: ("rateLimitExceeded", "RESOURCE_EXHAUSTED"),
}


def google_error(status: int, message: str, *, reason: str | None = None, detail: str | None = None) -> Json:
    """Return the body of an error as Google APIs write it."""
    usual, name = _ERRORS.get(status, ("backendError", "UNAVAILABLE"))
    errors = [{"message": message, "domain": "global", "reason": reason or usual}]
    error: Json = {"code": status, "message": message, "errors": errors, "status": name}
    if detail:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": detail, "domain": "googleapis.com"}]
    return {"error": error}


def refusal(status: int, message: str, **extra: str) -> FakeResponse:
    """Return an error response."""
    return FakeResponse(status=status, body=google_error(status, message, **extra))


def resource(mail: Mail, form: str, *, inline_bytes: int) -> Json:
    """Return a message resource in the format `minimal`, `metadata`, `full` or `raw`."""
    base: Json = {
        "id": mail.id,
        "threadId": mail.thread_id,
        "labelIds": mail.labels,
        "snippet": " ".join(mail.text.split())[:120],
        "sizeEstimate": len(mail.raw),
        "internalDate": str(int(mail.received_at.timestamp() * 1000)),
    }
    if form == "raw":
        base["raw"] = encode(mail.raw)
    if form in ("full", "metadata"):
        base["payload"] = _part(message_from_bytes(mail.raw, policy=compat32), "", inline_bytes)
    if form == "metadata":
        base["payload"] = {key: base["payload"][key] for key in ("mimeType", "headers")}
    return base


def part_content(mail: Mail, attachment_id: str) -> bytes | None:
    """Return the content of the part with this attachment id, or None."""
    wanted = attachment_id.partition("-")[0]
    parts = _parts(message_from_bytes(mail.raw, policy=compat32), "")
    return next((decode_content(part) for identity, part in parts if identity.replace(".", "_") == wanted), None)


def encode(data: bytes) -> str:
    """Return base64url, as Gmail writes it."""
    return base64.urlsafe_b64encode(data).decode()


def _parts(message: Message, identity: str) -> list[tuple[str, Message]]:
    found = [(identity or "all", message)]
    if message.is_multipart():
        for index, child in enumerate(message.get_payload()):
            found += _parts(child, f"{identity}.{index}".strip("."))
    return found


def _part(message: Message, identity: str, inline_bytes: int) -> Json:
    headers = [(name, recover(str(value))) for name, value in message.raw_items()]
    part: Json = {
        "partId": identity,
        "mimeType": message.get_content_type(),
        "filename": find_filename(first_values(headers)),
        "headers": [{"name": name, "value": value} for name, value in headers],
    }
    if message.is_multipart():
        children = enumerate(message.get_payload())
        part["parts"] = [_part(child, f"{identity}.{i}".strip("."), inline_bytes) for i, child in children]
        return {**part, "body": {"size": 0}}
    content = decode_content(message)
    if part["filename"] or len(content) > inline_bytes:
        # Gmail returns a different attachment id for every request, so clients must not store one.
        attachment_id = f"{(identity or 'all').replace('.', '_')}-{secrets.token_urlsafe(90)}"
        return {**part, "body": {"size": len(content), "attachmentId": attachment_id}}
    return {**part, "body": {"size": len(content), "data": encode(content)}}
