"""Scripts that take too much: memory, processes, threads, disk, files. The host stays as it was."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wren_backend.executor.port import OutcomeStatus

MIB = 2**20
LIMITS = {"memory_bytes": 192 * MIB, "processes": 16, "threads": 64, "file_bytes": 4 * MIB, "disk_bytes": 16 * MIB}

MEMORY_BOMBS = {
    "one list": """
        def main():
            kept = []
            while True:
                kept.append(bytearray(2**20))
    """,
    "one block": """
        def main():
            return len(bytearray(2**34))
    """,
    "shared memory": """
        import mmap
        def main():
            kept = []
            while True:
                kept.append(mmap.mmap(-1, 2**20))
                kept[-1].write(b"x" * 2**20)
    """,
    "children": """
        def main():
            for _ in range(10):
                if os.fork() == 0:
                    kept = bytearray(60 * 2**20)
                    time.sleep(60)
            time.sleep(60)
    """,
    "pages copied on write": """
        def main():
            shared = bytearray(60 * 2**20)
            for _ in range(10):
                if os.fork() == 0:
                    shared[::4096] = b"x" * len(shared[::4096])
                    time.sleep(60)
            time.sleep(60)
    """,
}


@pytest.mark.parametrize("name", MEMORY_BOMBS)
def test_memory_is_limited_over_all_processes(run_script: Any, watch_memory: Any, name: str):
    with watch_memory() as held:
        ran = run_script.attack(MEMORY_BOMBS[name], limits=LIMITS, wall=20)

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, "MEMORY_LIMIT_EXCEEDED")
    assert ran.outcome.duration.total_seconds() < 10
    # What is taken between two looks of the supervisor comes on top.
    assert 0 < max(held) < 1024 * MIB


def test_memory_below_the_limit_can_be_used(run_script: Any):
    ran = run_script.attack(
        """
        def main():
            shared = bytearray(60 * 2**20)
            children = [subprocess.Popen([sys.executable, "-c", "x = bytearray(20 * 2**20)"]) for _ in range(3)]
            return [len(shared), [child.wait() for child in children]]
        """,
        limits=LIMITS,
    )

    assert ran.outcome.result == [60 * MIB, [0, 0, 0]]


def test_one_process_gets_a_memory_error_that_it_can_handle(run_script: Any):
    ran = run_script.attack(
        "def main():\n    return [attempt(lambda: bytearray(200 * 2**20)), attempt(lambda: bytearray(2**20))]",
        limits=LIMITS,
    )

    too_much, little = ran.outcome.result
    assert too_much == ["refused", "MemoryError"]
    assert little[0] == "done"


def test_memory_that_no_process_maps_cannot_be_made(run_script: Any):
    ran = run_script.attack("def main():\n    return attempt(lambda: os.memfd_create('hidden'))")

    assert ran.outcome.result == ["refused", "PermissionError"]


# fork and clone on x86_64; newer machines have clone alone, under the kernel's generic number.
RAW_FORKS = ["57", "56, 17, 0, 0, 0, 0"] if os.uname().machine == "x86_64" else ["220, 17, 0, 0, 0, 0"]


@pytest.mark.parametrize("fork", ["os.fork()", *(f"ctypes.CDLL(None).syscall({raw})" for raw in RAW_FORKS)])
def test_a_fork_bomb_is_refused_at_the_limit(run_script: Any, fork: str):
    ran = run_script.attack(
        f"""
        def main():
            count = 0
            while count < 1000:
                try:
                    pid = {fork}
                except OSError:
                    break
                if pid < 0:
                    break
                if pid == 0:
                    time.sleep(60)
                    os._exit(0)
                count += 1
            return count
        """,
        limits=LIMITS,
    )

    assert ran.outcome.result == LIMITS["processes"] - 1


def test_a_fork_bomb_never_has_more_processes_than_the_limit(
    run_script: Any, list_processes: Callable[[Path], list[str]]
):
    seen: list[int] = []

    ran = run_script.attack(
        """
        def main():
            print("go", flush=True)
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
                print("still", flush=True)
        """,
        limits={**LIMITS, "output_bytes": 1000, "output_budget_bytes": 2**30},
        wall=2,
        on_output=lambda *_: seen.append(len(list_processes(run_script.runs_root))),
    )

    assert ran.outcome.status is OutcomeStatus.TIMEOUT
    assert LIMITS["processes"] // 2 < max(seen) <= LIMITS["processes"]


def test_threads_are_limited(run_script: Any):
    script = """
        def main(event):
            for _ in range(event.payload["count"]):
                threading.Thread(target=time.sleep, args=(0.5,)).start()
            return threading.active_count()
    """

    within = run_script.attack(script, limits=LIMITS, event={"trigger": "manual", "payload": {"count": 40}})
    beyond = run_script.attack(script, limits=LIMITS, event={"trigger": "manual", "payload": {"count": 90}})

    assert within.outcome.result == 41
    assert beyond.code == "THREADS_LIMIT_EXCEEDED"


def test_one_file_is_limited(run_script: Any):
    ran = run_script.attack(
        """
        def fill(path):
            with open(path, "wb") as file:
                while True:
                    file.write(b"x" * 2**16)

        def main():
            return [attempt(lambda: fill("big")), os.path.getsize("big"),
                    attempt(lambda: open("small", "wb").write(b"x" * 2**20))]
        """,
        limits=LIMITS,
    )

    assert ran.outcome.result == [["refused", "OSError"], 4 * MIB, ["done", str(MIB)]]


FILLERS = {
    "many files": """
        def main():
            for number in range(1000):
                with open(f"f{number}", "wb") as file:
                    file.write(b"x" * 2**20)
                time.sleep(0.01)
    """,
    "empty files": """
        def main():
            for number in range(1_000_000):
                open(f"f{number}", "w").close()
    """,
    "folders in folders": """
        def main():
            while True:
                os.mkdir("d")
                os.chdir("d")
    """,
}


@pytest.mark.parametrize("name", FILLERS)
def test_the_disk_cannot_be_filled(run_script: Any, name: str):
    ran = run_script.attack(FILLERS[name], limits=LIMITS)

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, "DISK_LIMIT_EXCEEDED")


def test_descriptors_are_limited(run_script: Any):
    ran = run_script.attack(
        """
        def main():
            kept = []
            try:
                while True:
                    kept.append(open("/dev/null"))
            except OSError as exc:
                return [errno.errorcode[exc.errno], len(kept)]
    """,
        limits={"open_files": 64},
    )

    name, count = ran.outcome.result
    # EACCES where the sandbox, which opens files in the script's place, is the one that has no descriptor left.
    assert (name in ("EMFILE", "EACCES"), 40 < count < 64) == (True, True), (name, count)


def test_a_crash_leaves_no_core_and_names_its_signal(run_script: Any):
    ran = run_script.attack("def main():\n    ctypes.string_at(0)")

    assert ran.code == "SCRIPT_CRASHED"
    assert "SIGSEGV" in ran.outcome.error["message"]
    assert ran.outcome.signal == 11


REFUSALS = {
    "one file": ("open('big', 'wb').write(bytes(5 * 2**20))", ["4 MiB", "WREN_LIMITS__FILE_BYTES"]),
    "memory": ("bytearray(2**30)", ["192 MiB", "WREN_LIMITS__MEMORY_BYTES"]),
    "memory, behind another error": (
        "exec('try:\\n  bytearray(2**30)\\nexcept MemoryError as e:\\n  raise ValueError(1) from e')",
        ["ValueError: 1", "WREN_LIMITS__MEMORY_BYTES"],
    ),
    "processes": (
        "[subprocess.Popen(['sleep', '9']) for _ in range(40)]",
        ["processes", "WREN_LIMITS__PROCESSES"],
    ),
    "a path that may not be read": ("open('/etc/passwd')", ["'/etc/passwd'", "as a parameter"]),
    "a path that may not be written": ("open('/tmp/x', 'w')", ["'/tmp/x'", "its working folder"]),
    "descriptors": ("[socket.socketpair() for _ in range(400)]", ["256", "WREN_LIMITS__OPEN_FILES"]),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_which_limit_it_was_and_how_more_is_allowed(run_script: Any, name: str):
    source, words = REFUSALS[name]

    ran = run_script.attack(f"def main():\n    {source}", limits=LIMITS)

    assert ran.outcome.status is OutcomeStatus.FAILED
    assert [word for word in [*words, "the sandbox: "] if word not in ran.outcome.error["message"]] == []
    assert ran.outcome.error["details"]["refused_by"] in (*words, "sandbox")
