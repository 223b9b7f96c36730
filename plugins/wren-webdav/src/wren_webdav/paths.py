"""Paths in the share: relative to its root, and never outside it."""

from urllib.parse import quote, unquote, urlsplit

from wren_core import InvalidInput


def normal(path: str, *, below_root: bool = False) -> str:
    """Return a path with a leading slash and no trailing slash; refuse a path that leaves the share."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or "\\" in path or not path.isprintable() or (below_root and not parts):
        raise InvalidInput(
            f"{path!r}: a path starts at the root of the share, without '..', backslashes or control characters"
        )
    return "/" + "/".join(parts)


def quoted(path: str) -> str:
    """Return a path quoted for a URL."""
    return quote(path, safe="/")


def from_href(href: str, root: str) -> str | None:
    """Return the path of a server's reference, or None if it is outside the share at `root`."""
    found, base = unquote(urlsplit(href).path).rstrip("/"), unquote(urlsplit(root).path).rstrip("/")
    inside = found == base or found.startswith(f"{base}/")
    return (found[len(base) :] or "/") if inside and ".." not in found.split("/") else None
