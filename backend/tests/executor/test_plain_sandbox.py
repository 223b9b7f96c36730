"""Without a sandbox a script has no walls; it still has its limits, its channel and an end."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wren_backend.executor.port import OutcomeStatus
from wren_backend.executor.sandboxes import PlainSandbox


@pytest.fixture
def run_plain(run_script: Any, tmp_path: Path) -> Any:
    plain = type(run_script)(PlainSandbox(), tmp_path / "runs")
    (tmp_path / "runs").mkdir()
    return plain


def test_it_says_that_it_isolates_nothing(run_plain: Any):
    status = PlainSandbox().status()

    assert (status.available, status.backend) == (True, "none")
    assert status.reason == "scripts run without isolation"
    assert run_plain("def main():\n    return 1").outcome.isolation == "none"


def test_a_script_runs_in_its_own_folder_with_its_own_environment(run_plain: Any, tmp_path: Path):
    ran = run_plain(
        "import os\ndef main():\n    return [os.getcwd(), os.environ['HOME'], 'PYTEST_VERSION' in os.environ]"
    )

    folder, home, sees_worker = ran.outcome.result
    assert folder == home
    assert Path(folder).parent == tmp_path / "runs"
    assert not sees_worker


def test_what_the_sandbox_would_refuse_works(run_plain: Any):
    ran = run_plain.attack("def main():\n    return attempt(lambda: open('/etc/passwd').read(4))")

    assert ran.outcome.result == ["done", "'root'"]


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux only")
def test_a_run_ends_at_its_deadline_with_its_daemons(run_plain: Any, list_processes: Callable[[Path], list[str]]):
    alive: list[int] = []

    ran = run_plain.attack(
        """
        def main():
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    while True: pass
                os._exit(0)
            os.wait()
            print("started", flush=True)
            time.sleep(600)
        """,
        wall=1.5,
        on_output=lambda *_: alive.append(len(list_processes(run_plain.runs_root))),
    )

    assert ran.outcome.status is OutcomeStatus.TIMEOUT
    assert alive == [2]
    assert list_processes(run_plain.runs_root) == []


def test_memory_files_and_output_are_limited(run_plain: Any):
    limits = {"memory_bytes": 192 * 2**20, "file_bytes": 2**20, "output_bytes": 10, "output_budget_bytes": 2**20}

    memory = run_plain("def main():\n    return len(bytearray(2**34))", limits=limits)
    file = run_plain.attack(
        "def main():\n    return attempt(lambda: open('f', 'wb').write(b'x' * 2**22))", limits=limits
    )
    output = run_plain("def main():\n    while True: print('x' * 1000)", limits=limits)

    assert memory.code == "MEMORY_LIMIT_EXCEEDED"
    assert file.outcome.result[0] == "refused"
    assert output.code == "OUTPUT_LIMIT_EXCEEDED"


def test_a_result_cannot_be_forged_on_stdout(run_plain: Any):
    ran = run_plain("""def main():\n    print('{"frame":"result","value":"forged"}')\n    raise ValueError""")

    assert ran.code == "SCRIPT_FAILED"
