"""Finds secrets in bytes, in time that grows with the bytes alone. Pure.

Looking for each of some hundred forms costs a pass each. One look at every sixth place comes first: a form of 11 or
more bytes, wherever it lies, covers one of these places with six bytes of its beginning, and ordinary text has none of
them.
"""

from collections.abc import Iterable, Iterator

WINDOW = 6
"""So many bytes of a secret reveal that it is one."""
# The least length of which every place holds a whole window at a multiple of six.
_ALIGNED = 2 * WINDOW - 1
# Above this, passes of the C library are faster than a look at every place.
_SHORT_TEXT = 512


class SecretSearch:
    """Looks for a fixed set of forms, in lower case, in bytes of any case."""

    def __init__(self, forms: Iterable[bytes]) -> None:
        self.forms = frozenset(forms)
        self.longest = max(map(len, self.forms), default=0)
        self._heads: dict[bytes, list[bytes]] = {}
        for form in self.forms:
            self._heads.setdefault(form[:WINDOW], []).append(form)
        self._starts = frozenset(form[:size] for form in self.forms for size in range(1, WINDOW))
        self._windows = frozenset(form[at : at + WINDOW] for form in self.forms for at in range(WINDOW))
        self._few = tuple(form for form in self.forms if len(form) < _ALIGNED)

    def find(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Return where forms begin and end: leftmost first, of two that begin together the longer, none overlapping."""
        lower = data.lower()
        if not self._may_contain(lower):
            return
        following = {form: at for form in self.forms if (at := lower.find(form)) >= 0}
        while following:
            start = min(following.values())
            end = start + max(len(form) for form, at in following.items() if at == start)
            yield start, end
            for form in [form for form, at in following.items() if at < end]:
                following[form] = lower.find(form, end)
                if following[form] < 0:
                    del following[form]

    def find_begun(self, data: bytes) -> int:
        """Return where the last form that `data` breaks off begins, or the length of `data`."""
        tail = data[max(0, len(data) - self.longest + 1) :].lower()
        missing = len(data) - len(tail)
        for at in range(len(tail)):
            window = tail[at : at + WINDOW]
            if len(window) < WINDOW:
                if window in self._starts:
                    return missing + at
            elif any(len(form) > len(tail) - at and form.startswith(tail[at:]) for form in self._heads.get(window, ())):
                return missing + at
        return len(data)

    def _may_contain(self, lower: bytes) -> bool:
        if len(lower) <= _SHORT_TEXT:
            return any(lower[at : at + WINDOW] in self._heads for at in range(len(lower) - WINDOW + 1))
        if any(form in lower for form in self._few):
            return True
        return any(lower[at : at + WINDOW] in self._windows for at in range(0, len(lower), WINDOW))
