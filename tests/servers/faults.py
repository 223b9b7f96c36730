"""The faults that a proxy can inject into a request."""

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response for the client."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """After an optional wait, a request is answered by the proxy, dropped, or passed on without its response."""

    seconds: float = 0.0
    until: threading.Event | None = None
    answer: Answer | None = None
    reaches_upstream: bool = True
    reaches_client: bool = True


def answering(status: int, body: bytes = b"{}", **headers: str) -> Fault:
    """Answer instead of the upstream; `Retry_After="1"` becomes the header `Retry-After: 1`."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    answer = Answer(status=status, headers=(("Content-Type", "application/json"), *named), body=body)
    return Fault(answer=answer, reaches_upstream=False)


def delayed(seconds: float) -> Fault:
    """Pass the request on after a pause."""
    return Fault(seconds=seconds)


def held(until: threading.Event) -> Fault:
    """Hold the request until the test sets the event."""
    return Fault(until=until)


def dropped() -> Fault:
    """Close the connection before the request reaches the upstream."""
    return Fault(reaches_upstream=False, reaches_client=False)


def losing_the_answer() -> Fault:
    """Pass the request on, then close the connection instead of returning the response."""
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
    """The faults of the next requests, by path; can be changed while requests are in progress."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault, *, path: str, method: str | None, times: int | None) -> None:
        with self._lock:
            self._rules.append(_Rule(fault, path, method, times))

    def take(self, method: str, path: str) -> Fault:
        """Return the first remaining fault for such a request and count it as used, or no fault."""
        with self._lock:
            rule = next((rule for rule in self._rules if rule.takes(method, path)), None)
            if rule is None:
                return Fault()
            if rule.remaining is not None:
                rule.remaining -= 1
            return rule.fault
