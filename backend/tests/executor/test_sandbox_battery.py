"""Attacks, each a real script in the real sandbox, each judged from outside, each next to what must still work.

The fixture `run_script` adds to every test: no process, folder or descriptor of the run is left.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

CANARY = "canary-6f1c2b9e-do-not-leak"


# --- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["data/wren.db", "data/wren.db-wal", "data/master.key", "runs/wren-run-other/notes"])
def test_a_file_outside_the_run_cannot_be_read(run_script: Any, tmp_path: Path, name: str):
    secret = tmp_path / name
    secret.parent.mkdir(parents=True)
    secret.write_text(CANARY)

    ran = run_script.attack(
        f"""
def main():
    open("own", "w").write("readable")
    os.symlink({str(secret)!r}, "link")
    return {{
        "own": attempt(lambda: open("own").read()),
        "open": attempt(lambda: open({str(secret)!r}).read()),
        "link": attempt(lambda: open("link").read()),
        "list": attempt(lambda: os.listdir({str(secret.parent)!r})),
        "hardlink": attempt(lambda: (os.link({str(secret)!r}, "hard"), open("hard").read())),
        "by proc": attempt(lambda: open("/proc/self/root" + {str(secret)!r}).read()),
        "child": attempt(lambda: subprocess.run(["cat", {str(secret)!r}], check=True, capture_output=True).stdout),
        "control": attempt(lambda: subprocess.run(["cat", "own"], check=True, capture_output=True).stdout),
    }}
"""
    )
    secret.unlink()
    secret.parent.rmdir()

    result = ran.outcome.result
    assert {key: value[0] for key, value in result.items()} == {
        "own": "done",
        "control": "done",
        **dict.fromkeys(("open", "link", "list", "hardlink", "by proc", "child"), "refused"),
    }
    assert CANARY not in str(ran)


def test_the_machine_cannot_be_read(run_script: Any):
    paths = ["/etc/shadow", "/etc/passwd", "/root", "/home", "/proc/1/environ", "/proc/self/mem", "/sys", "/dev/shm"]

    ran = run_script.attack(
        f"""
        def look(path):
            return os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(100)

        def main():
            control = [attempt(lambda: look("/usr/lib")), attempt(lambda: look("/dev/urandom"))]
            return [{{path: attempt(lambda: look(path)) for path in {paths!r}}}, control]
        """
    )

    found, control = ran.outcome.result
    assert {path: entry for path, entry in found.items() if entry[0] != "refused"} == {}
    assert [entry[0] for entry in control] == ["done", "done"]


def test_no_process_of_the_machine_shows_its_environment_or_memory(start_worker: Callable[..., Any]):
    worker = start_worker(
        f"""
        def scan(name):
            for pid in range(1, 100_000):
                try:
                    with open(f"/proc/{{pid}}/{{name}}", "rb") as file:
                        yield file.read(1_000_000)
                except OSError:
                    pass

        def main():
            seen = [name for name in ("environ", "cmdline", "maps") for content in scan(name)]
            return {{"seen": seen, "parent": attempt(lambda: open(f"/proc/{{os.getppid()}}/environ").read()),
                    "own": {CANARY!r} in str(dict(os.environ)), "home": "HOME" in os.environ}}
        """,
        env={"WREN_MASTER_KEY": CANARY},
    )
    bait = psutil.Process(worker.pid).environ()["WREN_MASTER_KEY"]

    output = worker.stdout.read()

    assert bait == CANARY
    assert output.startswith("success ")
    assert "'seen': []" in output
    assert "'parent': ['refused', 'PermissionError']" in output
    assert "'own': False, 'home': True" in output


def test_what_a_run_is_given_is_in_no_argument_list_and_no_process_environment(run_script: Any):
    seen: list[bool] = []
    keepers: list[dict[str, str]] = []
    others = set(psutil.Process().children(recursive=True))  # servers of other tests

    def look(stream: str, text: str) -> None:
        ours = set(psutil.Process().children(recursive=True)) - others
        processes = [psutil.Process(), *ours]
        seen.append(any(CANARY in f"{process.cmdline()}{process.environ()}" for process in processes))
        keepers.extend(process.environ() for process in processes[1:] if "-c" in process.cmdline())

    ran = run_script(
        "import os, time\ndef main():\n    print(len(os.environ['TOKEN']))\n    time.sleep(0.2)",
        env={"TOKEN": CANARY},
        secrets=(CANARY,),
        on_output=look,
    )

    assert ran.stdout == f"{len(CANARY)}\n"
    assert seen == [False]
    assert keepers == [{"LANG": "C.UTF-8"}, {"LANG": "C.UTF-8"}]


def test_the_platforms_own_code_cannot_be_imported(run_script: Any):
    ran = run_script.attack(
        "def main():\n    return [attempt(lambda: __import__(n)) for n in ('wren_backend', 'wren')]"
    )

    # Not found if it has its own folder; in a folder shared with the SDK it is there and cannot be read.
    assert ran.outcome.result[0] in (["refused", "ModuleNotFoundError"], ["refused", "PermissionError"])
    assert ran.outcome.result[1][0] == "done"


# --- writing -----------------------------------------------------------------------------------------------------


def test_nothing_outside_the_runs_folder_can_be_written(run_script: Any, tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    victim.chmod(0o600)
    places = [str(tmp_path), str(run_script.runs_root), "/tmp", "/var/tmp", "/dev/shm", "/usr/lib", sys.prefix, "/"]

    ran = run_script.attack(
        f"""
def main():
    found = {{place: attempt(lambda: open(os.path.join(place, "planted"), "w")) for place in {places!r}}}
    victim = {str(victim)!r}
    found |= {{
        "overwrite": attempt(lambda: open(victim, "w")),
        "append": attempt(lambda: open(victim, "a")),
        "truncate": attempt(lambda: os.truncate(victim, 0)),
        "unlink": attempt(lambda: os.unlink(victim)),
        "rename": attempt(lambda: os.rename(victim, "mine")),
        "replace": attempt(lambda: (open("mine", "w").close(), os.rename("mine", victim))),
        "chown": attempt(lambda: os.chown(victim, 1, 1)),
        "setxattr": attempt(lambda: os.setxattr(victim, "user.mark", b"x")),
        "mkdir": attempt(lambda: os.mkdir({str(tmp_path / "made")!r})),
        "device": attempt(lambda: os.mknod("device", 0o60600, os.makedev(254, 0))),
    }}
    os.chmod(victim, 0o777)
    os.utime(victim, (1, 1))
    control = [attempt(lambda: open("own", "w").write("x")), attempt(lambda: os.mkdir("dir")),
               attempt(lambda: os.rename("own", "dir/own")), attempt(lambda: os.listdir(os.environ["TMPDIR"]))]
    return [found, control]
"""
    )

    found, control = ran.outcome.result
    assert {key: value for key, value in found.items() if value[0] != "refused"} == {}
    assert [entry[0] for entry in control] == ["done"] * 4
    status = victim.stat()
    assert (victim.read_text(), status.st_mode & 0o777, status.st_uid) == ("untouched", 0o600, os.geteuid())
    assert status.st_mtime > 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs", "victim"]


def test_nothing_survives_from_one_run_to_the_next(run_script: Any):
    first = run_script("def main():\n    open('left', 'w').write('x')\n    import os\n    return os.getcwd()")
    second = run_script("def main():\n    import os\n    return [os.getcwd(), os.listdir('.')]")

    assert second.outcome.result[1] == []
    assert second.outcome.result[0] != first.outcome.result


def test_common_file_tools_work_in_the_runs_folder(run_script: Any):
    ran = run_script("""
        import pathlib, shutil, sqlite3, tarfile, tempfile, zipfile

        def main():
            pathlib.Path("a").write_text("text")
            shutil.copy2("a", "b")
            shutil.copytree(".", "copy", ignore=shutil.ignore_patterns("copy"))
            with tarfile.open("a.tar", "w") as tar:
                tar.add("a")
            with tarfile.open("a.tar") as tar:
                tar.extractall("out", **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
            with zipfile.ZipFile("a.zip", "w") as archive:
                archive.write("a")
            with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as file:
                file.write(b"x")
            sqlite3.connect("own.db").execute("create table t (x)").connection.commit()
            return sorted(path.name for path in pathlib.Path().iterdir())
    """)

    assert ran.outcome.result == ["a", "a.tar", "a.zip", "b", "copy", "out", "own.db"]


# --- other processes ---------------------------------------------------------------------------------------------


def test_other_processes_of_the_same_user_cannot_be_touched(run_script: Any):
    before = (resource_limits := psutil.Process()).rlimit(psutil.RLIMIT_NOFILE), psutil.Process().nice()

    ran = run_script.attack(
        f"""
def main():
    found = {{}}
    for name, pid in {{"worker": {os.getpid()}, "parent": os.getppid(), "init": 1}}.items():
        found |= {{
            f"{{name}} kill": attempt(lambda: os.kill(pid, 0)),
            f"{{name}} rlimit": attempt(lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (16, 16))),
            f"{{name}} affinity": attempt(lambda: os.sched_setaffinity(pid, [0])),
            f"{{name}} priority": attempt(lambda: os.setpriority(os.PRIO_PROCESS, pid, 19)),
            f"{{name}} scheduler": attempt(lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))),
            f"{{name}} memory": attempt(lambda: open(f"/proc/{{pid}}/mem", "rb")),
        }}
    found["clock"] = attempt(lambda: time.clock_settime(time.CLOCK_REALTIME, 0))
    found["chroot"] = attempt(lambda: os.chroot("."))
    found["identity"] = attempt(lambda: os.setuid(12345))
    found["host name"] = attempt(lambda: socket.sethostname("taken"))
    found["raise"] = attempt(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40)))
    control = [attempt(lambda: os.kill(os.getpid(), 0)), attempt(lambda: resource.getrlimit(resource.RLIMIT_NOFILE)),
               attempt(lambda: subprocess.run([sys.executable, "-c", "print(1)"], check=True)),
               attempt(lambda: threading.Thread(target=print).start())]
    return [found, control]
"""
    )

    found, control = ran.outcome.result
    assert {key: value for key, value in found.items() if value[0] != "refused"} == {}
    assert [entry[0] for entry in control] == ["done"] * 4
    assert (resource_limits.rlimit(psutil.RLIMIT_NOFILE), psutil.Process().nice()) == before


# On x86_64, and on every newer machine: the kernel's generic numbers.
SYSCALLS = {
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "unshare": (272, 97),
    "mount": (165, 40),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "memfd_create": (319, 279),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "kexec_load": (246, 104),
    "inotify_add_watch": (254, 27),
    "syslog": (103, 116),
    "setns": (308, 268),
    "getpid": (39, 172),
}
IS_X86 = os.uname().machine == "x86_64"
NUMBERS = {name: numbers[0 if IS_X86 else 1] for name, numbers in SYSCALLS.items()}
GETPID = NUMBERS.pop("getpid")


def test_dangerous_system_calls_are_refused(run_script: Any):
    ran = run_script.attack(f"""
        def main():
            libc = ctypes.CDLL(None, use_errno=True)
            def call(number):
                ctypes.set_errno(0)
                return libc.syscall(number, 0, 0, 0, 0, 0) < 0 and errno.errorcode[ctypes.get_errno()]
            return [{{name: call(number) for name, number in {NUMBERS!r}.items()}}, call({GETPID})]
    """)

    refused, control = ran.outcome.result
    assert {name: result for name, result in refused.items() if result not in ("EPERM", "EACCES")} == {}
    assert len(refused) == len(NUMBERS)
    assert control is False


def test_system_calls_of_a_foreign_abi_end_the_process(run_script: Any):
    foreign = [GETPID | 0x40000000] if IS_X86 else []  # x32; newer machines have no second ABI a call could ask for

    ran = run_script(f"""
        import ctypes, os

        def main():
            statuses = []
            for number in {[GETPID, *foreign]}:
                pid = os.fork()
                if pid == 0:
                    ctypes.CDLL(None).syscall(number)
                    os._exit(0)
                statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            return statuses
    """)

    assert ran.outcome.result == [0, *(-signal.SIGSYS for _ in foreign)]
