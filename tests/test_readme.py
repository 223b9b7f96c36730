"""The README's commands work and print the documented output."""

import re
import shlex
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

from servers.backend import Backend, wait_for
from servers.process import clean_variables, free_port, serve
from workspace import MEMBERS, METADATA, ROOT
from wren_backend.settings import (
    HttpSettings,
    IntegrationSettings,
    KeepSettings,
    LimitSettings,
    ProviderSettings,
    Settings,
)

DOCUMENTS = [*ROOT.glob("*.md"), *(member / "README.md" for member in MEMBERS)]
README = (ROOT / "README.md").read_text()
KEY = re.compile(r"wren_[a-z0-9]{8}_[\w-]{43}")
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"Write `hello.py`.*?```python\n(.*?)```", re.DOTALL)


def commands():
    """Return each command of the console blocks with its documented output."""
    found = []
    for block in CONSOLE.findall(README):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line.strip())
    return found


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "work"
    path.mkdir()
    (path / "hello.py").write_text(PYTHON.search(README)[1])
    return path


@contextmanager
def wren_up(home):
    """Start a server as the README does, on a free port, with an empty home."""
    home.mkdir()
    port = free_port()
    variables = {**clean_variables(home), "WREN_PORT": str(port), "WREN_DATA_DIR": str(home / "data")}
    log = home / "backend.log"
    with serve([sys.executable, "-m", "wren", "up"], ports=[port], log=log, variables=variables) as process:
        key = wait_for(lambda: KEY.search(log.read_text()), seconds=10, what="the first API key")[0]
        yield Backend(url=f"http://127.0.0.1:{port}", key=key, home=home, process=process, variables=variables)


def test_the_five_minutes_of_the_readme_work_as_written(folder, tmp_path):
    variables = clean_variables(tmp_path)
    local = [(command, said) for command, said in commands() if command != "wren up"]
    with wren_up(tmp_path / "server") as server:
        greeting = server.log.replace(server.url, "http://127.0.0.1:8080")
        for command, said in local:
            arguments = shlex.split(command.replace("http://127.0.0.1:8080", server.url))
            done = subprocess.run(
                [sys.executable, "-m", *arguments, *(["--key", "-"] if arguments[1] == "login" else [])],
                input=server.key if arguments[1] == "login" else None,
                env=variables,
                cwd=folder,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            if arguments[1:3] == ["run", "hello"]:
                server.finished_run(_newest_run(server))
            for line in said:
                assert line in done.stdout + done.stderr, command
        messages = server.get("/v1/messages")["messages"]

    assert [command.split()[1] for command, _ in commands()] == [
        *("test", "run", "up", "login", "deploy", "run", "logs", "status", "undeploy")
    ]
    for line in dict(commands())["wren up"]:
        assert re.search(re.escape(line).replace(r"\.\.\.", ".*").replace("wren_.*", ".*"), greeting), line
    assert [message["body"] for message in messages] == ["Wren is running"]
    assert sorted(path.name for path in (tmp_path / "server").iterdir()) == ["backend.log", "data"]


def test_the_readme_names_the_two_commands_and_files_that_exist():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)

    assert "python3 dev.py demo" in README
    assert "python3 dev.py test" in README
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_example_of_a_readme_is_valid_python():
    blocks = {
        (path, number): block
        for path in [*ROOT.glob("*.md"), *ROOT.glob("*/README.md")]
        for number, block in enumerate(re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL))
    }

    for (path, number), block in blocks.items():
        compile(block, f"{path.name}#{number}", "exec")
    assert len(blocks) >= 5


# --- commands -------------------------------------------------------------------------------------------------------


def shell_commands(path):
    """Return every command of the shell blocks and of the text, each as a list of words."""
    text = path.read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`((?:python3?|wren|\.venv/bin/nox) [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    found = [shlex.split(line, comments=True) for line in [*lines, *inline]]
    return [words for words in found if words and words[0] != "export"]


COMMANDS = sorted({(path.name, *words) for path in DOCUMENTS for words in shell_commands(path)})


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words))
def test_every_command_in_the_documents_exists_with_its_options(command):
    match command[1:]:
        case ("pip", "install", *names):
            plain = {name.partition("[")[0] for name in names}
            assert plain <= {METADATA[member]["project"]["name"] for member in MEMBERS}
        case ("wren", *words) | ("python", "-m", "wren", *words):
            assert_explained("wren", *words)
        case ("python", "-m", "wren_backend", *words):
            assert_explained("wren_backend", *words)
        case ("python", "-m", module):
            assert find_spec(f"{module}.__main__")
        case ("python3", "dev.py", word, *rest):
            (usage,) = re.findall(rf"dev\.py {word}( \[.*\])?  ", (ROOT / "dev.py").read_text())
            assert all(f"[{option}]" in usage for option in rest if option.startswith("--"))
            assert [path for path in rest if "/" in path and not (ROOT / path).exists()] == []
        case (".venv/bin/nox", *options):
            sessions = re.findall(r"@nox\.session.*?def (\w+)", (ROOT / "noxfile.py").read_text(), re.DOTALL)
            assert options == ["-l"] or (options[0] == "-s" and options[1] in [*sessions, "SESSION"])
        case _:
            pytest.fail("this test cannot check this command")


def assert_explained(module, *words):
    """Run the command with its words and options and `--help`."""
    done = subprocess.run([sys.executable, "-m", module, *words, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Usage: " in done.stdout


def test_the_documents_have_commands_to_check():
    assert {words[0] for words in COMMANDS} >= {"README.md", "CONTRIBUTING.md"}
    assert len(COMMANDS) >= 15


def test_the_nox_sessions_in_contributing_exist():
    said = re.search(r"nox -l +# the single steps: ([\w, ]+)\n", (ROOT / "CONTRIBUTING.md").read_text())[1]
    sessions = re.findall(r"@nox\.session.*?def (\w+)", (ROOT / "noxfile.py").read_text(), re.DOTALL)

    assert set(said.split(", ")) <= set(sessions)


# --- settings -------------------------------------------------------------------------------------------------------


def test_the_backends_readme_lists_exactly_the_settings():
    table = re.findall(r"^\| (`WREN_.*?) \|", (ROOT / "backend" / "README.md").read_text(), re.MULTILINE)

    listed = [name for cell in table for name in _names(re.findall(r"`([^`]+)`", cell))]

    assert sorted(listed) == sorted(_settings(Settings, "WREN_"))


def _names(cell):
    """Expand `..__X`, which follows a complete name."""
    before = next(name for name in cell if not name.startswith(".."))
    return [name.replace("..", before.rpartition("__")[0]) for name in cell]


def _settings(model, prefix):
    groups = {
        "providers": ("<PROVIDER>__", ProviderSettings),
        "integrations": ("<NAME>__", IntegrationSettings),
        "limits": ("", LimitSettings),
        "http": ("", HttpSettings),
        "keep": ("", KeepSettings),
    }
    for name in model.model_fields:
        if model is Settings and name in groups:
            key, group = groups[name]
            yield from _settings(group, f"{prefix}{name.upper()}__{key}")
        else:
            yield prefix + name.upper()


def _newest_run(server):
    return server.get("/v1/runs")["runs"][0]["run_id"]
