import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wren_backend.executor.launcher.processes import ProcessUsage, list_descendants, measure, proportional_bytes
from wren_backend.executor.launcher.usage import is_full


def test_a_folder_within_its_limits_is_not_full(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_bytes(b"x" * 10_000)

    assert not is_full(tmp_path, bytes_limit=100_000, entries=2)


def test_bytes_are_counted_as_the_disk_holds_them(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"x" * 50_000)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10**9)

    assert not is_full(tmp_path, bytes_limit=100_000, entries=10)
    assert is_full(tmp_path, bytes_limit=40_000, entries=10)


def test_entries_are_counted_in_all_folders(tmp_path: Path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()

    assert not is_full(tmp_path, bytes_limit=10**6, entries=3)
    assert is_full(tmp_path, bytes_limit=10**6, entries=2)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path):
    (tmp_path / "link").symlink_to("/usr/lib")

    assert not is_full(tmp_path, bytes_limit=10**6, entries=1)


def test_a_folder_too_deep_to_look_into_counts_as_full(tmp_path: Path):
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    assert is_full(tmp_path, bytes_limit=10**9, entries=10**6)


def test_a_folder_that_is_gone_is_not_full(tmp_path: Path):
    assert not is_full(tmp_path / "none", bytes_limit=1, entries=1)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted from /proc")
def test_descendants_are_found_and_measured_with_those_of_threads():
    script = """
import subprocess, sys, threading, time
def start():
    children.append(subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE))
children = []
thread = threading.Thread(target=lambda: (start(), print("ready", flush=True), sys.stdin.read()))
thread.start()
thread.join()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = list_descendants(os.getpid())
        below = list_descendants(process.pid)
        usage = measure([process.pid, *below])
        exact = proportional_bytes([process.pid, *below])
        for pid in below:
            os.kill(pid, signal.SIGKILL)
        process.kill()

    assert process.pid in found
    assert len(below) == 1
    assert (usage.processes, usage.threads) == (2, 3)
    assert 2**20 < exact <= usage.resident_bytes < 2**28


def test_a_process_that_is_gone_counts_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert list_descendants(process.pid) == []
    assert measure([process.pid]) == ProcessUsage()
    assert proportional_bytes([process.pid]) == 0
