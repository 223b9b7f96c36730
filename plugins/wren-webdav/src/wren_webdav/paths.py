"""Paths of the share: always from its root, never out of it."""

from urllib.parse import quote, unquote, urlsplit

from wren_core import InvalidInput


def normal(path: str, *, below_root: bool = False) -> str:
    """Return a path with one slash in front and none at its end; refuse what leads out of the share."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or "\\" in path or not path.isprintable() or (below_root and not parts):
        raise InvalidInput(f"{path!r}: a path goes down from the root of the share: no '..', backslash or control sign")
    return "/" + "/".join(parts)


def quoted(path: str) -> str:
    """Return a path as a URL has it."""
    return quote(path, safe="/")


def from_href(href: str, root: str) -> str | None:
    """Return the path a server means by a reference, or None where it lies outside of the share at `root`."""
    found, base = unquote(urlsplit(href).path).rstrip("/"), unquote(urlsplit(root).path).rstrip("/")
    inside = found == base or found.startswith(f"{base}/")
    return (found[len(base) :] or "/") if inside and ".." not in found.split("/") else None
