"""Write and delete without losing the update of another program, also on servers that ignore preconditions.

Servers such as nginx and rclone replace a file whatever If-Match and If-None-Match say. So every change looks first; a
new file is uploaded under a temporary name and moved without overwriting; a version is replaced or deleted under a
lock, where the server has locks. ADR 30 says what this promises, and what stays a race.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from wren_core import InvalidInput, NotFound, Rejected, Unavailable, WrenError
from wren_core.files import open_to_read
from wren_webdav.client import WebDAVClient
from wren_webdav.paths import quoted
from wren_webdav.records import Item

# Longer than an upload takes; the server removes it after this time if the connection breaks.
_LOCK_SECONDS = 600
_LOCK = (
    b'<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
    b"<D:locktype><D:write/></D:locktype></D:lockinfo>"
)
# Characters that some servers misread in the address that a file is moved to.
_MISREAD = re.compile("[?#%;]")
_CHECK = "check with info(), and pass its etag"


def write(client: WebDAVClient, path: str, content: bytes | BinaryIO, *, etag: str | None, overwrite: bool) -> Item:
    """Write a file: replace the version named by `etag`, replace any version, or create a new file."""
    if etag:
        with _hold(client, path, etag) as conditions:
            client.store(path, content, headers=conditions)
    elif overwrite:
        client.store(path, content)
    else:
        _create(client, path, content)
    item = client.find(path)
    if item is None:
        raise NotFound(f"{path!r} was written, and removed by another program since")
    return item


def upload(client: WebDAVClient, path: str, source: Path, *, etag: str | None, overwrite: bool) -> Item:
    """Write a file from this machine."""
    with open_to_read(source, pointer="/file") as file:
        if Path(file.name).stat().st_size > client.max_file:
            raise InvalidInput(f"{str(source)!r} is larger than max_file_mb", details={"pointer": "/file"})
        return write(client, path, file, etag=etag, overwrite=overwrite)


def delete(client: WebDAVClient, path: str, *, etag: str | None) -> None:
    """Delete an item; with an etag, only that version."""
    if etag is None:
        client.change("DELETE", path)
        return
    with _hold(client, path, etag) as conditions:
        client.change("DELETE", path, headers=conditions)


def _create(client: WebDAVClient, path: str, content: bytes | BinaryIO) -> None:
    """Upload under a temporary name, then move: moving without overwriting is a condition that servers keep."""
    existing = client.find(path)
    if existing:
        code, what = ("IS_A_FOLDER", "is a folder") if existing.is_folder else ("PRECONDITION_FAILED", "already exists")
        raise Rejected(f"{path!r} {what}: {_CHECK}", code=code)
    if _MISREAD.search(path):
        client.store(path, content, headers={"if-none-match": "*"})
        return
    hidden = f"{path.rpartition('/')[0]}/.wren-{token_hex(8)}.tmp"
    client.store(hidden, content, name=path)
    try:
        client.transfer("MOVE", hidden, to=path)
    except (Rejected, NotFound) as exc:
        with suppress(WrenError):
            client.transfer("DELETE", hidden)
        if exc.code == "PRECONDITION_FAILED" or client.find(path):
            raise Rejected(f"{path!r} already exists: {_CHECK}", code="PRECONDITION_FAILED") from exc
        if not isinstance(content, bytes):
            content.seek(0)
        client.store(path, content, headers={"if-none-match": "*"})  # the server moves nothing


@contextmanager
def _hold(client: WebDAVClient, path: str, etag: str) -> Iterator[dict[str, str]]:
    """Check the version of an item, lock it where the server can, and yield the conditions for changing it."""
    _check_version(client.find(path), path, etag)
    token = _lock(client, path)
    try:
        # For this item alone: a server checks a condition without an address for the parent folder, too.
        held = {"if": f"<{client.url}{quoted(path)}> ({token})"} if token else {}
        current = _check_version(client.find(path), path, etag) if token else etag
        # A weak etag never matches as a condition; the lock, or the look before, has to do.
        yield held if current.startswith("W/") else {**held, "if-match": current}
    finally:
        if token:
            with suppress(WrenError):
                client.request("UNLOCK", quoted(path), headers={"lock-token": token})


def _check_version(item: Item | None, path: str, etag: str) -> str:
    """Return the etag of an item as its server writes it now, if it is the wanted version."""
    if item is None or (item.etag and _opaque(item.etag) != _opaque(etag)):
        raise Rejected(f"{path!r} was changed or removed: {_CHECK}", code="PRECONDITION_FAILED")
    if item.etag is None:
        raise Rejected(f"the server names no version of {path!r}, so none can be checked", code="NO_VERSIONS")
    return item.etag


def _opaque(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')


def _lock(client: WebDAVClient, path: str) -> str | None:
    """Lock a file and return the token; None if the server has no locks."""
    if not _has_locks(client):
        return None
    headers = {"depth": "0", "timeout": f"Second-{_LOCK_SECONDS}", "content-type": "application/xml"}
    try:
        answer = client.request("LOCK", quoted(path), content=_LOCK, headers=headers)
    except Rejected as exc:
        if exc.code == "LOCKED":
            raise
        return None
    except (NotFound, Unavailable):
        return None
    token = _find_token(answer.headers)
    if answer.status_code == 201 and token:  # removed since, and the lock made an empty file
        with suppress(WrenError):
            client.request("DELETE", quoted(path), headers={"if": f"({token})"})
    return token


def _has_locks(client: WebDAVClient) -> bool:
    try:
        classes = client.request("OPTIONS", "/").headers.get("dav", "")
    except WrenError:
        return False
    return "2" in {item.strip() for item in classes.split(",")}


def _find_token(headers: Mapping[str, str]) -> str | None:
    found = re.search(r"<[!-;=?-~]+>", headers.get("lock-token", ""))
    return found[0] if found else None
