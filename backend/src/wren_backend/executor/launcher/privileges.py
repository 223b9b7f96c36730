"""What the launcher drops and sets before any code of a script runs: capabilities, rlimits, orphans."""

import ctypes
import resource
import sys

from wren_backend.executor.launcher.policy import Limits

_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilitySet(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def adopt_orphans() -> None:
    """Make every orphan below this process its child, so that no daemon can escape it."""
    if sys.platform == "linux":
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def drop_capabilities() -> None:
    """Drop every capability permanently.

    A worker that runs as root hands its uid to the script; without capabilities that uid cannot set the clock, raise
    a limit, make device nodes or change its identity.
    """
    for capability in range(_LAST_CAPABILITY + 1):
        _libc().prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _libc().prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    if _libc().capset(ctypes.byref(header), (_CapabilitySet * 2)()) != 0:
        raise OSError(ctypes.get_errno(), "capset failed")
    forbid_new_privileges()


def forbid_new_privileges() -> None:
    """Make set-uid programs and file capabilities ineffective from now on."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def apply_limits(limits: Limits) -> None:
    """Set the limits that the kernel keeps per process; children inherit them and cannot raise them."""
    # RLIMIT_DATA is the graceful half of the memory limit: it raises MemoryError in the script. The watch is the
    # other half: it adds up all processes.
    _lower(resource.RLIMIT_DATA, limits.memory_bytes)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    # 1 and not 0: with 0 the kernel still pipes a core, tokens included, into a handler such as systemd-coredump.
    _lower(resource.RLIMIT_CORE, 1)


def limit_open_files(limits: Limits) -> None:
    """Limit descriptors; separate from the other limits because a confining supervisor needs more than its script."""
    _lower(resource.RLIMIT_NOFILE, limits.open_files)


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    capped = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (capped, capped))


def _prctl(option: int, argument: int) -> None:
    if _libc().prctl(option, argument, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} failed")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
