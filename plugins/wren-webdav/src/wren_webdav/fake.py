"""A WebDAV share in memory, for tests without a server: files, folders, versions and conditions.

Example:
    fake = FakeWebDAV()
    with serve(fake) as url:
        webdav = WebDAV.create(fake.configuration(url), credentials=fake.credentials())
        webdav.write("/notes.txt", "Hello")
    assert fake.files["/notes.txt"] == b"Hello"
"""

import base64
import hashlib
import mimetypes
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, route

_ROOT = "/dav"


class FakeWebDAV(FakeProvider):
    """A share with a folder `/reports` and two files in it.

    Args:
        username: user name of the account.
        password: its password.
    """

    name: ClassVar[str] = "webdav"

    def __init__(self, *, username: str = "alice", password: str = "fake-password") -> None:  # noqa: S107 - a fake
        super().__init__()
        self.username, self.password = username, password
        self.folders = {"/", "/reports"}
        self.files = {"/reports/april.txt": b"Nothing sold.\n", "/reports/may.txt": b"Sold: 3\n"}
        self._changed_at = dict.fromkeys([*self.folders, *self.files], datetime(2026, 5, 31, 12, tzinfo=UTC))

    def configuration(self, url: str) -> dict[str, Any]:
        """Return the configuration for connecting to this fake at `url`."""
        return {"url": f"{url}{_ROOT}"}

    def credentials(self) -> dict[str, str]:
        """Return the user name and password."""
        return {"username": self.username, "password": self.password}

    def etag(self, path: str) -> str:
        """Return the etag of the current version of a file."""
        return f'"{hashlib.sha256(path.encode() + self.files[path]).hexdigest()[:16]}"'

    def refusal(self, request: FakeRequest) -> FakeResponse | None:
        """Refuse a request without valid user name and password."""
        expected = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        if request.headers.get("authorization") == f"Basic {expected}":
            return None
        return FakeResponse(status=401, body="Unauthorized", headers={"www-authenticate": 'Basic realm="fake"'})

    @route("PROPFIND", _ROOT + "{path*}")
    def propfind(self, request: FakeRequest) -> FakeResponse:
        """Return the properties of an item and of its children."""
        path = _path(request)
        if path not in self.folders and path not in self.files:
            return _status(404)
        below = [item for item in [*self.folders, *self.files] if item != path and _parent(item) == path]
        shown = [path, *below] if request.headers.get("depth") == "1" else [path]
        answers = "".join(self._describe_item(item) for item in shown)
        body = f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{answers}</d:multistatus>'
        return FakeResponse(status=207, body=body.encode(), headers={"content-type": "application/xml"})

    @route("GET", _ROOT + "{path*}")
    def get(self, request: FakeRequest) -> FakeResponse:
        """Return the content of a file."""
        path = _path(request)
        if path not in self.files:
            return _status(405 if path in self.folders else 404)
        return FakeResponse(body=self.files[path], headers={"etag": self.etag(path)})

    @route("PUT", _ROOT + "{path*}")
    def put(self, request: FakeRequest) -> FakeResponse:
        """Write a file."""
        path = _path(request)
        if path in self.folders or _parent(path) not in self.folders:
            return _status(405 if path in self.folders else 409)
        if not self._meets(path, request):
            return _status(412)
        created = path not in self.files
        self.files[path], self._changed_at[path] = request.body, datetime.now(UTC)
        return FakeResponse(status=201 if created else 204, headers={"etag": self.etag(path)})

    @route("MKCOL", _ROOT + "{path*}")
    def mkcol(self, request: FakeRequest) -> FakeResponse:
        """Create a folder."""
        path = _path(request)
        if path in self.folders or path in self.files:
            return _status(405)
        if _parent(path) not in self.folders:
            return _status(409)
        self.folders.add(path)
        self._changed_at[path] = datetime.now(UTC)
        return _status(201)

    @route("MOVE", _ROOT + "{path*}")
    def move(self, request: FakeRequest) -> FakeResponse:
        """Move an item with its content."""
        done: FakeResponse = self.copy(request)
        if done.status == 201:
            self._remove(_path(request))
        return done

    @route("COPY", _ROOT + "{path*}")
    def copy(self, request: FakeRequest) -> FakeResponse:
        """Copy an item with its content."""
        path = _path(request)
        target = _path(FakeRequest(method="", path=unquote(urlsplit(request.headers["destination"]).path)))
        items = list(self._tree(path))
        if not items:
            return _status(404)
        if target in self.folders or target in self.files:
            return _status(412)
        if _parent(target) not in self.folders:
            return _status(409)
        for item in items:
            place = target + item[len(path) :]
            self._changed_at[place] = self._changed_at[item]
            if item in self.files:
                self.files[place] = self.files[item]
            else:
                self.folders.add(place)
        return _status(201)

    @route("DELETE", _ROOT + "{path*}")
    def delete(self, request: FakeRequest) -> FakeResponse:
        """Delete an item with its content."""
        path = _path(request)
        if path not in self.folders and path not in self.files:
            return _status(404)
        if not self._meets(path, request):
            return _status(412)
        self._remove(path)
        return _status(204)

    def _tree(self, path: str) -> Iterator[str]:
        return (item for item in [*self.folders, *self.files] if item == path or item.startswith(f"{path}/"))

    def _remove(self, path: str) -> None:
        for item in list(self._tree(path)):
            self.folders.discard(item)
            self.files.pop(item, None)

    def _meets(self, path: str, request: FakeRequest) -> bool:
        present = self.etag(path) if path in self.files else None
        wanted, unwanted = request.headers.get("if-match"), request.headers.get("if-none-match")
        return (wanted is None or wanted == present) and not (unwanted == "*" and present)

    def _describe_item(self, path: str) -> str:
        facts = {"getlastmodified": format_datetime(self._changed_at[path], usegmt=True)}
        if path in self.files:
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            size = str(len(self.files[path]))
            facts |= {"getcontentlength": size, "getetag": self.etag(path), "getcontenttype": kind}
        found = "".join(f"<d:{name}>{escape(value)}</d:{name}>" for name, value in facts.items())
        kind = "<d:collection/>" if path in self.folders else ""
        props = f"<d:prop><d:resourcetype>{kind}</d:resourcetype>{found}</d:prop><d:status>HTTP/1.1 200 OK</d:status>"
        return f"<d:response><d:href>{quote(_ROOT + path)}</d:href><d:propstat>{props}</d:propstat></d:response>"


def _path(request: FakeRequest) -> str:
    return "/" + request.path.removeprefix(_ROOT).strip("/")


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _status(status: int) -> FakeResponse:
    return FakeResponse(status=status, body=f"fake share: {status}" if status >= 400 else None)
