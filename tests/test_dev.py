"""dev.py installs everything on a bare machine, and reports what is wrong if it cannot."""

import ast
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from servers.availability import unavailable
from workspace import MEMBERS, ROOT
from wren_core.testing.patience import patience

# The interpreter of a newcomer, not that of .venv, which has no pip.
BARE_PYTHON = str(getattr(sys, "_base_executable", sys.executable))
MEMBER = """
[project]
name = "thing"
version = "1"
{more}
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
# Packages of the real lock that the small workspace below needs: uv, and those that build a member in place.
PACKAGES = ("uv", "hatchling", "editables", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers")


@pytest.fixture
def dev(monkeypatch):
    """dev.py as a module; it is a script, so nothing installs it."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "dev", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path, dev):
    """A workspace of one member, with the real dev.py and a short lock."""
    root = tmp_path / "tree"
    package = root / "thing" / "src" / "thing"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (root / "thing" / "pyproject.toml").write_text(MEMBER.format(more=""))
    (root / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["thing"]\n')
    (root / "requirements.lock").write_text("\n".join(dev.locked_requirement(name) for name in PACKAGES) + "\n")
    shutil.copy(ROOT / "dev.py", root)
    return root


def run_dev(tree, *arguments, **variables):
    """Run dev.py like a newcomer: without a usable home, with few variables, from another folder."""
    kept = {
        name: os.environ[name] for name in ("PATH", "PIP_CERT", "PIP_INDEX_URL", "PIP_FIND_LINKS") if name in os.environ
    }
    environment = {**kept, "HOME": str(tree / "dev.py" / "home"), **variables}
    command = [BARE_PYTHON, str(tree / "dev.py"), *arguments]
    result = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    if "getting uv" in result.stderr and "failed" in result.stderr:
        unavailable(f"no index to get uv from: {result.stderr[-500:]}")
    return result


# --- setup ----------------------------------------------------------------------------------------------------------


def test_setup_on_a_bare_machine_installs_the_lock_and_the_members_once(tree):
    first = run_dev(tree, "setup", VIRTUAL_ENV="/nowhere", PYTHONPATH="/nowhere", UV_PYTHON="/nowhere", PIP_USER="1")
    started = time.monotonic()
    second = run_dev(tree, "setup")
    seconds = time.monotonic() - started

    assert first.returncode == 0, first.stderr
    assert "getting uv" in first.stdout
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert seconds < patience(1)
    where = [tree / ".venv/bin/python", "-c", "import thing, hatchling; print(thing.__file__)"]
    assert subprocess.check_output(where, text=True).strip() == str(tree / "thing/src/thing/__init__.py")


def test_setup_runs_again_when_the_metadata_of_a_member_change(tree):
    run_dev(tree, "setup")
    metadata = MEMBER.format(more='[project.scripts]\nsay-thing = "builtins:print"\n')
    (tree / "thing" / "pyproject.toml").write_text(metadata)

    result = run_dev(tree, "setup")

    assert "installing the members" in result.stdout
    assert "getting uv" not in result.stdout
    assert (tree / ".venv/bin/say-thing").exists()


def test_setup_refuses_a_package_that_is_not_the_locked_one(tree):
    lock = (tree / "requirements.lock").read_text()
    start = lock.index("pathspec==")
    hashes = lock.index("sha256:", start)
    (tree / "requirements.lock").write_text(
        lock[:hashes] + "sha256:" + "0" * 64 + "\n" + lock[lock.index("pluggy==") :]
    )

    result = run_dev(tree, "setup")

    assert result.returncode == 1
    assert "installing the locked packages" in result.stderr
    assert "pathspec" in result.stderr
    assert "Hash mismatch" in result.stderr
    assert not (tree / ".venv/.wren-stamp").exists()


def test_setup_without_a_network_says_what_to_check(tree):
    shutil.rmtree(tree / ".tools", ignore_errors=True)
    command = [BARE_PYTHON, str(tree / "dev.py"), "setup"]
    environment = {"PATH": os.environ["PATH"], "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}

    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert "getting uv" in result.stderr
    assert "check the network, the proxy" in result.stderr
    assert "Traceback" not in result.stderr


def test_setup_without_pip_says_how_to_get_it(dev, tmp_path, monkeypatch):
    no_pip = tmp_path / "python"
    no_pip.write_text("#!/bin/sh\nexit 1\n")
    no_pip.chmod(0o755)
    monkeypatch.setattr(dev, "PYTHON", str(no_pip))
    monkeypatch.setattr(dev, "UV", tmp_path / "uv")

    with pytest.raises(dev.DevError, match="has no pip"):
        dev.bring_uv({})


def test_a_folder_that_is_not_writable_is_an_error_without_traceback(dev, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(dev, "TOOLS", tmp_path / "a" / "b")
    monkeypatch.setattr(dev, "STAMP", tmp_path / "stamp")

    code = dev.main(["setup"])

    assert code == 1
    assert str(tmp_path / "a" / "b") in capsys.readouterr().err


def test_an_older_python_gets_a_message_with_the_required_version():
    """The file must parse in old versions, or the newcomer sees a SyntaxError instead."""
    source = (ROOT / "dev.py").read_text()

    tree = ast.parse(source, feature_version=(3, 7))

    check = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node.lineno for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert "(3, 11)" in ast.unparse(check.test)
    assert [line for line in imports if line < check.lineno] == [imports[0]]


def test_the_environment_is_rebuilt_when_its_inputs_change(dev, monkeypatch, tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1")
    monkeypatch.setattr(dev, "LOCK", lock)
    before = dev.fingerprint()

    lock.write_text("a==2")
    after_lock = dev.fingerprint()
    monkeypatch.setattr(dev.sys, "version_info", (3, 99, 0))

    assert len({before, after_lock, dev.fingerprint()}) == 3


# --- commands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--help"], 0), (["help"], 0), ([], 2), (["tset"], 2), (["setup", "x"], 2)]
)
def test_help_names_the_commands(dev, capsys, arguments, code):
    result = dev.main(arguments)

    said = capsys.readouterr()
    assert result == code
    assert "python3 dev.py demo [--keep]" in (said.out if code == 0 else said.err)


def test_every_check_runs_although_an_earlier_one_failed_and_the_summary_says_which(dev, monkeypatch, capsys, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, code in [("good", 0), ("bad", 3)]:
        (programs / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setattr(dev, "VENV", tmp_path)
    good, bad = dev.Command(program="good", folder=tmp_path), dev.Command(program="bad", folder=tmp_path)
    monkeypatch.setattr(dev, "checks", lambda: {"first": [bad, good], "second": [good]})

    code = dev.run_all({})

    summary = capsys.readouterr().out.split("--- summary")[1]
    assert code == 1
    assert [line.split()[1:3] for line in summary.strip().splitlines()] == [["first", "FAILED"], ["second", "ok"]]


def test_the_exit_code_is_0_if_all_checks_pass(dev, monkeypatch):
    monkeypatch.setattr(dev, "checks", lambda: {"nothing": []})

    assert dev.run_all({}) == 0


def test_the_checks_cover_every_member_and_tool(dev):
    checks = dev.checks()

    programs = {command.program for commands in checks.values() for command in commands}
    assert programs == {"pytest", "ruff", "mypy", "lint-imports", "deptry"}
    assert [command.folder for command in checks["dependencies"]] == MEMBERS


def test_ci_runs_the_command_a_developer_runs():
    script = ROOT / ".ci" / "run"

    assert script.stat().st_mode & stat.S_IXUSR
    assert script.read_text().splitlines()[-1] == "exec python3 dev.py test"


# --- settings of pip for uv and npm ----------------------------------------------------------------------------------


def test_pips_settings_are_passed_to_uv(dev, tmp_path):
    options = {
        "index-url": "https://mirror.example/simple",
        "extra-index-url": "\nhttps://one.example/simple\nhttps://two.example/simple",
        "find-links": f"{tmp_path} {tmp_path}/missing https://links.example",
        "trusted-host": "mirror.example",
        "proxy": "http://proxy.example:3128",
        "timeout": "15",
    }

    assert dev.from_pip(options) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": f"{tmp_path},https://links.example",
        "UV_INSECURE_HOST": "mirror.example",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
    }


def test_a_missing_folder_in_pips_settings_is_not_passed_to_uv(dev, tmp_path):
    assert dev.from_pip({"find-links": str(tmp_path / "missing")}) == {}


def test_pips_settings_come_from_its_file_and_its_variables(dev, monkeypatch, tmp_path):
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://file.example/simple\ntimeout = 9\n[install]\nfind-links = a\n    b\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example/simple")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)

    options = dev.pip_options()

    assert options["index-url"] == "https://variable.example/simple"
    assert options["find-links"].split() == ["a", "b"]
    assert options["timeout"] == "9"


def test_the_callers_settings_for_uv_take_precedence_over_pips(dev, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")

    assert dev.download_environment()["UV_DEFAULT_INDEX"] == "https://uv.example/simple"


@pytest.mark.parametrize(
    ("options", "variables", "bundle"),
    [
        ({"cert": "/pip.pem"}, {}, "/pip.pem"),
        ({}, {"REQUESTS_CA_BUNDLE": "/requests.pem"}, "/requests.pem"),
        ({"cert": "/pip.pem"}, {"SSL_CERT_FILE": "/openssl.pem", "CURL_CA_BUNDLE": "/curl.pem"}, "/openssl.pem"),
    ],
)
def test_a_certificate_bundle_is_trusted_by_uv_and_node(dev, options, variables, bundle):
    assert dev.certificates(options, variables) == {"SSL_CERT_FILE": bundle, "NODE_EXTRA_CA_CERTS": bundle}


def test_without_a_bundle_uv_and_node_trust_the_machines_certificates(dev, monkeypatch, tmp_path):
    (tmp_path / "ca.pem").touch()
    paths = dev.ssl.get_default_verify_paths()._replace(cafile=None, capath=str(tmp_path))
    monkeypatch.setattr(dev.ssl, "get_default_verify_paths", lambda: paths)

    assert dev.certificates({}, {}) == {"UV_SYSTEM_CERTS": "1", "NODE_USE_SYSTEM_CA": "1"}


def test_variables_of_other_environments_are_dropped_and_localhost_needs_no_proxy(dev, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    monkeypatch.setenv("UV_PYTHON", "/elsewhere")
    monkeypatch.setenv("NO_PROXY", "intranet.example")

    variables = dev.environment()

    assert {"VIRTUAL_ENV", "UV_PYTHON"} & set(variables) == set()
    assert variables["NO_PROXY"] == "intranet.example,127.0.0.1,localhost"


def test_a_home_that_is_not_writable_is_not_used(dev, monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(file / "home"))

    assert dev.download_environment()["UV_CACHE_DIR"] == str(Path(dev.TOOLS) / "uv-cache")


# --- servers for tests ------------------------------------------------------------------------------------------------


def test_only_servers_that_are_missing_are_installed(dev, tmp_path):
    for program in ("nginx", "apache2", "dovecot"):
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)

    assert dev.missing_packages(str(tmp_path)) == ["lighttpd", "lighttpd-mod-webdav", "rclone"]


@pytest.mark.parametrize("ci", ["", "false", "0"])
def test_nothing_is_installed_on_a_machine_of_a_developer(dev, monkeypatch, ci):
    monkeypatch.setenv("CI", ci)

    assert not dev.is_disposable()


def test_packages_are_installed_without_starting_services(dev, tmp_path, monkeypatch):
    log, policy = tmp_path / "log", tmp_path / "policy-rc.d"
    apt = tmp_path / "bin" / "apt-get"
    apt.parent.mkdir()
    apt.write_text(f'#!/bin/sh\ntest -x {policy} && echo "$DEBIAN_FRONTEND $@" >> {log}\n')
    apt.chmod(0o755)
    monkeypatch.setattr(dev, "SERVICE_POLICY", policy)
    monkeypatch.setenv("PATH", f"{apt.parent}:{os.defpath}")

    dev.install_servers(["rclone"], dict(os.environ))

    update, install = log.read_text().splitlines()
    assert update.split()[0] == "noninteractive"
    assert update.endswith(" update")
    assert install.endswith(" install --yes --no-install-recommends rclone")
    assert not policy.exists()


def test_a_policy_that_exists_is_kept(dev, tmp_path, monkeypatch):
    policy = tmp_path / "policy-rc.d"
    policy.write_text("mine")
    monkeypatch.setattr(dev, "SERVICE_POLICY", policy)

    with dev.services_stopped():
        assert policy.read_text() == "mine"

    assert policy.read_text() == "mine"
