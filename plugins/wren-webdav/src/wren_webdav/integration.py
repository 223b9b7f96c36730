"""WebDAV: the declaration, the configuration and the methods. All else about it is derived from this file."""

from collections import deque
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from wren_core import (
    CredentialSpec,
    CredentialType,
    CustomAuth,
    Integration,
    IntegrationSpec,
    InvalidInput,
    Rejected,
    UndoSpec,
    method,
)
from wren_webdav.parameters import Etag, File, Folder, Glob, Limit, Overwrite, Place, ShareConfig, Target, Where, Words
from wren_webdav.paths import normal
from wren_webdav.records import Download, Found, Item, Text

if TYPE_CHECKING:
    from wren_webdav.client import WebDAVClient

_BASIC = CredentialType.BASIC_AUTH
_MAX_FOLDERS = 200
_UNMOVE = UndoSpec(method="move", arguments={"path": "/output/path", "to": "/input/path"})
_UNMAKE = UndoSpec(method="delete", arguments={"path": "/output/path"})


class WebDAV(Integration):
    """Read, write and arrange the documents of a WebDAV share: Nextcloud, ownCloud, Apache and others."""

    spec = IntegrationSpec(
        name="webdav",
        display_name="WebDAV",
        type="documents",
        docs_url="https://www.rfc-editor.org/rfc/rfc4918",
        config_hosts=("{url}",),
        auth=CustomAuth(),
        credentials=(
            CredentialSpec(key="username", type=_BASIC, env_var="WEBDAV_USERNAME", description="Account", secret=False),
            CredentialSpec(key="password", type=_BASIC, env_var="WEBDAV_PASSWORD", description="Its password"),
        ),
    )
    Config = ShareConfig
    config: ShareConfig
    client: "WebDAVClient"

    def connect(self) -> "WebDAVClient":
        """Make the client; nothing is sent yet."""
        from wren_webdav.client import WebDAVClient  # here: it imports an HTTP library, which listing must not pay for

        return WebDAVClient(self.config, username=self.credentials["username"], password=self.credentials["password"])

    @method(example='webdav.list_folder("/reports")')
    def list_folder(self, path: Folder = "/", limit: Limit = 1000) -> list[Item]:
        """List the files and folders in a folder, by name."""
        here, *items = self.client.items(normal(path), depth=1)
        if not here.is_folder:
            raise InvalidInput(f"{path!r} is a file, not a folder; info() tells about it", details={"pointer": "/path"})
        return items[:limit]

    @method(example='print(webdav.info("/reports/may.txt").modified)')
    def info(self, path: Where) -> Item:
        """Tell about a file or folder: size, date, version."""
        return self.client.items(normal(path), depth=0)[0]

    @method(example='webdav.search("*.pdf", "/reports").items')
    def search(self, name: Glob, path: Folder = "/", limit: Limit = 100) -> Found:
        """Find files and folders by name, in a folder and all below it."""
        waiting, found, asked = deque([normal(path)]), list[Item](), 0
        while waiting and asked < _MAX_FOLDERS and len(found) < limit:
            asked, folder = asked + 1, waiting.popleft()
            inside = [item for item in self.client.items(folder, depth=1) if item.path != folder]
            found += [item for item in inside if fnmatch(item.name.lower(), name.lower())]
            waiting += [item.path for item in inside if item.is_folder and item.path.startswith(folder)]
        return Found(items=tuple(found[:limit]), truncated=bool(waiting) or len(found) > limit)

    @method(example='print(webdav.read("/reports/may.txt").text)')
    def read(self, path: Where) -> Text:
        """Read a text file; download() takes any file."""
        where = normal(path)
        content, etag = self.client.read(where)
        try:
            return Text(path=where, text=content.decode("utf-8-sig"), etag=etag)
        except UnicodeDecodeError as exc:
            raise Rejected(f"{where!r} is no text; fetch it with download()", code="NO_TEXT") from exc

    @method(example='print(webdav.download("/reports/may.txt", "downloads").file)')
    def download(self, path: Where, folder: Place) -> Download:
        """Save a file on this machine."""
        where = normal(path, below_root=True)
        file, etag = self.client.save(where, folder)
        return Download(path=where, file=str(file), size=file.stat().st_size, etag=etag)

    @method(effect="write", example='webdav.write("/reports/june.txt", "Nothing yet")')
    def write(self, path: Where, text: Words, etag: Etag = None, overwrite: Overwrite = False) -> Item:
        """Write a text file: a new one, or the version that was read."""
        return self.client.put(normal(path), text.encode(), etag=etag, overwrite=overwrite)

    @method(effect="write", example='webdav.upload("/reports/june.pdf", "june.pdf")')
    def upload(self, path: Where, file: File, etag: Etag = None, overwrite: Overwrite = False) -> Item:
        """Send a file of this machine: a new one, or in place of a version."""
        return self.client.send(normal(path), file, etag=etag, overwrite=overwrite)

    @method(effect="write", undo=_UNMAKE, example='webdav.mkdir("/archive")')
    def mkdir(self, path: Where) -> Item:
        """Make a folder, in a folder that is there."""
        return self._changed("MKCOL", path)

    @method(effect="write", undo=_UNMOVE, example='webdav.move("/reports/may.txt", "/may.txt")')
    def move(self, path: Where, to: Target) -> Item:
        """Move or rename a file, or a folder with all that is in it."""
        return self._changed("MOVE", path, to)

    @method(effect="write", undo=_UNMAKE, example='webdav.copy("/reports/may.txt", "/may.txt")')
    def copy(self, path: Where, to: Target) -> Item:
        """Copy a file, or a folder with all that is in it."""
        return self._changed("COPY", path, to)

    @method(effect="destructive", simulate="validate_only", example='webdav.delete("/reports/may.txt")')
    def delete(self, path: Where, etag: Etag = None) -> None:
        """Delete a file, or a folder with all that is in it."""
        self.client.change("DELETE", normal(path, below_root=True), etag=etag)

    def _changed(self, request: str, path: str, to: str | None = None) -> Item:
        where, target = normal(path, below_root=True), normal(to, below_root=True) if to is not None else None
        self.client.change(request, where, to=target)
        return self.client.items(target or where, depth=0)[0]
