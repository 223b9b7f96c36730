"""Results of the methods."""

from datetime import datetime
from typing import Annotated

from wren_core import Record


class Item(Record):
    """A file or a folder."""

    path: Annotated[str, "Path from the root of the share, such as /reports/may.pdf"]
    name: Annotated[str, "Last part of the path"]
    is_folder: Annotated[bool, "Whether it is a folder"]
    size: Annotated[int | None, "Size in bytes; null for a folder"]
    modified: Annotated[datetime | None, "Time of the last change"]
    etag: Annotated[str | None, "Id of this version; pass it to write() to replace only this version"]
    content_type: Annotated[str | None, "Media type, such as text/plain"]


class Found(Record):
    """The result of a search."""

    items: Annotated[tuple[Item, ...], "Files and folders whose names match"]
    truncated: Annotated[bool, "Whether the search ended at a limit and there may be more: search a subfolder"]


class Text(Record):
    """A text file."""

    path: Annotated[str, "Path of the file"]
    text: Annotated[str, "Text of the file"]
    etag: Annotated[str | None, "Id of this version; pass it to write() to replace only this version"]


class Download(Record):
    """A file that was downloaded."""

    path: Annotated[str, "Path on the server"]
    file: Annotated[str, "Path on this machine"]
    size: Annotated[int, "Bytes"]
    etag: Annotated[str | None, "Id of the downloaded version"]
