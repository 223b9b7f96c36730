"""A body of `multipart/form-data`. Pure: the boundary follows from the content."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any


def multipart(fields: Iterable[tuple[str, Any]]) -> tuple[bytes, str]:
    """Return the body and its content type.

    Args:
        fields: names and values: bytes become files, arrays and objects JSON, everything else text.
    """
    parts = [_part(name, value) for name, value in fields if value is not None]
    boundary = f"wren-{hashlib.sha256(b''.join(parts)).hexdigest()[:32]}"
    line = f"--{boundary}\r\n".encode()
    body = b"".join(line + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _part(name: str, value: Any) -> bytes:
    shown = _quoted(name)
    if isinstance(value, bytes):
        head = f'Content-Disposition: form-data; name="{shown}"; filename="{shown}"\r\n'
        return f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + value
    head = f'Content-Disposition: form-data; name="{shown}"\r\n'
    if isinstance(value, dict | list):
        return f"{head}Content-Type: application/json\r\n\r\n{json.dumps(value)}".encode()
    return f"{head}\r\n{value if isinstance(value, str) else json.dumps(value)}".encode()


def _quoted(name: str) -> str:
    """Escape what would end the name or its line, as browsers do."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
