"""Memory and disk that are not where one looks first: each is held, if the script can, and the run is ended for it."""

import os
from typing import Any

import pytest

from wren_backend.executor.port import OutcomeStatus

MIB = 2**20
LIMITS = {"memory_bytes": 192 * MIB, "disk_bytes": 16 * MIB, "file_bytes": 8 * MIB, "open_files": 1024}

MEMORY = {
    "shared pages given back": """
        def main():
            kept = []
            for _ in range(64):
                kept.append(mmap.mmap(-1, 16 * 2**20))
                for at in range(0, 16 * 2**20, 4096):
                    kept[-1][at] = 1
                kept[-1].madvise(mmap.MADV_DONTNEED)
            time.sleep(20)
    """,
    "one shared mapping that is not in use": """
        def main():
            kept = mmap.mmap(-1, 1024 * 2**20)
            time.sleep(20)
    """,
    "shared pages of which one is left mapped": """
        def main():
            kept = []
            for _ in range(256):
                kept.append(mmap.mmap(-1, 16 * 2**20))
                for at in range(0, 16 * 2**20, 4096):
                    kept[-1][at] = 1
                address = ctypes.addressof(ctypes.c_char.from_buffer(kept[-1]))
                ctypes.CDLL(None).munmap(ctypes.c_void_p(address + 4096), 16 * 2**20 - 4096)
            time.sleep(20)
    """,
    "page tables": """
        def main():
            # A page of zeros is looked at in every 2 MiB: no page is used, and each look takes a page of tables.
            kept = []
            for _ in range(64):
                kept.append(mmap.mmap(-1, 2**31, flags=mmap.MAP_PRIVATE | 0x4000, prot=mmap.PROT_READ))
                for at in range(0, 2**31, 2**21):
                    kept[-1][at]
            time.sleep(20)
    """,
    "buffers of sockets": """
        def main():
            kept = []
            for _ in range(400):
                kept += socket.socketpair()
                for end in kept[-2:]:
                    end.setblocking(False)
                    try:
                        while True:
                            end.send(b"x" * 65536)
                    except BlockingIOError:
                        pass
            time.sleep(20)
    """,
    "buffers of sockets whose sender is closed": """
        def main():
            kept = []
            for _ in range(900):
                sender, receiver = socket.socketpair()
                sender.setblocking(False)
                try:
                    while True:
                        sender.send(b"x" * 65536)
                except BlockingIOError:
                    pass
                sender.close()
                kept.append(receiver)
            time.sleep(20)
    """,
}


@pytest.mark.parametrize("name", MEMORY)
def test_memory_is_found_wherever_it_is_held(run_script: Any, name: str):
    ran = run_script.attack("import mmap\n" + _dedent(MEMORY[name]), limits=LIMITS, wall=60)

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, "MEMORY_LIMIT_EXCEEDED")


DISK = {
    "open files without a name": """
        def main():
            kept = []
            for number in range(40):
                kept.append(open(f"f{number}", "wb", buffering=0))
                os.unlink(f"f{number}")
                kept[-1].write(bytes(2**20))
            time.sleep(20)
    """,
    "mapped files without a name": """
        def main():
            kept = []
            for number in range(40):
                with open("file", "w+b") as file:
                    file.write(bytes(2**20))
                    file.flush()
                    kept.append(mmap.mmap(file.fileno(), 4096))
                os.unlink("file")
            time.sleep(20)
    """,
    "files that are on their way in a socket": """
        def main():
            here, there = socket.socketpair()
            for number in range(40):
                with open("file", "wb", buffering=0) as file:
                    file.write(bytes(2**20))
                    socket.send_fds(here, [b"x"], [file.fileno()])
                os.unlink("file")
            time.sleep(20)
    """,
    "files of a child without a name": """
        def main():
            if os.fork() == 0:
                kept = []
                for number in range(40):
                    kept.append(open("file", "wb", buffering=0))
                    os.unlink("file")
                    kept[-1].write(bytes(2**20))
                time.sleep(20)
            os.wait()
    """,
}


@pytest.mark.parametrize("name", DISK)
def test_disk_is_found_wherever_it_is_held(run_script: Any, name: str):
    ran = run_script.attack("import mmap\n" + _dedent(DISK[name]), limits=LIMITS, wall=60)

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, "DISK_LIMIT_EXCEEDED")


def test_what_honest_scripts_hold_is_no_breach(run_script: Any):
    ran = run_script.attack(
        """
        import mmap, multiprocessing.connection, tempfile

        def main():
            shared = mmap.mmap(-1, 20 * 2**20)
            shared[:] = bytes(len(shared))
            files = [tempfile.TemporaryFile() for _ in range(10)]
            for file in files:
                file.write(bytes(2**20))
            pairs = [socket.socketpair() for _ in range(50)]
            for here, there in pairs:
                socket.send_fds(here, [b"x"], [files[0].fileno()])
                [os.close(number) for number in socket.recv_fds(there, 10, 10)[1]]
            time.sleep(0.5)
            return [len(shared), len(pairs)]
        """,
        limits=LIMITS,
    )

    assert ran.outcome.error is None
    assert ran.outcome.result == [20 * MIB, 50]


def test_a_pipe_cannot_be_made_larger(run_script: Any):
    ran = run_script.attack("""
        import fcntl
        def main():
            read, write = os.pipe()
            return [attempt(lambda: fcntl.fcntl(write, 1031, 2**20)), attempt(lambda: fcntl.fcntl(write, 1032))]
    """)

    enlarge, ask = ran.outcome.result
    assert enlarge[0] == "refused"
    assert ask == ["done", "65536"]


def _dedent(text: str) -> str:
    return os.linesep.join(line.removeprefix("        ") for line in text.splitlines())
