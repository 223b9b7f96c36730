"""What the methods return."""

from datetime import datetime
from typing import Annotated

from wren_core import Record


class Item(Record):
    """A file or a folder."""

    path: Annotated[str, "Where it is, from the root of the share: /reports/may.pdf"]
    name: Annotated[str, "Last part of the path"]
    is_folder: Annotated[bool, "A folder, not a file"]
    size: Annotated[int | None, "Bytes; null for a folder"]
    modified: Annotated[datetime | None, "When it was last changed"]
    etag: Annotated[str | None, "Names this version; pass it to write() to replace this version and no other"]
    content_type: Annotated[str | None, "Media type, such as text/plain"]


class Found(Record):
    """What a search came across."""

    items: Annotated[tuple[Item, ...], "Files and folders whose names fit"]
    truncated: Annotated[bool, "There may be more: the search ended at its limit; search a folder deeper down"]


class Text(Record):
    """A text file."""

    path: Annotated[str, "Where it is"]
    text: Annotated[str, "What it says"]
    etag: Annotated[str | None, "Names this version; pass it to write() to replace this version and no other"]


class Download(Record):
    """A file that was downloaded."""

    path: Annotated[str, "Where it is on the server"]
    file: Annotated[str, "Where it is on this machine"]
    size: Annotated[int, "Bytes"]
    etag: Annotated[str | None, "Names the version that was downloaded"]
