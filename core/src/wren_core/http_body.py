"""The bodies of requests: JSON, forms, parts and raw bytes."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypedDict
from urllib.parse import urlencode

_FORM = "application/x-www-form-urlencoded"
FilePart = tuple[str | None, bytes, str | None]
"""File name, content and media type of one part of a `multipart/form-data`."""
Form = Mapping[str, Any] | Sequence[tuple[str, Any]]


class BodyArguments(TypedDict, total=False):
    """The arguments of `HttpClient.request` about the body; they are described there."""

    json: Any
    form: Form | None
    files: Sequence[tuple[str, FilePart]] | None
    content: bytes | str | BinaryIO | None
    content_type: str | None


@dataclass(frozen=True, kw_only=True)
class EncodedBody:
    """A body as the HTTP library takes it."""

    options: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    file: BinaryIO | None = None
    start: int = 0
    """Where the file stood."""
    is_rewindable: bool = True
    """Whether it can be sent twice."""

    def rewind(self) -> None:
        """Let the body be sent from its start."""
        if self.file is not None and self.is_rewindable:
            self.file.seek(self.start)


def encode_body(
    *,
    json: Any = None,
    form: Form | None = None,
    files: Sequence[tuple[str, FilePart]] | None = None,
    content: bytes | str | BinaryIO | None = None,
    content_type: str | None = None,
) -> EncodedBody:
    """Return the body for the arguments of `HttpClient.request`.

    Raises:
        TypeError: several bodies are given.
    """
    parts = files or None if form is None else form
    given = [
        name for name, value in (("json", json), ("form or files", parts), ("content", content)) if value is not None
    ]
    if len(given) > 1:
        raise TypeError(f"a request has one body, and {' and '.join(given)} are given")
    headers = {"content-type": content_type} if content_type else {}
    if files:
        fields = [(name, (None, value.encode(), None)) for name, value in form_pairs(form or {})]
        return EncodedBody(options={"files": [*fields, *files]}, headers=headers)
    if form is not None:
        encoded = urlencode(form_pairs(form)).encode()
        return EncodedBody(options={"content": encoded}, headers={"content-type": _FORM, **headers})
    if content is None:
        return EncodedBody(options={"json": json}, headers=headers)
    return _content_body(content, headers)


def form_pairs(form: Form) -> list[tuple[str, str]]:
    """Return the fields of a form as pairs of texts: None is left out, a list is repeated."""
    pairs: Iterable[tuple[str, Any]] = form.items() if isinstance(form, Mapping) else form
    found: list[tuple[str, str]] = []
    for name, value in pairs:
        items = value if isinstance(value, list | tuple) else [value]
        found += [(name, _text_of(item)) for item in items if item is not None]
    return found


def _content_body(content: bytes | str | BinaryIO, headers: Mapping[str, str]) -> EncodedBody:
    if isinstance(content, str):
        content = content.encode()
    if isinstance(content, bytes | bytearray):
        return EncodedBody(options={"content": bytes(content)}, headers=headers)
    try:
        start, is_rewindable = content.tell(), content.seekable()
    except (AttributeError, io.UnsupportedOperation, OSError):
        start, is_rewindable = 0, False
    return EncodedBody(
        options={"content": content}, headers=headers, file=content, start=start, is_rewindable=is_rewindable
    )


def _text_of(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
