"""Parse the response to PROPFIND, a multistatus document of RFC 4918, into items. Pure functions."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from wren_core import Unavailable
from wren_webdav.paths import from_href
from wren_webdav.records import Item

_D = "{DAV:}"
_ASKED = ("resourcetype", "getcontentlength", "getlastmodified", "getetag", "getcontenttype")
QUESTION = f'<propfind xmlns="DAV:"><prop>{"".join(f"<{name}/>" for name in _ASKED)}</prop></propfind>'.encode()


class _Tree(TreeBuilder):
    """Refuses document types, and so entities, which can expand without limit or be fetched from elsewhere."""

    def doctype(self, *_: str | None) -> NoReturn:
        raise ParseError("a document type is not allowed")


def read_items(document: bytes, *, root: str) -> Iterator[Item]:
    """Yield the items of a multistatus document, except those outside the share at `root`."""
    parser = XMLParser(target=_Tree())  # noqa: S314 - see _Tree
    try:
        parser.feed(document)
        answers = parser.close().findall(f"{_D}response")
    except ParseError as exc:
        raise Unavailable(f"the response is not a WebDAV listing; check `url` ({exc})") from exc
    for answer in answers:
        path = from_href(answer.findtext(f"{_D}href", "").strip(), root)
        if path is not None:
            yield _item(path, answer)


def from_headers(path: str, head: Mapping[str, str], *, is_folder: bool) -> Item:
    """Return what the headers of a response to HEAD say of an item."""
    size = head.get("content-length", "")
    return Item(
        path=path,
        name=path.rpartition("/")[2],
        is_folder=is_folder,
        size=int(size) if size.isdecimal() and not is_folder else None,
        modified=_moment(head.get("last-modified", "")),
        etag=None if is_folder else head.get("etag"),
        content_type=None if is_folder else head.get("content-type"),
    )


def _item(path: str, answer: Element) -> Item:
    found: dict[str, Element] = {}
    for group in answer.findall(f"{_D}propstat"):
        if " 200" in group.findtext(f"{_D}status", ""):
            found |= {item.tag.removeprefix(_D): item for item in group.findall(f"{_D}prop/*")}
    texts = {name: (item.text or "").strip() for name, item in found.items()}
    is_folder = "resourcetype" in found and found["resourcetype"].find(f"{_D}collection") is not None
    size, etag = texts.get("getcontentlength", ""), texts.get("getetag", "")
    if etag and not etag.endswith('"'):
        etag = f'"{etag}"'  # some servers omit the quotes here, but require them in headers
    return Item(
        path=path,
        name=path.rpartition("/")[2],
        is_folder=is_folder,
        size=int(size) if size.isdecimal() and not is_folder else None,
        modified=_moment(texts.get("getlastmodified", "")),
        etag=etag or None,
        content_type=texts.get("getcontenttype") or None,
    )


def _moment(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header)
    except ValueError:
        return None
