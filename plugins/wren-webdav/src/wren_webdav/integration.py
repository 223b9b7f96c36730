"""WebDAV: the spec, the configuration and the methods. Wren derives everything else from this file."""

from collections import deque
from fnmatch import fnmatch

from wren_core import (
    CredentialSpec,
    CredentialType,
    CustomAuth,
    Integration,
    IntegrationSpec,
    InvalidInput,
    NotFound,
    Rejected,
    UndoSpec,
    method,
)
from wren_webdav import writing
from wren_webdav.client import WebDAVClient
from wren_webdav.parameters import Etag, File, Folder, Glob, Limit, Overwrite, Place, ShareConfig, Target, Where, Words
from wren_webdav.paths import normal
from wren_webdav.records import Download, Found, Item, Text

_BASIC = CredentialType.BASIC_AUTH
_MAX_FOLDERS = 200
_UNMOVE = UndoSpec(method="move", arguments={"path": "/output/path", "to": "/input/path"})
_UNMAKE = UndoSpec(method="delete", arguments={"path": "/output/path"})


class WebDAV(Integration):
    """Read, write and organise documents on a WebDAV share: Nextcloud, ownCloud, Apache and others."""

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
    client: WebDAVClient

    def connect(self) -> WebDAVClient:
        """Create the client, without sending a request."""
        return WebDAVClient(self.config, username=self.credentials["username"], password=self.credentials["password"])

    @method(example='webdav.list_folder("/reports")')
    def list_folder(self, path: Folder = "/", limit: Limit = 1000) -> list[Item]:
        """List the files and folders in a folder, sorted by name."""
        here, *items = self.client.children(normal(path))
        if not here.is_folder:
            raise InvalidInput(f"{path!r} is a file, not a folder; use info()", details={"pointer": "/path"})
        return items[:limit]

    @method(example='print(webdav.info("/reports/may.txt").modified)')
    def info(self, path: Where) -> Item:
        """Return the size, date and version of a file or folder."""
        return self._find(normal(path))

    @method(example='webdav.search("*.pdf", "/reports").items')
    def search(self, name: Glob, path: Folder = "/", limit: Limit = 100) -> Found:
        """Find files and folders by name, in a folder and its subfolders."""
        waiting, found, asked = deque([normal(path)]), list[Item](), 0
        while waiting and asked < _MAX_FOLDERS and len(found) < limit:
            asked, folder = asked + 1, waiting.popleft()
            inside = [item for item in self.client.children(folder) if item.path != folder]
            found += [item for item in inside if fnmatch(item.name.lower(), name.lower())]
            waiting += [item.path for item in inside if item.is_folder and item.path.startswith(folder)]
        return Found(items=tuple(found[:limit]), truncated=bool(waiting) or len(found) > limit)

    @method(example='print(webdav.read("/reports/may.txt").text)')
    def read(self, path: Where) -> Text:
        """Read a text file; use download() for any other file."""
        where = normal(path)
        content, etag = self.client.read(where)
        try:
            return Text(path=where, text=content.decode("utf-8-sig"), etag=etag)
        except UnicodeDecodeError as exc:
            raise Rejected(f"{where!r} is not text; use download()", code="NO_TEXT") from exc

    @method(example='print(webdav.download("/reports/may.txt", "downloads").file)')
    def download(self, path: Where, folder: Place) -> Download:
        """Download a file to this machine."""
        where = normal(path, below_root=True)
        file, etag = self.client.save(where, folder)
        return Download(path=where, file=str(file), size=file.stat().st_size, etag=etag)

    @method(effect="write", example='webdav.write("/reports/june.txt", "Nothing yet")')
    def write(self, path: Where, text: Words, etag: Etag = None, overwrite: Overwrite = False) -> Item:
        """Write a text file: create it, or replace the version that was read."""
        return writing.write(self.client, normal(path), text.encode(), etag=etag, overwrite=overwrite)

    @method(effect="write", example='webdav.upload("/reports/june.pdf", "june.pdf")')
    def upload(self, path: Where, file: File, etag: Etag = None, overwrite: Overwrite = False) -> Item:
        """Upload a file from this machine: create a new file, or replace a version."""
        return writing.upload(self.client, normal(path), file, etag=etag, overwrite=overwrite)

    @method(effect="write", undo=_UNMAKE, example='webdav.mkdir("/archive")')
    def mkdir(self, path: Where) -> Item:
        """Create a folder; its parent folder must exist."""
        return self._change("MKCOL", path)

    @method(effect="write", undo=_UNMOVE, example='webdav.move("/reports/may.txt", "/may.txt")')
    def move(self, path: Where, to: Target) -> Item:
        """Move or rename a file, or a folder with its content."""
        return self._change("MOVE", path, to)

    @method(effect="write", undo=_UNMAKE, example='webdav.copy("/reports/may.txt", "/may.txt")')
    def copy(self, path: Where, to: Target) -> Item:
        """Copy a file, or a folder with its content."""
        return self._change("COPY", path, to)

    @method(effect="destructive", simulate="validate_only", example='webdav.delete("/reports/may.txt")')
    def delete(self, path: Where, etag: Etag = None) -> None:
        """Delete a file, or a folder with its content."""
        writing.delete(self.client, normal(path, below_root=True), etag=etag)

    def _change(self, request: str, path: str, to: str | None = None) -> Item:
        where, target = normal(path, below_root=True), normal(to, below_root=True) if to is not None else None
        self.client.change(request, where, to=target)
        return self._find(target or where)

    def _find(self, where: str) -> Item:
        item = self.client.find(where)
        if item is None:
            raise NotFound(f"{where!r} does not exist on the share; list_folder() shows what does")
        return item
