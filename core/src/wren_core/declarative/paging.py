"""The next page of a paginated list. Pure."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from wren_core import json_pointer
from wren_core.contract.request_binding import Constant, Pagination
from wren_core.errors import Rejected

# The provider wrote the query of the next page: only characters that no address may hold are encoded.
_KEPT = "%/:=&?~+!$,;'@()*[]|-._"


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """The request for one page of a list."""

    place: str | int | None = None
    """Cursor, number or offset of the page; None for the first page of a list with cursors or links."""
    address: str | None = None
    """The address of the page, from the provider's answer."""
    size: int | None = None


def first_page(pagination: Pagination, *, wanted: int) -> PageRequest:
    """Return the first page of a list."""
    starts = {"page": 1, "offset": 0}
    begin = starts.get(pagination.kind)
    first = begin if pagination.first is None or begin is None else pagination.first
    return PageRequest(place=first, size=None if pagination.size is None else min(pagination.size, wanted))


def next_page(
    pagination: Pagination, page: PageRequest, document: Any, items: list[Any], link: str | None
) -> PageRequest | None:
    """Return the page after `page`, or None where the list ends; `link` is the next page of the Link header."""
    if not items or (pagination.more and not _is_true(json_pointer.find(document, pagination.more))):
        return None
    if pagination.kind == "link":
        said = _read_text(json_pointer.find(document, pagination.next)) if pagination.next else link
        return PageRequest(address=said, size=page.size) if said else None
    if pagination.kind == "cursor":
        cursor = _read_text(json_pointer.find(document, pagination.next))
        return PageRequest(place=cursor, size=page.size) if cursor and cursor != page.place else None
    if page.size is not None and len(items) < page.size and not pagination.more:
        return None
    step = 1 if pagination.kind == "page" else len(items)
    return PageRequest(place=int(page.place or 0) + step, size=page.size)


def page_constants(pagination: Pagination, page: PageRequest) -> tuple[Constant, ...]:
    """Return the query parameters of a page."""
    place = pagination.place
    named = [(pagination.parameter, page.place), (pagination.size_parameter, page.size)]
    return tuple(Constant(place=place, name=name, value=value) for name, value in named if name and value is not None)


def relative_address(base_url: str, path: str, address: str) -> tuple[str, str]:
    """Return path and encoded query of the next page's address, from the root of the API.

    Raises:
        Rejected: it is at another address; the credentials of this API are for this API only.
    """
    root = base_url.rstrip("/")
    whole = urlsplit(urljoin(root + path, address))
    mine = urlsplit(root)
    below = whole.path.removeprefix(mine.path) if whole.path.startswith(f"{mine.path}/") else ""
    is_here = (whole.scheme, whole.hostname, _port(whole)) == (mine.scheme, mine.hostname, _port(mine))
    if not is_here or not below or below.startswith("//") or {".", ".."} & set(below.split("/")):
        raise Rejected(f"the answer puts the next page at another address ({whole.scheme}://{whole.hostname})")
    return below, quote(whole.query, safe=_KEPT)


def _port(parts: Any) -> int | None:
    return parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _read_text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _is_true(value: Any) -> bool:
    return value is not json_pointer.MISSING and bool(value)
