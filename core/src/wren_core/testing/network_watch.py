"""Which network addresses code connects to, from the audit events of Python.

An audit hook stays for the life of the process, so there is one, which does nothing while no block watches.
"""

import ipaddress
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_watches: list["WatchedAddresses"] = []
_hooked: list[bool] = []


class WatchedAddresses:
    """The addresses that were contacted during a watch.

    Args:
        is_allowed: tells whether `host:port` may be contacted.
    """

    def __init__(self, is_allowed: Callable[[str], bool]) -> None:
        self.allowed: list[str] = []
        """Allowed addresses that were contacted."""
        self.refused: list[str] = []
        """Other addresses that the code tried to contact; no connection was made."""
        self._is_allowed = is_allowed

    def record(self, address: str) -> None:
        """Record an attempt to contact an address.

        Raises:
            ConnectionRefusedError: it is not allowed; a check sends nothing to the real world.
        """
        if not self._is_allowed(address):
            self.refused.append(address)
            raise ConnectionRefusedError(f"{address} is not the fake provider, and a check contacts nothing else")
        self.allowed.append(address)


@contextmanager
def watch_connections(is_allowed: Callable[[str], bool]) -> Iterator[WatchedAddresses]:
    """Record every connection that any thread makes in the block, and refuse those that are not allowed."""
    addresses = WatchedAddresses(is_allowed)
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)
    _watches.append(addresses)
    try:
        yield addresses
    finally:
        _watches.remove(addresses)


def is_loopback(address: str) -> bool:
    """Tell whether a host, or `host:port`, is this machine."""
    host = address.rpartition(":")[0] or address
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watches or not event.startswith("socket."):
        return
    if event == "socket.connect" and isinstance(arguments[1], tuple):  # else a Unix socket, or the kernel
        _record(f"{_host_text(arguments[1][0])}:{arguments[1][1]}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        # Looking up an address, or this machine, sends nothing; the connection that follows is recorded separately.
        port = f":{arguments[1]}" if event == "socket.getaddrinfo" else ":"
        address = _host_text(arguments[0] or "localhost") + port
        if not is_loopback(address):
            _record(address)


def _record(address: str) -> None:
    for addresses in tuple(_watches):
        addresses.record(address)


def _host_text(host: Any) -> str:
    return host.decode("idna", "replace") if isinstance(host, bytes) else str(host)
