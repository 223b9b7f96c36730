"""Plugins of `wren plugin new`, for each way to connect and each type: installed, tested, checked, built and found."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path

import pytest

from servers.plugins import Environment, environment
from servers.process import clean_variables
from wren.authoring.project import FAKES, read_project
from wren.authoring.scaffold import Plan, render_plugin
from wren.cli.commands.plugin_new import make_plugin
from wren_core.plugins.discovery import GROUP

AUTHS = ("apikey", "oauth2", "basic", "token", "custom", "none")
TYPES = ("integration", "documents", "database", "ai")
# Each way to connect with the simplest type, and each other type with a different way.
TRIED = [(auth, "integration") for auth in AUTHS] + [("apikey", "documents"), ("oauth2", "database"), ("oauth2", "ai")]
MOST_LINES = {"apikey": 60, "oauth2": 100}


def name_of(auth, kind):
    return f"acme_{auth}" if kind == "integration" else f"acme_{auth}_{kind}"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """All plugins of the template: (auth, type) -> folder."""
    place = tmp_path_factory.mktemp("rendered")
    return {
        pair: render_plugin(Plan(name=name_of(*pair), auth=pair[0], type=pair[1]), place)
        for pair in product(AUTHS, TYPES)
    }


@pytest.fixture(scope="module")
def installed(rendered, tmp_path_factory):
    """An environment with editable installations of the tested plugins."""
    made = environment(tmp_path_factory.mktemp("environment"))
    for pair in TRIED:
        install_in_place(made, rendered[pair])
    return made


def install_in_place(made: Environment, folder: Path) -> None:
    """Write the files of an editable installation, without a build."""
    project = read_project(folder)
    package = project.name.replace("-", "_")
    (made.site_packages / f"{package}.pth").write_text(f"{project.source}\n")
    info = made.site_packages / f"{package}-{project.version}.dist-info"
    info.mkdir()
    fields = {"Metadata-Version": "2.4", "Name": project.name, "Version": project.version, **project.headers}
    needs = [f"Requires-Dist: {requirement}" for requirement in project.requirements]
    (info / "METADATA").write_text("\n".join([*(f"{key}: {value}" for key, value in fields.items()), *needs, ""]))
    points = {GROUP: project.integrations, FAKES: project.fakes}
    lines = [
        line for group, found in points.items() for line in (f"[{group}]", *(f"{k} = {v}" for k, v in found.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join([*lines, ""]))
    (info / "direct_url.json").write_text(json.dumps({"url": folder.as_uri(), "dir_info": {"editable": True}}))


def python_lines(folder):
    files = [*(folder / "src").rglob("*.py"), *(folder / "tests").rglob("*.py")]
    return sum(1 for file in files for line in file.read_text().splitlines() if line.strip())


# --- all plugins ----------------------------------------------------------------------------------------------------


def test_a_new_plugin_has_five_short_files(rendered):
    for (auth, kind), folder in rendered.items():
        written = [
            path
            for path in folder.rglob("*")
            if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
        ]
        names = sorted(path.name for path in written if path.name != "py.typed")
        assert names == sorted(
            ["README.md", "__init__.py", "fake.py", "pyproject.toml", f"test_{name_of(auth, kind)}.py"]
        )
        if kind == "integration":
            assert python_lines(folder) <= MOST_LINES.get(auth, 100), (auth, kind)


def test_the_pyproject_of_a_new_plugin_has_only_metadata(rendered):
    for folder in rendered.values():
        text = (folder / "pyproject.toml").read_text()

        assert sum(1 for line in text.splitlines() if line.strip()) < 20
        assert set(tomllib.loads(text)["tool"]) == {"ruff"}


def test_the_workflows_test_every_python_and_publish_without_a_password(rendered):
    workflows = next(iter(rendered.values())) / ".github" / "workflows"
    ci, publish = ((workflows / name).read_text() for name in ("ci.yml", "publish.yml"))

    assert 'python: ["3.11", "3.12", "3.13", "3.14"]' in ci
    assert "wren plugin check --tier gold" in ci
    assert "id-token: write" in publish
    assert "wren plugin release --dry-run" in publish
    assert "secrets." not in ci + publish


def test_no_template_syntax_is_left_in_a_new_plugin(rendered):
    for folder in rendered.values():
        for path in (path for path in folder.rglob("*") if path.is_file()):
            text = path.read_text()
            assert "{%" not in text, path
            assert text.replace("${{ matrix.python }}", "").count("{{") == 0, path
            assert not text.endswith("\n\n"), path


def test_a_new_plugin_is_linted_and_formatted(rendered):
    place = next(iter(rendered.values())).parent
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))

    for command in (("check",), ("format", "--check")):
        done = subprocess.run([ruff, *command, "--no-cache", str(place)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_plugin_passes_strict_type_checks(rendered, tmp_path):
    packages = [str(path) for pair in TRIED for path in (rendered[pair] / "src").iterdir()]
    variables = {**os.environ, "MYPYPATH": os.pathsep.join(str(rendered[pair] / "src") for pair in TRIED)}
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "--config-file", os.devnull]

    done = subprocess.run([*command, *packages], env=variables, cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


# --- the tested plugins ----------------------------------------------------------------------------------------------


def test_the_tests_of_a_new_plugin_pass_up_to_gold(rendered, installed):
    """Runs each plugin's tests: the rules up to gold, and one for its purpose."""
    files = [str(path) for pair in TRIED for path in (rendered[pair] / "tests").glob("test_*.py")]
    command = [
        installed.python,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
    ]

    done = subprocess.run([*command, *files], cwd=installed.folder, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout
    assert len(files) == len(TRIED)


@pytest.mark.parametrize("auth", ["apikey", "oauth2"])
def test_a_new_plugin_can_be_built_installed_and_found(auth, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    wren = [sys.executable, "-m", "wren"]
    options = {"cwd": tmp_path, "env": clean_variables(home), "capture_output": True, "text": True}
    subprocess.run([*wren, "plugin", "new", "acme", "--auth", auth], **options, check=True)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(build, **{**options, "cwd": tmp_path / "wren-acme"}, check=True)
    (wheel,) = (tmp_path / "wren-acme" / "dist").glob("*.whl")
    (tmp_path / "wren-acme" / "src").rename(tmp_path / "nobody-imports-this")
    clean = environment(tmp_path / "environment")
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--no-index", "--python", clean.python]
    subprocess.run([*uv, str(wheel)], **options, check=True)

    done = subprocess.run([clean.python, "-m", "wren", "integrations", "list", "--json"], **options)
    tests = [clean.python, "-m", "pytest", "-q", "-W", "error", "-k", "added", str(tmp_path / "wren-acme" / "tests")]
    tested = subprocess.run(tests, **options)

    found = {item["name"]: item for item in json.loads(done.stdout)["integrations"]}["acme"]
    assert (found["distribution"], found["version"], found["methods"]) == ("wren-acme", "0.1.0", ["items", "add"])
    assert found["auth_type"] == auth
    assert tested.returncode == 0, tested.stdout


def test_the_wheel_of_the_sdk_contains_the_template(tmp_path):
    """Includes hidden files: only authors would notice a missing one."""
    from hatchling.builders.wheel import WheelBuilder

    root = Path(__file__).parents[1] / "sdk"
    packed = {file.distribution_path for file in WheelBuilder(str(root)).recurse_included_files()}

    template = root / "src" / "wren" / "authoring" / "template"
    wanted = {str(path.relative_to(root / "src")) for path in template.rglob("*") if path.is_file()}
    assert len(wanted) > 20
    assert wanted - packed == set()


def test_an_existing_name_causes_a_warning(tmp_path, capsys):
    make_plugin(Plan(name="cron"), into=tmp_path, as_json=False)

    said = capsys.readouterr()

    assert "wren-cron is a complete plugin" in said.out
    assert "warning: wren-cron offers 'cron' too; installed together, neither is loaded" in said.err
