"""The faults of a provider, and how to inject them into its fake."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wren_core.testing.tcp_provider import FakeTcpProvider

RETRY_AFTER_SECONDS = 1234
"""Longer than any client waits automatically, so that it reaches the caller, and an unusual number."""
STALL_SECONDS = 1.5
"""How long a stalled fake delays its answer; clients with shortened time limits give up long before."""
_ALWAYS = 1000


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to fail."""

    name: str
    inject: Callable[[Any, str, str], bool]
    """Takes the fake, the part of the path to fail, and the credential; False where the fake cannot fail so."""
    quotes_credential: bool = False
    """Whether the answer contains the credential."""
    needs_short_limits: bool = False
    """Whether the client must give up, so that a check shortens its time limits."""


def _answer(status: int, *, headers: dict[str, str] | None = None, quotes_credential: bool = False) -> Fault:
    def inject(fake: Any, path: str, credential: str) -> bool:
        body = {"error": f"fault {status}{f': {credential}' if quotes_credential else ''}"}
        if isinstance(fake, FakeTcpProvider):
            return fake.answer_status(status, times=_ALWAYS)
        fake.fail_next(status, times=_ALWAYS, path=path, headers=headers, body=body)
        return True

    return Fault(name=str(status), inject=inject, quotes_credential=quotes_credential)


def _hang_up(fake: Any, path: str, _credential: str) -> bool:
    # Fakes without HTTP have no paths.
    fake.drop_next(times=_ALWAYS, **({"path": path} if path else {}))
    return True


def _stall(fake: Any, path: str, _credential: str) -> bool:
    fake.delay_next(STALL_SECONDS, times=_ALWAYS, **({"path": path} if path else {}))
    return True


UNAUTHORIZED = _answer(401, quotes_credential=True)
FORBIDDEN = _answer(403)
LIMITED = _answer(429, headers={"retry-after": str(RETRY_AFTER_SECONDS)})
BROKEN = _answer(500)
# A pause of zero seconds: a client that retries does so at once.
DOWN = _answer(503, headers={"retry-after": "0"})
HANG_UP = Fault(name="hang-up", inject=_hang_up)
STALL = Fault(name="stall", inject=_stall, needs_short_limits=True)

STATUS_FAULTS = (UNAUTHORIZED, FORBIDDEN, LIMITED, BROKEN, DOWN)
SILENT_FAULTS = (HANG_UP, STALL)
