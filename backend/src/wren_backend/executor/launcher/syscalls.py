"""System calls that a script is denied in addition to those its sandbox refuses.

Landlock guards the contents of files, not their metadata, and does not protect other processes of the same user:
without these rules a script could `chmod` the platform's database or set a resource limit on its worker.
"""

import ctypes
import platform
import struct
from collections.abc import Iterator

DENIED = (
    # Ownership and attributes of files the sandbox may not even read.
    *("chown", "fchown", "lchown", "fchownat", "file_setattr"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat"),
    *("removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
    *("getxattr", "lgetxattr", "fgetxattr", "getxattrat"),
    # Watching folders that belong to others.
    *("inotify_add_watch", "fanotify_mark"),
    # A listening socket can leak data just as a connection can.
    *("listen", "accept", "accept4"),
    # Memory that no process maps does not count towards the memory limit.
    *("memfd_create", "memfd_secret"),
    # Other processes of the same user.
    *("setpriority", "ioprio_set", "process_madvise", "process_mrelease"),
    # The kernel's log.
    "syslog",
)
"""Refused with EPERM; sandlock resolves the names for the machine it runs on."""

_NUMBERS = {
    "x86_64": {
        "ignored": (90, 91, 268, 452, 132, 235, 261, 280),
        "refused": (240, 241, 242, 243, 244, 245),
        "own_process_only": (302, 203, 142, 144, 314),
        "refused_in_runner": (49,),
        "fcntl": (72,),
    },
    "aarch64": {
        "ignored": (52, 53, 452, 88),
        "refused": (180, 181, 182, 183, 184, 185),
        "own_process_only": (261, 122, 118, 119, 274),
        "refused_in_runner": (200,),
        "fcntl": (25,),
    },
}
"""Numbers, because sandlock cannot express the rules below.

ignored: chmod, fchmod, fchmodat, fchmodat2, utime, utimes, futimesat, utimensat. They succeed and do nothing: in a
private folder that is deleted after the run neither mode nor time has a meaning, while `shutil.copy` and archive
tools fail without them.
refused: mq_open, mq_unlink, mq_timedsend, mq_timedreceive, mq_notify, mq_getsetattr. A message queue of POSIX outlives
the run and has no place in a folder.
own_process_only: prlimit64, sched_setaffinity, sched_setparam, sched_setscheduler, sched_setattr; their first
argument names a process, and only 0, the caller itself, passes.
fcntl: all but F_SETPIPE_SZ, which makes room in the kernel that no process seems to use.
refused_in_runner: bind. sandlock's supervisor performs it in the script's place, for abstract names too, and binds a
socket itself when it starts; so the runner refuses it, after that and before any script.
"""

_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM = 1
_OFFSET_NUMBER, _OFFSET_FIRST_ARGUMENT, _OFFSET_SECOND_ARGUMENT = 0, 16, 24
_F_SETPIPE_SZ = 1031
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def is_supported() -> bool:
    """Tell whether the filter knows this machine's system call numbers."""
    return platform.machine() in _NUMBERS


def runner_arguments() -> list[str]:
    """Return what tells the runner which calls to refuse itself."""
    return [f"--refuse={','.join(map(str, _NUMBERS[platform.machine()]['refused_in_runner']))}"]


def install_filter() -> None:
    """Filter this process and everything it starts; needs no-new-privileges. sandlock kills foreign ABIs."""
    numbers = _NUMBERS[platform.machine()]
    names = ("ignored", "refused", "own_process_only", "fcntl")
    code = b"".join(_instructions(**{name: numbers[name] for name in names}))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "installing the system call filter failed")


def _instructions(
    *, ignored: tuple[int, ...], refused: tuple[int, ...], own_process_only: tuple[int, ...], fcntl: tuple[int, ...]
) -> Iterator[bytes]:
    yield _instruction(_LOAD, _OFFSET_NUMBER)
    for number in ignored:
        yield _instruction(_JUMP_EQUAL, number, otherwise=1)
        yield _instruction(_RETURN, _ERRNO)
    for number in refused:
        yield _instruction(_JUMP_EQUAL, number, otherwise=1)
        yield _instruction(_RETURN, _ERRNO | _EPERM)
    for number in own_process_only:
        yield _instruction(_JUMP_EQUAL, number, otherwise=4)
        yield _instruction(_LOAD, _OFFSET_FIRST_ARGUMENT)
        yield _instruction(_JUMP_EQUAL, 0, otherwise=1)
        yield _instruction(_RETURN, _ALLOW)
        yield _instruction(_RETURN, _ERRNO | _EPERM)
    for number in fcntl:
        yield _instruction(_JUMP_EQUAL, number, otherwise=4)
        yield _instruction(_LOAD, _OFFSET_SECOND_ARGUMENT)
        yield _instruction(_JUMP_EQUAL, _F_SETPIPE_SZ, otherwise=1)
        yield _instruction(_RETURN, _ERRNO | _EPERM)
        yield _instruction(_RETURN, _ALLOW)
    yield _instruction(_RETURN, _ALLOW)


def _instruction(code: int, value: int, *, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, 0, otherwise, value)
