"""Files in the arguments of a declared method: bytes, and local files with their name.

A script passes bytes or a `Path`; JSON holds bytes as base64. A property with `format: path` names a file as text; it
is read where the method runs, so a host that calls methods outside a sandbox must confine it.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from wren_core import json_pointer
from wren_core.errors import InvalidInput
from wren_core.files import open_to_read
from wren_core.schemas.properties import properties_of


@dataclass(frozen=True, kw_only=True)
class LocalFile:
    """The content of a file of this machine, and its name without folders."""

    name: str
    content: bytes = field(repr=False)


def with_local_files(schema: Any, given: Any, value: Any, pointer: str) -> Any:
    """Return the JSON form of an argument, with the files that its paths name in place of the paths.

    Bytes become base64 in the usual alphabet, which providers expect.

    Args:
        schema: describes the argument.
        given: the argument as the caller passed it.
        value: its JSON form.
        pointer: of the argument, for errors.

    Raises:
        InvalidInput: a file cannot be read.
    """
    known = schema if isinstance(schema, Mapping) else {}
    if isinstance(given, bytes | bytearray):
        return to_base64(bytes(given))
    if isinstance(value, list) and isinstance(given, list | tuple) and len(given) == len(value):
        pairs = zip(given, value, strict=True)
        return [
            with_local_files(known.get("items"), one, item, f"{pointer}/{i}") for i, (one, item) in enumerate(pairs)
        ]
    if isinstance(value, dict) and isinstance(given, dict):
        members = properties_of(known)
        return {
            key: with_local_files(members.get(key), given.get(key), item, pointer + json_pointer.build([key]))
            for key, item in value.items()
        }
    if _is_base64(known) and isinstance(given, PathLike):
        return _read(Path(fspath(given)), pointer)
    return value


def decode(schema: Any, value: Any, pointer: str) -> Any:
    """Return an argument with bytes in place of base64, and files in place of paths; arrays item by item.

    Raises:
        InvalidInput: a text is not base64, or a file cannot be read.
    """
    if not isinstance(schema, Mapping):
        return value
    if isinstance(value, list):
        return [decode(schema.get("items"), item, f"{pointer}/{index}") for index, item in enumerate(value)]
    if isinstance(value, str) and schema.get("format") == "path":
        return _read(Path(value), pointer)
    if not isinstance(value, str) or not _is_base64(schema):
        return value
    try:
        # The bytes of a script arrive in the alphabet for URLs.
        return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as exc:
        reason = "pass bytes, a pathlib.Path, or text that is base64"
        raise InvalidInput(f"{pointer}: {reason}", details={"pointer": pointer, "expected": reason}) from exc


def to_base64(value: Any) -> Any:
    """Return a value whose files and bytes are base64, as JSON holds them."""
    if isinstance(value, LocalFile):
        return base64.b64encode(value.content).decode()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: to_base64(item) for key, item in value.items()}
    return [to_base64(item) for item in value] if isinstance(value, list) else value


def _is_base64(schema: Mapping[str, Any]) -> bool:
    options = schema.get("anyOf")
    found = [schema, *(options if isinstance(options, list) else [])]
    return any(isinstance(item, Mapping) and item.get("contentEncoding") == "base64" for item in found)


def _read(path: Path, pointer: str) -> LocalFile:
    with open_to_read(path, pointer=pointer) as file:
        return LocalFile(name=path.name, content=file.read())
