"""Every call that the sandbox's supervisor performs in a script's place, tried from inside (ADR 36)."""

import os
import platform
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers.availability import unavailable
from servers.supervised_calls import list_supervised

ADR = Path(__file__).parents[3] / "docs/adr/0036-the-supervisor-is-confined-too.md"


@pytest.mark.parametrize("hosts", [(), ("127.0.0.1:9",)], ids=["no hosts", "a host"])
def test_the_supervised_calls_are_those_of_the_record(run_script: Any, list_processes: Any, hosts: tuple[str, ...]):
    if platform.machine() != "x86_64" or os.geteuid() != 0:
        unavailable("the table has the numbers of x86_64, and only an administrator may read filters")
    recorded = {int(number) for number in re.findall(r"`\w+` (\d+)", ADR.read_text())}
    found: set[int] = set()

    def look(_stream: str, _text: str) -> None:
        (process,) = [line.split()[0] for line in list_processes(run_script.runs_root) if "wren.runner" in line]
        found.update(list_supervised(int(process)))

    ran = run_script(
        "import time\ndef main():\n    print('go', flush=True)\n    time.sleep(2)", operator_hosts=hosts, on_output=look
    )

    assert ran.outcome.error is None
    assert found == recorded


@pytest.mark.parametrize("drop", [False, True], ids=["with the worker's capabilities", "with none"])
def test_other_processes_cannot_be_looked_at_through_the_supervisor(start_worker: Any, drop: bool):
    # A worker that runs as root and one that does not differ in what the supervisor may see of it.
    prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if drop and os.geteuid() == 0 else []
    worker = start_worker(
        """
        def main():
            import json
            worker = "/proc/WORKER_PID"
            links = ["cwd", "exe", "root", "fd/0", "fd/1", "fd/3", "ns/net", "task"]
            found = {link: attempt(lambda: os.readlink(f"{worker}/{link}")) for link in links}
            found |= {f"{link} by root": attempt(lambda: os.readlink(f"/proc/self/root{worker}/{link}"))
                      for link in links}
            found |= {f"{link} from a folder": attempt(lambda: os.readlink(link, dir_fd=os.open(worker, os.O_PATH)))
                      for link in links}
            found |= {
                "stat": attempt(lambda: os.stat(f"{worker}/fd/0")),
                "stat through": attempt(lambda: os.stat(os.path.join(worker, "root", "etc", "passwd"))),
                "exists": attempt(lambda: os.stat(f"{worker}/cwd/pyproject.toml")),
                "list": attempt(lambda: os.listdir(f"{worker}/fd")),
            }
            control = [attempt(lambda: os.readlink("/proc/self/exe")), attempt(lambda: os.path.realpath("/bin/sh")),
                       attempt(lambda: (os.symlink("a", "b"), os.readlink("b")))]
            return [[item for item in found.items() if item[1][0] == "done"], [value[0] for value in control]]
        """,
        prefix=prefix,
    )

    assert "success [[], ['done', 'done', 'done']] None\n" in worker.stdout.read()


def test_no_socket_can_be_bound(run_script: Any, tmp_path: Path):
    places = {
        "outside": str(tmp_path / "planted"),
        "beside": str(run_script.runs_root / "planted"),
        "by proc": f"/proc/self/root{tmp_path}/planted",
        "upwards": "../planted",
        "own folder": "own",
        "a name": "\0wren-test",
        "no name": "",
    }

    ran = run_script.attack(
        f"""
        def bind(address, kind):
            socket.socket(socket.AF_UNIX, kind).bind(address)

        def main():
            kinds = [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET]
            found = {{f"{{name}} {{kind}}": attempt(lambda: bind(address, kind))
                     for name, address in {places!r}.items() for kind in kinds}}
            found["tcp"] = attempt(lambda: socket.socket().bind(("127.0.0.1", 0)))
            found["raw"] = attempt(lambda: os.mknod("node", 0o140600))
            os.chdir("/")
            found["from another folder"] = attempt(lambda: bind("{str(tmp_path)[1:]}/planted", socket.SOCK_STREAM))
            return [found, attempt(lambda: (pair := socket.socketpair(), pair[0].send(b"x"))[1])]
        """
    )

    found, control = ran.outcome.result
    assert {name: value for name, value in found.items() if value[0] != "refused" and name != "raw"} == {}
    assert control == ["done", "1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[dict[str, socket.socket]]:
    """Two sockets of the platform's user, which take what comes."""
    kinds = {"stream": socket.SOCK_STREAM, "datagram": socket.SOCK_DGRAM}
    found = {name: socket.socket(socket.AF_UNIX, kind) for name, kind in kinds.items()}
    before = Path.cwd()
    os.chdir(tmp_path)  # the address of a socket has room for 107 bytes
    for name, made in found.items():
        made.bind(name)
        made.settimeout(0.1)
    found["stream"].listen()
    os.chdir(before)
    yield found
    for made in found.values():
        made.close()


def test_sockets_outside_the_folder_cannot_be_reached(
    run_script: Any, sockets: dict[str, socket.socket], tmp_path: Path
):
    ran = run_script.attack(
        f"""
        def unix(kind=socket.SOCK_DGRAM):
            return socket.socket(socket.AF_UNIX, kind)

        def main():
            os.symlink({str(tmp_path)!r}, "d")
            return {{
                "connect": attempt(lambda: unix(socket.SOCK_STREAM).connect("d/stream")),
                "absolute": attempt(lambda: unix(socket.SOCK_STREAM).connect(os.path.realpath("d/stream")[:107])),
                "sendto": attempt(lambda: unix().sendto(b"x", "d/datagram")),
                "sendmsg": attempt(lambda: unix().sendmsg([b"x"], [], 0, "d/datagram")),
                "connect and send": attempt(lambda: (s := unix(), s.connect("d/datagram"), s.send(b"x"))),
                "up": attempt(lambda: unix().sendto(b"x", "../../datagram")),
            }}
        """
    )

    assert {name: value for name, value in ran.outcome.result.items() if value[0] != "refused"} == {}
    with pytest.raises(TimeoutError):
        sockets["stream"].accept()
    with pytest.raises(TimeoutError):
        sockets["datagram"].recv(10)


def test_no_message_queue_can_be_made_or_removed(run_script: Any):
    ran = run_script.attack("""
        def call(name, *arguments):
            ctypes.set_errno(0)
            result = getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments)
            return errno.errorcode.get(ctypes.get_errno()) if result < 0 else "done"

        def main():
            return [call("mq_open", b"/wren", os.O_CREAT | os.O_RDWR, 0o600, None), call("mq_unlink", b"/wren"),
                    call("mq_open", b"/wren", os.O_RDONLY)]
    """)

    # The C library says EACCES for a queue that may not be removed.
    assert ran.outcome.result == ["EPERM", "EACCES", "EPERM"]


def test_netlink_shows_no_more_than_the_loopback_device(run_script: Any):
    ran = run_script.attack("""
        def main():
            return [attempt(lambda: [name for _, name in socket.if_nameindex()]),
                    attempt(lambda: socket.getaddrinfo("localhost", 80)[0][4][0])]
    """)

    interfaces, localhost = ran.outcome.result
    assert interfaces[0] == "refused" or interfaces[1] == "['lo']"
    assert localhost == ["done", "'127.0.0.1'"]


def test_sessions_and_groups_of_others_cannot_be_changed(run_script: Any):
    before = os.getpgid(0)

    ran = run_script.attack(f"""
        def main():
            others = [{os.getpid()}, {os.getppid()}, 1, os.getppid()]
            return [[attempt(lambda: os.setpgid(pid, 0)) for pid in others],
                    [attempt(lambda: os.setpgid(0, pid)) for pid in others[:3]],
                    attempt(lambda: subprocess.run(["true"], start_new_session=True, check=True))[0]]
    """)

    moved, joined, control = ran.outcome.result
    assert [value for value in moved + joined if value[0] != "refused"] == []
    assert control == "done"
    assert os.getpgid(0) == before


def test_the_host_name_is_not_shown(run_script: Any):
    ran = run_script("import os\ndef main():\n    return os.uname().nodename")

    assert ran.outcome.result != socket.gethostname()
    assert ran.outcome.result.startswith("sandbox-")
