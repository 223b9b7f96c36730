#!/usr/bin/env python3
"""Set up, demonstrate and check Wren; needs only python3, pip and git.

  python3 dev.py demo [--keep]         deploy and run one script against the shipped fake providers
  python3 dev.py test                  run every check: tests, lint, format, types, architecture, dependencies
  python3 dev.py test PYTEST_ARGS...   run only pytest, with these arguments
  python3 dev.py setup                 only create the environment in .venv

All files are below this folder (.tools and .venv); the machine's Python is not changed.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the machine's python3 may be older than the code requires
    sys.exit(f"wren: Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: python3.11 dev.py ...")
if sys.platform == "win32":
    sys.exit("wren: development needs Linux or macOS; on Windows use WSL.")

import ast
import fcntl
import hashlib
import os
import shlex
import shutil
import ssl
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".wren-stamp"
UV = TOOLS / "bin" / "uv"

# The base interpreter, if dev.py was started from a virtual environment, which may lack pip.
PYTHON = str(getattr(sys, "_base_executable", sys.executable))

# Each of these would point uv, pip or Python at another environment.
STRAY_VARIABLES = frozenset(
    [
        *("CONDA_DEFAULT_ENV", "CONDA_PREFIX", "PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PYTHONHOME", "PYTHONPATH"),
        *("UV_BREAK_SYSTEM_PACKAGES", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_SYSTEM_PYTHON"),
        *("UV_TARGET", "UV_WORKING_DIR", "VIRTUAL_ENV"),
    ]
)

# uv and npm do not read pip's configuration: pip's options, and the corresponding variables of uv and npm.
PIP_OPTIONS = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_INDEX",),
    "find-links": ("UV_FIND_LINKS",),
    "no-index": ("UV_NO_INDEX",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("HTTPS_PROXY", "HTTP_PROXY"),
}

# Exceptions for deptry: dependencies that are loaded by name (drivers, form parsing, zone data, the runner, the
# author's pytest and tools), and pydantic, which is part of the contract: a dependency on wren-core includes it.
DEPTRY_EXCEPTIONS = (
    "DEP002=build|copier|psycopg|pytest|python-multipart|tzdata|watchfiles|wren-sdk,DEP003=pydantic|pydantic_core"
)

# Servers that tests start themselves, and the packages of Debian and Ubuntu that bring them.
SERVERS = {
    "nginx": ("nginx", "libnginx-mod-http-dav-ext"),
    "apache2": ("apache2-bin",),
    "lighttpd": ("lighttpd", "lighttpd-mod-webdav"),
    "rclone": ("rclone",),
    "dovecot": ("dovecot-imapd",),
}
SYSTEM_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")

NETWORK_HINT = "If a download failed: check the network, the proxy, or `python3 -m pip config list`."


class DevError(Exception):
    """A step failed; the message says which one and what to do next."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A program of .venv/bin with its arguments, run in a folder."""

    program: str
    arguments: tuple[str, ...] = ()
    folder: Path = ROOT


def main(arguments: list[str]) -> int:
    try:
        return perform(arguments)
    except (DevError, OSError) as error:
        print(f"wren: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def perform(arguments: list[str]) -> int:
    word, rest = (arguments[0], tuple(arguments[1:])) if arguments else ("", ())
    if word not in {"demo", "test", "setup"} or (word == "setup" and rest):
        asked = word in {"-h", "--help", "help"}
        print(str(__doc__).strip(), file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    ensure_environment()
    if word == "demo":
        return run(Command(program="python", arguments=(str(ROOT / "examples" / "demo.py"), *rest)), environment())
    if word == "test":
        variables = download_environment()
        if is_disposable():
            install_servers(missing_packages(SYSTEM_PATH), variables)
        return run(Command(program="pytest", arguments=rest), variables) if rest else run_all(variables)
    return 0


# --- checks ---------------------------------------------------------------------------------------------------------


def checks() -> dict[str, list[Command]]:
    """Return every check by name; `nox -s <name>` runs the same commands."""
    # One more than the number of processors: some tests only wait for a clock.
    parallel = ("-n", str(processors() + 1), "--dist", "worksteal")
    dependencies = ("src", "--no-ansi", "--per-rule-ignores", DEPTRY_EXCEPTIONS)
    return {
        "tests": [Command(program="pytest", arguments=parallel)],
        "lint": [Command(program="ruff", arguments=("check", "."))],
        "format": [Command(program="ruff", arguments=("format", "--check", "."))],
        "types": [Command(program="mypy")],
        "architecture": [Command(program="lint-imports")],
        "dependencies": [Command(program="deptry", arguments=dependencies, folder=member) for member in members()],
    }


def run_all(variables: Mapping[str, str]) -> int:
    """Run all checks to the end, then print one line with the result of each."""
    results = []
    for name, commands in checks().items():
        say(f"--- {name}")
        started = time.monotonic()
        codes = [run(command, variables) for command in commands]
        results.append((name, not any(codes), time.monotonic() - started))
    say("--- summary")
    for name, passed, seconds in results:
        say(f"{name:<13} {'ok' if passed else 'FAILED':<7} {seconds:6.1f} s")
    return 0 if all(passed for _, passed, _ in results) else 1


def run(command: Command, variables: Mapping[str, str]) -> int:
    argv = [str(VENV / "bin" / command.program), *command.arguments]
    return subprocess.run(argv, cwd=command.folder, env=dict(variables), check=False).returncode


def processors() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 4)


# --- environment ----------------------------------------------------------------------------------------------------


def ensure_environment() -> None:
    """Install the locked packages and the members of this tree into .venv; do nothing if it is up to date."""
    if is_ready():
        return
    TOOLS.mkdir(exist_ok=True)
    with locked(TOOLS / "setup.lock"):
        if is_ready():
            return
        started = time.monotonic()
        install()
        STAMP.write_text(fingerprint())
        say(f"environment ready in {time.monotonic() - started:.0f} s")


def is_ready() -> bool:
    return (VENV / "bin" / "python").exists() and STAMP.exists() and STAMP.read_text() == fingerprint()


def fingerprint() -> str:
    """Return a digest of all inputs of the environment, so that a change of any input rebuilds it."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]} {sys.platform}".encode())
    for path in (LOCK, *(member / "pyproject.toml" for member in members())):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def members() -> list[Path]:
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    found = {path.parent for pattern in workspace["members"] for path in ROOT.glob(f"{pattern}/pyproject.toml")}
    return sorted(found)


def install() -> None:
    variables = download_environment()
    bring_uv(variables)
    make_venv(variables)
    into = [str(UV), "pip", "install", "--python", str(VENV)]
    # Compiled now: the tests start hundreds of processes, many before another one has compiled their imports.
    locked_packages = [*into, "--compile-bytecode", "--require-hashes", "--requirement", str(LOCK)]
    step("installing the locked packages (about a minute the first time)", locked_packages, variables, NETWORK_HINT)
    editable = [argument for member in members() for argument in ("--editable", str(member))]
    hint = "The usual cause is the pyproject.toml of a member."
    step("installing the members", [*into, "--no-deps", "--no-build-isolation", *editable], variables, hint)


def bring_uv(variables: Mapping[str, str]) -> None:
    """Install the locked uv below .tools with pip: the only way that works without venv and with PEP 668."""
    requirement = locked_requirement("uv")
    pin = requirement.split()[0].removeprefix("uv==")
    if installed_uv() == pin:
        return
    if subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode:
        raise DevError(f"{PYTHON} has no pip. Install it (Debian: apt install python3-pip) and try again.")
    wanted = TOOLS / "uv.txt"
    wanted.write_text(requirement)
    options = ["--upgrade", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(TOOLS)]
    command = [PYTHON, "-m", "pip", "install", *options, "--requirement", str(wanted)]
    step(f"getting uv {pin}", command, {**variables, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}, NETWORK_HINT)


def installed_uv() -> str | None:
    try:
        told = subprocess.run([UV, "--version"], capture_output=True, text=True).stdout
    except OSError:  # missing, or built for another machine
        return None
    return told.split()[1] if told else None


def locked_requirement(name: str) -> str:
    """Return one package's line of requirements.lock, with its continued lines of hashes."""
    lines = LOCK.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{name}=="))
    end = next(number for number, line in enumerate(lines) if number >= start and not line.endswith("\\"))
    return "\n".join(lines[start : end + 1])


def make_venv(variables: Mapping[str, str]) -> None:
    marker = VENV / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if (VENV / "bin" / "python").exists() and marker.exists():
        return
    command = [str(UV), "venv", "--clear", "--no-project", "--python", PYTHON, str(VENV)]
    step(f"creating .venv with Python {sys.version.split()[0]}", command, variables, "Remove .venv and try again.")


# --- servers for tests ---------------------------------------------------------------------------------------------


def is_disposable() -> bool:
    """Return whether this is a machine of a CI, where packages of the system may be installed."""
    is_ci = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    return is_ci and os.geteuid() == 0 and shutil.which("apt-get") is not None


def missing_packages(path: str) -> list[str]:
    """Return the packages of the servers that are not on a search path."""
    return [name for program, names in SERVERS.items() if not shutil.which(program, path=path) for name in names]


def install_servers(packages: list[str], variables: Mapping[str, str]) -> None:
    """Install packages of the system, without starting the services in them."""
    if not packages:
        return
    quiet = {**variables, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    with services_stopped():
        step("reading the package lists", [*apt, "update"], quiet, NETWORK_HINT)
        install = [*apt, "install", "--yes", "--no-install-recommends", *packages]
        step(f"installing {' '.join(packages)}", install, quiet, NETWORK_HINT)


@contextmanager
def services_stopped() -> Iterator[None]:
    """Forbid packages to start their services, as container images do; a policy that exists is kept."""
    if SERVICE_POLICY.exists():
        yield
        return
    SERVICE_POLICY.write_text("#!/bin/sh\nexit 101\n")
    SERVICE_POLICY.chmod(0o755)
    try:
        yield
    finally:
        SERVICE_POLICY.unlink()


# --- variables ------------------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """Return the caller's variables without those that select another environment; localhost needs no proxy."""
    variables = {name: value for name, value in os.environ.items() if name not in STRAY_VARIABLES}
    local = [variables.get("NO_PROXY") or variables.get("no_proxy") or "", "127.0.0.1", "localhost"]
    variables["NO_PROXY"] = variables["no_proxy"] = ",".join(filter(None, local))
    return variables


def download_environment() -> dict[str, str]:
    """Return `environment()` plus uv's and npm's settings for this machine's indexes, certificates and caches."""
    variables = environment()
    options = pip_options()
    said = {**from_pip(options), **certificates(options, variables), "UV_PYTHON_DOWNLOADS": "never"}
    if not is_writable(default_cache(variables)):
        said["UV_CACHE_DIR"] = str(TOOLS / "uv-cache")
    return {**said, **variables}


def pip_options() -> dict[str, str]:
    """Return pip's settings, from its files and variables, as `pip install` resolves them."""
    listing = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True)
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.stdout.splitlines():
        section, _, setting = line.partition(".")
        option, _, value = setting.partition("=")
        if section in sections:
            sections[section][option] = str(ast.literal_eval(value))
    return {option: value for options in sections.values() for option, value in options.items()}


def from_pip(options: Mapping[str, str]) -> dict[str, str]:
    """Convert pip's settings to the variables of uv and npm."""
    said = {name: options[option] for option, names in PIP_OPTIONS.items() if option in options for name in names}
    if "UV_INDEX" in said:
        # pip selects the best version of all its indexes; uv would stop at the first index with the name.
        said |= {"UV_INDEX": " ".join(said["UV_INDEX"].split()), "UV_INDEX_STRATEGY": "unsafe-best-match"}
    if "UV_FIND_LINKS" in said:
        links = said["UV_FIND_LINKS"].split()
        said["UV_FIND_LINKS"] = ",".join(link for link in links if "://" in link or Path(link).exists())
    return {name: value for name, value in said.items() if value}


def certificates(options: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Return pip's certificates: the configured bundle, otherwise those of the machine, if there are any."""
    named = [variables.get(name) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")]
    bundle = next(filter(None, [named[0], options.get("cert"), *named[1:]]), None)
    if bundle:
        return {"SSL_CERT_FILE": bundle, "NODE_EXTRA_CA_CERTS": bundle}
    paths = ssl.get_default_verify_paths()
    if sys.platform == "darwin" or paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())):
        return {"UV_SYSTEM_CERTS": "1", "NODE_USE_SYSTEM_CA": "1"}
    return {}


def default_cache(variables: Mapping[str, str]) -> Path:
    caches = variables.get("XDG_CACHE_HOME") or str(Path(variables.get("HOME") or "/") / ".cache")
    return Path(variables.get("UV_CACHE_DIR") or Path(caches) / "uv")


def is_writable(folder: Path) -> bool:
    """Return whether the folder could be created and written, without creating it."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


# --- steps ----------------------------------------------------------------------------------------------------------


def step(title: str, argv: list[str], variables: Mapping[str, str], hint: str) -> None:
    """Run one program quietly; show its output and the next step only if it fails."""
    say(title)
    done = subprocess.run(
        argv, cwd=ROOT, env=dict(variables), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise DevError(f"{title}: failed.\n$ {shlex.join(argv)}\n{done.stdout.strip()}\n{hint}")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock the environment, so that only one dev.py at a time changes it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(line: str) -> None:
    print(f"wren: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
