"""Whom the code of an integration contacts, as Python's own audit events tell it.

An audit hook stays for the life of the process, so there is one, which does nothing unless somebody watches.
"""

import ipaddress
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_watchers: list["Contacts"] = []
_hooked: list[bool] = []


class Contacts:
    """What was contacted while somebody watched.

    Args:
        is_allowed: tells of `host:port` whether it may be contacted.
    """

    def __init__(self, is_allowed: Callable[[str], bool]) -> None:
        self.met: list[str] = []
        """Places that may be contacted, and were."""
        self.strangers: list[str] = []
        """Places that may not; they were not reached."""
        self._is_allowed = is_allowed

    def meet(self, place: str) -> None:
        """Note a place.

        Raises:
            ConnectionRefusedError: it may not be contacted; a check sends nothing to the world.
        """
        if not self._is_allowed(place):
            self.strangers.append(place)
            raise ConnectionRefusedError(f"{place} is not the fake provider, and a check contacts nothing else")
        self.met.append(place)


@contextmanager
def watched(is_allowed: Callable[[str], bool]) -> Iterator[Contacts]:
    """Note every contact any thread makes in the block, and refuse those that are not allowed."""
    contacts = Contacts(is_allowed)
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)
    _watchers.append(contacts)
    try:
        yield contacts
    finally:
        _watchers.remove(contacts)


def is_loopback(place: str) -> bool:
    """Tell whether a host, or `host:port`, is this machine."""
    host = place.rpartition(":")[0] or place
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watchers or not event.startswith("socket."):
        return
    if event == "socket.connect" and isinstance(arguments[1], tuple):  # else a path, or the kernel
        _meet(f"{_name(arguments[1][0])}:{arguments[1][1]}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        # A name that is an address, or this machine, asks nobody; where it leads is seen when it is connected to.
        port = f":{arguments[1]}" if event == "socket.getaddrinfo" else ":"
        place = _name(arguments[0] or "localhost") + port
        if not is_loopback(place):
            _meet(place)


def _meet(place: str) -> None:
    for contacts in tuple(_watchers):
        contacts.meet(place)


def _name(host: Any) -> str:
    return host.decode("idna", "replace") if isinstance(host, bytes) else str(host)
