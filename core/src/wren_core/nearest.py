"""The nearest known name, and the hint that suggests it."""

from collections.abc import Iterable

# Comparing two texts takes time that is quadratic in their length; what is longer is not a mistyped name.
_LONGEST_NAME = 200


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None where none is similar."""
    return next(iter(list_nearest(name, known, limit=1)), None)


def list_nearest(name: str, known: Iterable[str], *, limit: int = 3, similarity: float = 0.6) -> list[str]:
    """List the known names that are similar to `name`, the most similar first.

    Args:
        name: the name that is unknown.
        known: the names that exist.
        limit: maximum number of returned names.
        similarity: from 0 (every name) to 1 (the same name only).
    """
    if len(name) > _LONGEST_NAME:
        return []
    from difflib import get_close_matches  # here: only an unknown name needs it

    usual = [item for item in known if len(item) <= _LONGEST_NAME]
    return get_close_matches(name, usual, n=limit, cutoff=similarity)


def suggest(nearest: str | None, *, otherwise: str) -> str:
    """Return the hint of an error: the nearest name as a question, or `otherwise` where there is none."""
    return f"did you mean {nearest!r}?" if nearest else otherwise
