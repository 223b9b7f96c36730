"""The WebDAV requests (RFC 4918) behind the methods."""

import base64
import mimetypes
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from wren_core import AuthFailed, InvalidInput, NotFound, RateLimited, Rejected, WrenError
from wren_core.files import open_new
from wren_core.http_client import Answer, HttpClient
from wren_webdav.multistatus import QUESTION, from_headers, read_items
from wren_webdav.parameters import ShareConfig
from wren_webdav.paths import quoted
from wren_webdav.records import Item

_DOWNLOAD_SECONDS = 600.0
# Error code and next step by status, or by status and method if the method changes the meaning.
_REFUSALS = {
    "PROPFIND 405": ("NO_LISTINGS", "this server cannot list: it supports only a part of WebDAV"),
    "PROPFIND 501": ("NO_LISTINGS", "this server cannot list: it supports only a part of WebDAV"),
    "409": ("CONFLICT", "the server cannot do this with the item as it is"),
    "MKCOL 405": ("ALREADY_EXISTS", "an item with that name already exists"),
    "412": ("PRECONDITION_FAILED", "the file already exists or was changed: check with info(), and pass its etag"),
    "501": ("NOT_SUPPORTED", "the server cannot do this"),
    "423": ("LOCKED", "the file is locked by another user; try again later"),
    "507": ("STORAGE_FULL", "the share has no space left"),
}
_REDIRECTS = (301, 302, 307, 308)
_CLEAR = {"ALREADY_EXISTS", "PRECONDITION_FAILED", "LOCKED", "STORAGE_FULL"}


class WebDAVClient(HttpClient):
    """One share."""

    def __init__(self, config: ShareConfig, *, username: str, password: str) -> None:
        self.url = config.url.rstrip("/")
        self.max_file, self._max_text = config.max_file_mb * 1024 * 1024, config.max_text_mb * 1024 * 1024
        encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
        # Not compressed: servers give the compressed form of a file a different etag.
        headers, timeout = {"authorization": f"Basic {encoded}", "accept-encoding": "identity"}, config.timeout_seconds
        super().__init__(self.url, integration="webdav", headers=headers, timeout=timeout, verdict=verdict)

    def item(self, path: str) -> Item:
        """Return an item, addressed as a file; if the server redirects that, as a folder."""
        try:
            return self._propfind(path, _address(path, is_folder=False), depth=0)[0]
        except Rejected as exc:
            if exc.details.get("status") not in _REDIRECTS or path == "/":
                raise
            return self._propfind(path, _address(path, is_folder=True), depth=0)[0]

    def children(self, path: str) -> list[Item]:
        """Return a folder, followed by what is in it; or only a file."""
        try:
            return self._propfind(path, _address(path, is_folder=True), depth=1)
        except (Rejected, NotFound) as exc:  # some servers have no file at an address with a slash
            item = self.item(path)
            if item.is_folder:
                raise exc from None
            return [item]

    def find(self, path: str) -> Item | None:
        """Return an item, with the version that a download of it names; None if there is none."""
        try:
            item = self.item(path)
        except NotFound:
            return None
        except Rejected as exc:
            if exc.code != "NO_LISTINGS":
                raise
            return self._find_by_head(path)
        if item.etag is None and not item.is_folder:
            with suppress(Rejected, NotFound):
                etag = self.request("HEAD", quoted(path)).headers.get("etag")
                return item.model_copy(update={"etag": etag})
        return item

    def read(self, path: str) -> tuple[bytes, str | None]:
        """Return the content of a file and its etag."""
        content = BytesIO()
        etag = self._download(path, content, max_bytes=self._max_text)
        return content.getvalue(), etag

    def save(self, path: str, folder: Path) -> tuple[Path, str | None]:
        """Download into a new file in a folder; return its path and etag. A failure leaves no file."""
        with open_new(folder, Path(path).name) as file:
            target = Path(file.name)
            try:
                etag = self._download(path, file, max_bytes=self.max_file)
            except BaseException:
                target.unlink()
                raise
        return target, etag

    def store(
        self, path: str, content: bytes | BinaryIO, *, name: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send the content of a file, whose name decides its media type; explain a refusal by what is there."""
        kind = {"content-type": mimetypes.guess_type(name or path)[0] or "application/octet-stream"}
        with self._explaining(path):
            self.request("PUT", quoted(path), content=content, headers=kind | dict(headers or {}))

    def change(
        self, method: str, path: str, *, to: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Create a folder (MKCOL), or move, copy or delete an item; nothing is ever overwritten."""
        item, place = self.find(path), to or path
        if item is None and method != "MKCOL":
            raise NotFound(f"{path!r} does not exist on the share; list_folder() shows what does")
        if method != "DELETE" and (self.find(place) if to else item):
            code = "ALREADY_EXISTS" if method == "MKCOL" else "PRECONDITION_FAILED"
            raise Rejected(f"{method} {path}: {place!r} already exists", code=code)
        is_folder = item.is_folder if item else True
        self.transfer(method, path, to=to, is_folder=is_folder, headers=headers)

    def transfer(
        self,
        method: str,
        path: str,
        *,
        to: str | None = None,
        is_folder: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a change of which it is known whether it is of a folder: then the addresses need a slash."""
        target = {"destination": self.url + _address(to, is_folder=is_folder), "overwrite": "F"} if to else {}
        with self._explaining(to or path):
            answer = self.request(method, _address(path, is_folder=is_folder), headers={**target, **(headers or {})})
        if answer.status_code == 207:
            raise Rejected(f"{answer.request} was done only in part: check with list_folder()", code="PARTLY_DONE")

    def _propfind(self, path: str, address: str, *, depth: int) -> list[Item]:
        headers = {"depth": str(depth), "content-type": "application/xml"}
        answer = self.request("PROPFIND", address, content=QUESTION, headers=headers, repeatable=True)
        found = list(read_items(answer.body, root=self.url))
        if not found:
            raise NotFound(f"the server's response has no entry for {path!r}")
        return sorted(found, key=lambda item: (item.path != path, item.path))

    def _download(self, path: str, file: BinaryIO, *, max_bytes: int) -> str | None:
        """Read a file; where its server names no version with it, the version is that of just before."""
        found = self.download(quoted(path), file, max_bytes=max_bytes, patience=_DOWNLOAD_SECONDS)
        etag = found.headers.get("etag")
        if etag and not found.headers.get("content-type", "").startswith("text/html"):
            return etag
        item = self.find(path)
        if item and item.is_folder:  # what was read is a page that shows it
            raise InvalidInput(f"{path!r} is a folder; use list_folder()", details={"pointer": "/path"})
        if etag or item is None or item.etag is None:
            return etag
        file.seek(0)
        file.truncate()
        self.download(quoted(path), file, max_bytes=max_bytes, patience=_DOWNLOAD_SECONDS)
        return item.etag

    def _find_by_head(self, path: str) -> Item | None:
        """Find an item on a server that cannot list: it has only the methods that a part of WebDAV adds to HTTP."""
        head: Mapping[str, str] = {}
        try:
            head = self.request("HEAD", quoted(path)).headers
        except NotFound:
            return None
        except Rejected:
            if not self._is_folder(path):  # its page is forbidden
                raise
        return from_headers(path, head, is_folder="etag" not in head and self._is_folder(path))

    def _is_folder(self, path: str) -> bool:
        with suppress(Rejected):
            try:
                self.request("HEAD", _address(path, is_folder=True))
            except NotFound:
                return False
        return True

    @contextmanager
    def _explaining(self, path: str) -> Iterator[None]:
        """Replace an error that the server does not explain, if the reason is a folder that is there or is missing."""
        try:
            yield
        except WrenError as exc:
            if exc.code in _CLEAR or isinstance(exc, AuthFailed | RateLimited) or not _was_answered(exc):
                raise
            raise self._find_reason(path) or exc from exc.__cause__

    def _find_reason(self, path: str) -> WrenError | None:
        parent = path.rpartition("/")[0] or "/"
        with suppress(WrenError):
            if self.find(parent) is None:
                return NotFound(f"the parent folder {parent!r} does not exist; create it with mkdir()")
            item = self.find(path)
            if item and item.is_folder:
                return Rejected(f"{path!r} is a folder, and a file cannot replace it", code="IS_A_FOLDER")
        return None


def verdict(answer: Answer) -> WrenError | None:
    """Return the error for responses specific to WebDAV; None leaves the decision to the status."""
    method, status = answer.request.split()[0], str(answer.status_code)
    code, step = _REFUSALS.get(f"{method} {status}") or _REFUSALS.get(status) or ("", "")
    return Rejected(f"{answer.request}: {step}", code=code, details={"status": answer.status_code}) if code else None


def _address(path: str, *, is_folder: bool) -> str:
    return quoted(path) + ("/" if is_folder and path != "/" else "")


def _was_answered(exc: BaseException | None) -> bool:
    """Return whether a failure is a response of the server, and not one of the connection."""
    return exc is None or (isinstance(exc, WrenError) and _was_answered(exc.__cause__))
