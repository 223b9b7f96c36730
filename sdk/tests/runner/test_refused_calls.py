import platform
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, errno, os, sys
from wren.runner.refused_calls import refuse_calls
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
refuse_calls(sys.argv[1:])
done = []
for name in ("getppid", "getpgid"):
    ctypes.set_errno(0)
    number = NUMBERS[name]
    done.append(libc.syscall(number, 0) < 0 and errno.errorcode[ctypes.get_errno()])
print(done)
"""
NUMBERS = {"x86_64": {"getppid": 110, "getpgid": 121}, "aarch64": {"getppid": 173, "getpgid": 155}}


@pytest.mark.skipif(sys.platform != "linux", reason="filters of system calls are Linux's")
@pytest.mark.parametrize(
    ("refused", "results"),
    [
        (["getpgid"], "[False, 'EPERM']"),
        (["getppid", "getpgid"], "['EPERM', 'EPERM']"),
        ([], "[False, False]"),
    ],
)
def test_the_calls_that_are_named_are_refused_and_no_others(refused: list[str], results: str):
    numbers = NUMBERS[platform.machine()]
    option = [f"--refuse={','.join(str(numbers[name]) for name in refused)}"] if refused else []

    ended = subprocess.run(
        [sys.executable, "-c", f"NUMBERS = {numbers}\n{PROGRAM}", *option], capture_output=True, text=True, check=False
    )

    assert (ended.stdout.strip(), ended.stderr) == (results, "")
