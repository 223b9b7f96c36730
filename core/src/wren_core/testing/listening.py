"""Listening for secrets: in what is logged and printed, in errors and in what stands behind them."""

import io
import json
import logging
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from wren_core.errors import WrenError
from wren_core.testing.calls import Leak
from wren_core.testing.leaks import find_leak


class Listener:
    """Notes every secret it hears.

    Args:
        secrets: what to listen for; may grow.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        self.leaks: list[Leak] = []
        self._secrets = secrets

    def hear(self, place: str, text: str) -> None:
        """Look at a text."""
        form = find_leak(text, self._secrets)
        if form is not None:
            self.leaks.append(Leak(place=place, form=form))

    def hear_error(self, call: str, error: Exception, *, is_quoted: bool = False) -> None:
        """Look at all that a host may show or write down of an error.

        Args:
            call: what raised it.
            error: the error.
            is_quoted: the provider itself said the secret. What a host shows must hide it even then; what stands
                behind the error, for the log, is the provider's own words.
        """
        self.hear(f"the message of {type(error).__name__} from {call}", f"{error}\n{error!r}")
        if isinstance(error, WrenError):
            self.hear(f"the details of {type(error).__name__} from {call}", json.dumps(error.to_wire(), default=repr))
        if not is_quoted:
            self.hear(f"the traceback of {call}", "".join(traceback.format_exception(error)))

    @contextmanager
    def during(self, call: str, *, is_quoted: bool = False) -> Iterator[None]:
        """Listen to what is logged, at any level, and printed in the block; not where the provider said the secret."""
        root, out = logging.getLogger(), io.StringIO()
        handler, level = logging.StreamHandler(out), root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            with redirect_stdout(out), redirect_stderr(out):
                yield
        finally:
            root.setLevel(level)
            root.removeHandler(handler)
            if not is_quoted:
                self.hear(f"the log of {call}", out.getvalue())
