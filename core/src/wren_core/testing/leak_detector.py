"""Find secrets in what an integration shows: its logs, its output, its errors and their tracebacks."""

import io
import json
import logging
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from wren_core.errors import WrenError
from wren_core.testing.calls import Leak
from wren_core.testing.leaks import find_leak


class LeakDetector:
    """Collects the places in which a secret was found.

    Args:
        secrets: what to look for; may grow.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        self.leaks: list[Leak] = []
        self._secrets = secrets

    def check_text(self, place: str, text: str) -> None:
        """Look for secrets in a text; `place` is where the text comes from."""
        form = find_leak(text, self._secrets)
        if form is not None:
            self.leaks.append(Leak(place=place, form=form))

    def check_error(self, call: str, error: Exception, *, is_quoted: bool = False) -> None:
        """Look for secrets in all that a host may show or log of an error.

        Args:
            call: what raised it.
            error: the error.
            is_quoted: the provider's answer contained the secret. What a host shows must hide it even then; the
                traceback, which only the log shows, may hold the provider's own words.
        """
        kind = type(error).__name__
        self.check_text(f"the message of {kind} from {call}", f"{error}\n{error!r}")
        if isinstance(error, WrenError):
            self.check_text(f"the details of {kind} from {call}", json.dumps(error.to_wire(), default=repr))
        if not is_quoted:
            self.check_text(f"the traceback of {call}", "".join(traceback.format_exception(error)))

    @contextmanager
    def check_output(self, call: str, *, is_quoted: bool = False) -> Iterator[None]:
        """Look for secrets in what the block logs, at any level, and prints.

        Args:
            call: what the block does.
            is_quoted: the provider's answer contained the secret, so that its log may.
        """
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
                self.check_text(f"the log of {call}", out.getvalue())
