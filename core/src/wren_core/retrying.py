"""When a request is sent again: after a refusal because of its rate, and a read also after another transient failure.

A provider that refuses a request because of its rate has done nothing, so that waiting and sending it again is safe for
writes, too. Any other failure of a write may hide that it was done; it is never sent twice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from wren_core.errors import RateLimited, TransientError

T = TypeVar("T")

WAIT_SECONDS = 20.0
"""Total of the pauses of one request that providers ask for; a longer pause goes to the caller."""
RETRY_SECONDS = 5.0
"""Time after the first attempt in which a read is tried again."""
READ_RETRIES = 2
_FIRST_PAUSE = 0.5


@dataclass(kw_only=True)
class Attempts:
    """The attempts of one request so far.

    Args:
        repeatable: sending it twice has the effect of sending it once.
        wait_seconds: total of the pauses after refusals because of the rate.
    """

    repeatable: bool
    wait_seconds: float = WAIT_SECONDS
    waited: float = field(default=0.0, init=False)
    limited: int = field(default=0, init=False)
    failed: int = field(default=0, init=False)

    def pause_after(self, error: TransientError, *, elapsed: float) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up.

        Args:
            error: how the last attempt failed.
            elapsed: seconds since the first attempt began.
        """
        if isinstance(error, RateLimited) and error.nothing_done:
            pause = error.retry_after or _FIRST_PAUSE * 2**self.limited
            self.limited, self.waited = self.limited + 1, self.waited + pause
            return pause if self.waited <= self.wait_seconds else None
        if not self.repeatable or self.failed == READ_RETRIES:
            return None
        pause = _FIRST_PAUSE * 2**self.failed if error.retry_after is None else error.retry_after
        self.failed += 1
        return pause if elapsed + pause <= RETRY_SECONDS else None


def send_again(send: Callable[[], T], attempts: Attempts, *, sleep: Callable[[float], None] | None = None) -> T:
    """Send a request until it succeeds, fails permanently, or may not be sent again.

    Args:
        send: sends it once; raises the verdict.
        attempts: decides about the next attempt.
        sleep: waits between two attempts; by default `time.sleep`.

    Raises:
        WrenError: the verdict for the last attempt.
    """
    started, is_unsure = time.monotonic(), False
    while True:
        try:
            return send()
        except TransientError as exc:
            is_unsure = is_unsure or not exc.nothing_done
            pause = attempts.pause_after(exc, elapsed=time.monotonic() - started)
            if pause is None:
                exc.nothing_done = not is_unsure  # an earlier attempt may have been carried out
                raise
        (time.sleep if sleep is None else sleep)(pause)
