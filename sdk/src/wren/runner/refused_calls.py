"""System calls that this process and all it starts may not make, given on the command line: `--refuse=49,240`.

Of a sandbox whose supervisor has to make such a call itself when it starts, only this side of it can refuse the call:
a filter that the supervisor installs would bind the supervisor too.
"""

import ctypes
import errno
import struct
from collections.abc import Sequence

_OPTION = "--refuse="
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def refuse_calls(arguments: Sequence[str]) -> None:
    """Refuse the calls that the arguments name, with EPERM, before any code of a script runs.

    Raises:
        OSError: the kernel did not take the filter; no script may run then.
    """
    numbers = [int(number) for text in arguments if text.startswith(_OPTION) for number in _split(text)]
    if not numbers:
        return
    code = build_filter(numbers)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "installing the filter of system calls failed")


def build_filter(numbers: Sequence[int]) -> bytes:
    """Return a program of seccomp that answers these calls with EPERM."""
    refusals = b"".join(
        _instruct(_JUMP_EQUAL, number, otherwise=1) + _instruct(_RETURN, _ERRNO | errno.EPERM) for number in numbers
    )
    return _instruct(_LOAD, 0) + refusals + _instruct(_RETURN, _ALLOW)


def _split(text: str) -> list[str]:
    return text.removeprefix(_OPTION).split(",")


def _instruct(code: int, value: int, *, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, 0, otherwise, value)
