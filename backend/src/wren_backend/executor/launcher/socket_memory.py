"""How much memory the kernel holds for sockets, by inode, from its own tables (NETLINK_SOCK_DIAG)."""

import socket
import struct
from collections.abc import Iterator

_SOCK_DIAG = 4
_BY_FAMILY = 20
_REQUEST_DUMP = 0x301
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_RECEIVE_BYTES = 2**16
_ALL_STATES = 0xFFFFFFFF
# Of `struct sk_meminfo`: received, sent, queued for sending, options, backlog.
_COUNTED = (0, 2, 5, 6, 7)

_UNIX_SHOWN = 0x10 | 0x20
"""The queue of received bytes, and the memory."""
_UNIX_QUEUE, _UNIX_MEMORY = 4, 5
_INET_MEMORY = 7
_INET_SHOWN = 1 << (_INET_MEMORY - 1)


def read_socket_memory() -> dict[int, int]:
    """Return the bytes that each socket of this network namespace holds; empty where the kernel does not say."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
            found = dict(_dump_unix(kernel))
            for family in (socket.AF_INET, socket.AF_INET6):
                for protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
                    found.update(_dump_inet(kernel, family, protocol))
            return found
    except (OSError, AttributeError, struct.error):
        return {}


def _dump_unix(kernel: socket.socket) -> Iterator[tuple[int, int]]:
    request = struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, _ALL_STATES, 0, _UNIX_SHOWN, 0, 0)
    for body in _ask(kernel, request):
        (inode,) = struct.unpack_from("=I", body, 4)
        attributes = dict(_attributes(body[16:]))
        # What a closed socket sent is counted nowhere but in the queue of the one that has yet to read it.
        queued = struct.unpack_from("=I", attributes[_UNIX_QUEUE])[0] if _UNIX_QUEUE in attributes else 0
        yield inode, max(queued, _add_memory(attributes.get(_UNIX_MEMORY, b"")))


def _dump_inet(kernel: socket.socket, family: int, protocol: int) -> Iterator[tuple[int, int]]:
    request = struct.pack("=BBBBI48x", family, protocol, _INET_SHOWN, 0, _ALL_STATES)
    for body in _ask(kernel, request):
        (inode,) = struct.unpack_from("=I", body, 68)
        yield inode, _add_memory(dict(_attributes(body[72:])).get(_INET_MEMORY, b""))


def _add_memory(counters: bytes) -> int:
    return sum(struct.unpack_from("=I", counters, 4 * at)[0] for at in _COUNTED if 4 * at + 4 <= len(counters))


def _ask(kernel: socket.socket, request: bytes) -> Iterator[bytes]:
    """Send one request and return the bodies of all messages that answer it."""
    kernel.send(_HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, _REQUEST_DUMP, 1, 0) + request)
    while True:
        data, at = kernel.recv(_RECEIVE_BYTES), 0
        while at + _HEADER.size <= len(data):
            length, kind, *_ = _HEADER.unpack_from(data, at)
            if kind in (_DONE, _ERROR):
                return
            yield data[at + _HEADER.size : at + length]
            at += _align(length)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        yield kind, data[at + _ATTRIBUTE.size : at + length]
        at += max(_align(length), _ATTRIBUTE.size)


def _align(length: int) -> int:
    return (length + 3) & ~3
