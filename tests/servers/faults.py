"""The faults a proxy can play: what becomes of one request."""

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response, as the client is to see it."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """After a wait a request is answered on the spot, or goes its way and loses one half of it."""

    seconds: float = 0.0
    until: threading.Event | None = None
    answer: Answer | None = None
    reaches_upstream: bool = True
    reaches_client: bool = True


def answering(status: int, body: bytes = b"{}", **headers: str) -> Fault:
    """Answer in the upstream's place; `Retry_After="1"` becomes the header `Retry-After: 1`."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    answer = Answer(status=status, headers=(("Content-Type", "application/json"), *named), body=body)
    return Fault(answer=answer, reaches_upstream=False)


def delayed(seconds: float) -> Fault:
    """Pass the request on after a pause."""
    return Fault(seconds=seconds)


def held(until: threading.Event) -> Fault:
    """Keep the request back until the test sets the event."""
    return Fault(until=until)


def dropped() -> Fault:
    """Close the connection before the upstream hears of the request."""
    return Fault(reaches_upstream=False, reaches_client=False)


def losing_the_answer() -> Fault:
    """Let the upstream act on the request, then close the connection instead of answering."""
    return Fault(reaches_client=False)


@dataclass
class _Rule:
    fault: Fault
    path: str
    method: str | None
    remaining: int | None

    def takes(self, method: str, path: str) -> bool:
        return self.remaining != 0 and self.method in (None, method) and fnmatchcase(path, self.path)


class FaultPlan:
    """Which fault the next request of a path gets; safe to change while requests are under way."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault, *, path: str, method: str | None, times: int | None) -> None:
        with self._lock:
            self._rules.append(_Rule(fault, path, method, times))

    def take(self, method: str, path: str) -> Fault:
        """Return the first fault that still waits for such a request, used up by one; no fault at all otherwise."""
        with self._lock:
            rule = next((rule for rule in self._rules if rule.takes(method, path)), None)
            if rule is None:
                return Fault()
            if rule.remaining is not None:
                rule.remaining -= 1
            return rule.fault
