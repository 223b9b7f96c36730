"""The README's commands are the ones that run, and they print what it says they print."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from servers.backend import backend
from servers.process import clean_variables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"Write `hello.py`.*?```python\n(.*?)```", re.DOTALL)


def commands():
    """Return each command of the console blocks with the lines it is said to print."""
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


def test_a_newcomer_can_follow_the_five_minutes_to_the_letter(folder, tmp_path):
    variables = clean_variables(tmp_path)
    local = [(command, said) for command, said in commands() if command not in ("wren up",)]
    with backend(tmp_path / "server") as server:
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


def test_the_readme_names_the_two_commands_and_files_that_exist():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)

    assert "python3 dev.py demo" in README
    assert "python3 dev.py test" in README
    assert [link for link in links if not (ROOT / link).exists() and link != "bench/RESULTS.md"] == []


def test_every_example_of_a_readme_is_valid_python():
    blocks = {
        (path, number): block
        for path in [*ROOT.glob("*.md"), *ROOT.glob("*/README.md")]
        for number, block in enumerate(re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL))
    }

    for (path, number), block in blocks.items():
        compile(block, f"{path.name}#{number}", "exec")
    assert len(blocks) >= 5


def _newest_run(server):
    return server.get("/v1/runs")["runs"][0]["run_id"]
