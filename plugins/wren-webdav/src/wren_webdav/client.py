"""The WebDAV requests (RFC 4918) behind the methods."""

import base64
import mimetypes
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from wren_core import InvalidInput, NotFound, Rejected, WrenError
from wren_core.files import open_new, open_to_read
from wren_core.http_client import Answer, HttpClient
from wren_webdav.multistatus import QUESTION, read_items
from wren_webdav.parameters import ShareConfig
from wren_webdav.paths import quoted
from wren_webdav.records import Item

_DOWNLOAD_SECONDS = 600.0
# Error code and next step by status, or by status and method if the method changes the meaning.
_REFUSALS = {
    "MKCOL 405": ("ALREADY_EXISTS", "an item with that name already exists"),
    "412": ("PRECONDITION_FAILED", "the file already exists or was changed: check with info(), and pass its etag"),
    "423": ("LOCKED", "the file is locked by another user; try again later"),
    "507": ("STORAGE_FULL", "the share has no space left"),
}


class WebDAVClient(HttpClient):
    """One share."""

    def __init__(self, config: ShareConfig, *, username: str, password: str) -> None:
        self._url = config.url.rstrip("/")
        self._max_file, self._max_text = config.max_file_mb * 1024 * 1024, config.max_text_mb * 1024 * 1024
        encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
        # Not compressed: servers give the compressed form of a file a different etag.
        headers, timeout = {"authorization": f"Basic {encoded}", "accept-encoding": "identity"}, config.timeout_seconds
        super().__init__(self._url, integration="webdav", headers=headers, timeout=timeout, verdict=verdict)

    def items(self, path: str, *, depth: int) -> list[Item]:
        """Return an item; with depth 1, the item followed by its children."""
        headers = {"depth": str(depth), "content-type": "application/xml"}
        answer = self.request("PROPFIND", quoted(path), content=QUESTION, headers=headers, repeatable=True)
        found = list(read_items(answer.body, root=self._url))
        if not found:
            raise NotFound(f"the server's response has no entry for {path!r}")
        return sorted(found, key=lambda item: (item.path != path, item.path))

    def read(self, path: str) -> tuple[bytes, str | None]:
        """Return the content of a file and its etag."""
        content = BytesIO()
        answer = self.download(quoted(path), content, max_bytes=self._max_text, patience=_DOWNLOAD_SECONDS)
        return content.getvalue(), answer.headers.get("etag")

    def save(self, path: str, folder: Path) -> tuple[Path, str | None]:
        """Download into a new file in a folder; return its path and etag. A failure leaves no file."""
        with open_new(folder, Path(path).name) as file:
            target = Path(file.name)
            try:
                answer = self.download(quoted(path), file, max_bytes=self._max_file, patience=_DOWNLOAD_SECONDS)
            except BaseException:
                target.unlink()
                raise
        return target, answer.headers.get("etag")

    def send(self, path: str, source: Path, *, etag: str | None, overwrite: bool) -> Item:
        """Upload a file."""
        with open_to_read(source, pointer="/file") as file:
            if Path(file.name).stat().st_size > self._max_file:
                raise InvalidInput(f"{str(source)!r} is larger than max_file_mb", details={"pointer": "/file"})
            return self.put(path, file, etag=etag, overwrite=overwrite)

    def put(self, path: str, content: bytes | BinaryIO, *, etag: str | None, overwrite: bool) -> Item:
        """Write a file: replace the version named by `etag`, replace any version, or create a new file."""
        condition = {"if-match": etag} if etag else {} if overwrite else {"if-none-match": "*"}
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        self.request("PUT", quoted(path), content=content, headers={"content-type": kind, **condition})
        return self.items(path, depth=0)[0]

    def change(self, method: str, path: str, *, to: str | None = None, etag: str | None = None) -> None:
        """Create a folder (MKCOL), or move, copy or delete an item; nothing is ever overwritten."""
        headers = {"destination": self._url + quoted(to), "overwrite": "F"} if to else {}
        answer = self.request(method, quoted(path), headers=headers | ({"if-match": etag} if etag else {}))
        if answer.status_code == 207:
            raise Rejected(f"{answer.request} was done only in part: check with list_folder()", code="PARTLY_DONE")


def verdict(answer: Answer) -> WrenError | None:
    """Return the error for responses specific to WebDAV; None leaves the decision to the status."""
    method, status = answer.request.split()[0], str(answer.status_code)
    if status == "409":
        return NotFound(f"{answer.request}: the parent folder does not exist; create it with mkdir()")
    code, step = _REFUSALS.get(f"{method} {status}") or _REFUSALS.get(status) or ("", "")
    return Rejected(f"{answer.request}: {step}", code=code, details={"status": answer.status_code}) if code else None
