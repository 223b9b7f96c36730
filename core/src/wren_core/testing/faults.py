"""What can go wrong with a provider, and how its fake is made to do it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RETRY_AFTER_SECONDS = 1234
"""Longer than any client waits by itself, so that it reaches the caller; too odd to be a guess."""
STALL_SECONDS = 1.5
"""How long a stalled fake says nothing. Clients whose limits are cut short have long given up by then."""
_ALWAYS = 1000


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to fail."""

    name: str
    strike: Callable[[Any, str, str], None]
    """Takes the fake, the part of the path to fail, and the credential."""
    quotes: bool = False
    """Whether the answer quotes the credential."""
    cuts_limits: bool = False
    """Whether clients must give up by themselves, so that their time limits are cut short."""


def _answers(status: int, *, headers: dict[str, str] | None = None, quotes: bool = False) -> Fault:
    def strike(fake: Any, path: str, credential: str) -> None:
        body = {"error": f"fault {status}{f': {credential}' if quotes else ''}"}
        fake.fail_next(status, times=_ALWAYS, path=path, headers=headers, body=body)

    return Fault(name=str(status), strike=strike, quotes=quotes)


def _hang_up(fake: Any, path: str, _credential: str) -> None:
    # Fakes without HTTP have no paths.
    fake.drop_next(times=_ALWAYS, **({"path": path} if path else {}))


def _stall(fake: Any, path: str, _credential: str) -> None:
    fake.delay_next(STALL_SECONDS, times=_ALWAYS, **({"path": path} if path else {}))


UNAUTHORIZED = _answers(401, quotes=True)
FORBIDDEN = _answers(403)
LIMITED = _answers(429, headers={"retry-after": str(RETRY_AFTER_SECONDS)})
BROKEN = _answers(500)
# The pause it asks for is none, so that whoever tries again does so at once.
DOWN = _answers(503, headers={"retry-after": "0"})
HANG_UP = Fault(name="hang-up", strike=_hang_up)
STALL = Fault(name="stall", strike=_stall, cuts_limits=True)

STATUS_FAULTS = (UNAUTHORIZED, FORBIDDEN, LIMITED, BROKEN, DOWN)
SILENT_FAULTS = (HANG_UP, STALL)
