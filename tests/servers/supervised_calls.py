"""Reads from the kernel which system calls of a process are handed to a supervisor."""

import ctypes
import os
import platform
import struct

_ATTACH, _DETACH, _GET_FILTER = 16, 17, 0x420C
_WAIT_FOR_THREADS = 0x40000000
_TO_SUPERVISOR, _ACTION = 0x7FC00000, 0xFFFF0000
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_HIGHEST_CALL = 480

Instruction = tuple[int, int, int, int]


def list_supervised(pid: int) -> set[int]:
    """Return the numbers of the calls that some filter of the process hands to a supervisor.

    Raises:
        PermissionError: only an administrator may read filters.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(_ATTACH, pid, None, None) != 0:
        raise PermissionError(ctypes.get_errno(), "attaching to the process failed")
    try:
        os.waitpid(pid, _WAIT_FOR_THREADS)
        return {
            number
            for program in _read_filters(libc, pid)
            for number in range(_HIGHEST_CALL)
            if _run(program, number) & _ACTION == _TO_SUPERVISOR
        }
    finally:
        libc.ptrace(_DETACH, pid, None, None)


def _read_filters(libc: ctypes.CDLL, pid: int) -> list[list[Instruction]]:
    programs: list[list[Instruction]] = []
    while (length := libc.ptrace(_GET_FILTER, pid, len(programs), None)) > 0:
        buffer = ctypes.create_string_buffer(length * 8)
        libc.ptrace(_GET_FILTER, pid, len(programs), ctypes.cast(buffer, ctypes.c_void_p))
        programs.append([struct.unpack_from("=HBBI", buffer.raw, at * 8) for at in range(length)])
    if not programs:
        raise PermissionError(ctypes.get_errno(), "reading the filters failed")
    return programs


def _run(program: list[Instruction], number: int) -> int:
    """Return what a filter answers to a call whose arguments are all 0."""
    data = struct.pack("=iIQ6Q", number, _ARCHITECTURES[platform.machine()], 0, *[0] * 6)
    accumulator = at = 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        match code:
            case 0x20:
                accumulator = int(struct.unpack_from("=I", data, value)[0])
            case 0x06:
                return value
            case 0x05:
                at += value
            case 0x54:
                accumulator &= value
            case 0x15 | 0x25 | 0x35 | 0x45:
                is_true = {
                    0x15: accumulator == value,
                    0x25: accumulator > value,
                    0x35: accumulator >= value,
                    0x45: bool(accumulator & value),
                }[code]
                at += if_true if is_true else if_false
            case _:
                raise NotImplementedError(f"instruction {code:#x}")
