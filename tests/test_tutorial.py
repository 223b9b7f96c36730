"""The tutorial, from top to bottom: its files are written, its commands run and print the documented output."""

import os
import re
import shlex
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from servers.backend import wait_for
from servers.plugins import environment
from servers.process import clean_variables, free_port, stop
from wren_core.testing.orphans import dies_with_its_parent

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^ *export (.*)$", re.MULTILINE)
# Only the ports of backend and fake and the key differ from run to run.
KEY = re.compile(r"wren_[a-z0-9]{8}_[\w-]{43}")


@dataclass
class Reader:
    """A reader who follows the page, in an empty folder with an empty home."""

    folder: Path
    variables: dict[str, str]
    port: int
    server: "subprocess.Popen[bytes] | None" = None
    done: list[str] = field(default_factory=list)

    def write(self, name, text):
        file = self.folder / name
        assert file.parent.is_dir(), f"{name} has no folder yet"
        file.write_text(text)

    def patch(self, name, diff):
        lines = [line or " " for line in diff.splitlines()]
        old = "".join(line[1:] + "\n" for line in lines if line[0] in " -")
        new = "".join(line[1:] + "\n" for line in lines if line[0] in " +")
        text = (self.folder / name).read_text()
        assert text.count(old) == 1, f"{name} does not hold, once:\n{old}"
        (self.folder / name).write_text(text.replace(old, new))

    def run(self, command, said):
        self.done.append(command)
        words = shlex.split(command)
        if words[0] == "cd":
            self.folder /= words[1]
        elif words[:3] == ["wren", "plugin", "dev"]:
            self.develop(words, said)
        else:
            done = subprocess.run(words, cwd=self.folder, env=self.variables, capture_output=True, text=True)
            assert done.returncode == int(any("failed" in line for line in said)), (
                f"{command}\n{done.stdout}{done.stderr}"
            )
            assert_said(said, done.stdout + done.stderr, command)

    def develop(self, words, said):
        """Leave the command running, and apply the `export` lines of its output."""
        log = self.folder.parent / "dev.log"
        with log.open("wb") as output:
            self.server = subprocess.Popen(
                [*dies_with_its_parent(), *words, "--port", str(self.port)],
                cwd=self.folder,
                env=self.variables,
                stdout=output,
                stderr=output,
            )
        wait_for(lambda: self.server.poll() is not None or "Ctrl-C" in log.read_text(), seconds=60, what="the backend")
        text = log.read_text()
        assert_said(said, KEY.sub("wren_key", text).replace(f":{self.port}", ":8080"), "wren plugin dev")
        for line in EXPORT.findall(text):
            self.variables |= dict(word.split("=", 1) for word in shlex.split(line))


def assert_said(expected, text, command):
    """Find each expected line, in this order; `...` matches any text."""
    lines = iter(text.splitlines())
    for wanted in expected:
        pattern = ".*".join(map(re.escape, wanted.split("...")))
        assert any(re.fullmatch(rf"\s*{pattern.strip()}\s*", line) for line in lines), (
            f"{command} did not say {wanted!r}:\n{text}"
        )


def steps():
    """Return (language, file, text) of each block; the text before a block names its file."""
    text, end, name = TUTORIAL.read_text(), 0, ""
    for block in BLOCK.finditer(text):
        before = text[end : block.start()].strip()
        named = re.findall(r"`([\w./-]+\.(?:py|md))`[^`]*:\Z", before)
        name = named[-1] if named else name
        end = block.end()
        yield block[1], name, block[2]


@pytest.fixture
def reader(tmp_path):
    made = environment(tmp_path / "environment")
    shims = made.folder / "bin"
    base = getattr(sys, "_base_executable", sys.executable)
    for name, command in {
        "wren": f"{made.python} -m wren",
        "pytest": f"{made.python} -m pytest -p no:cacheprovider",
        "pip": f"{base} -m pip --python {made.python}",
    }.items():
        (shims / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (shims / name).chmod(stat.S_IRWXU)
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    variables = clean_variables(home)
    # All packages of the page except the plugin are installed already, so pip needs no index.
    pip = {
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    variables |= {**pip, "PATH": f"{shims}{os.pathsep}{variables['PATH']}", "COLUMNS": "200"}
    person = Reader(folder=folder, variables=variables, port=free_port())
    yield person
    if person.server is not None:
        stop(person.server)


def test_the_tutorial_works_from_top_to_bottom(reader):
    for language, name, text in steps():
        if language == "python":
            reader.write(name, text)
        elif language == "diff":
            reader.patch(name, text)
        else:
            assert language == "console"
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, *said = part.splitlines()
                reader.run(command, said)

    assert [command for command in reader.done if command.startswith("wren plugin")] == [
        "wren plugin new birdlog",
        "wren plugin check --tier gold",
        "wren plugin dev",
        "wren plugin release --dry-run --against none --no-isolation",
    ]
    ruff = Path(sys.executable).with_name("ruff")
    for check in (("check",), ("format", "--check")):
        done = subprocess.run(
            [ruff, *check, "--no-cache", "src", "tests"], cwd=reader.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def test_the_tutorial_has_the_expected_number_of_blocks():
    languages = [language for language, _, _ in steps()]

    assert [languages.count(language) for language in ("python", "diff", "console")] == [5, 4, 9]
