import json
import os
import re
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from wren_backend.cli import app

KEY = re.compile(r"wren_([a-z0-9]{8})_[\w-]{43}")


def commands(command, path=()):
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


ALL_COMMANDS = sorted(commands(typer.main.get_command(app)))


def run(home, *arguments, **variables):
    """Run the command line in a separate process that inherits nothing of this environment."""
    env = {"PATH": os.defpath, "HOME": str(home), "COLUMNS": "120", **variables}
    command = [sys.executable, "-m", "wren_backend", *arguments]
    return subprocess.run(command, env=env, cwd=home, capture_output=True, text=True)


def ask(*arguments, **variables):
    """Run the command line in this process, which is faster."""
    return CliRunner().invoke(app, [*map(str, arguments)], env=variables)


def test_these_are_all_the_commands():
    assert [" ".join(path) for path in ALL_COMMANDS] == [
        *("", "definitions", "definitions add", "definitions list", "definitions remove"),
        *("keys", "keys issue", "keys list", "keys revoke", "migrate", "rotate-key", "up"),
        *("users", "users disable", "users role", "workspaces", "workspaces delete", "workspaces list"),
    ]


@pytest.mark.parametrize("path", ALL_COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_its_options(path):
    done = ask(*path, "--help", COLUMNS="200", TERM="dumb")

    assert done.exit_code == 0
    assert "Usage: " in done.stdout
    command = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    assert command.help
    assert [parameter.name for parameter in command.params if not getattr(parameter, "help", None)] == []


def test_help_is_shown_without_loading_the_web_stack_or_the_database(tmp_path):
    script = """
import sys
from wren_backend.cli import app
try:
    app(["up", "--help"])
except SystemExit as exc:
    assert exc.code == 0
loaded = {"fastapi", "sqlalchemy", "uvicorn", "sandlock", "authlib", "apscheduler"} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "said"),
    [
        (["migrate"], {"WREN_PROT": "1"}, 3, "SETTINGS_INVALID: WREN_PROT is not a setting; did you mean WREN_PORT?\n"),
        (
            ["keys", "list", "--data-dir", "{home}/file"],
            {},
            1,
            "DATABASE_UNUSABLE: the database file {home}/file/",
        ),
        (
            ["keys", "list"],
            {"WREN_DATA_DIR": "{home}/file"},
            1,
            "DATABASE_UNUSABLE: the database file {home}/file/",
        ),
        (["keys", "revoke", "nobodys0"], {}, 1, "NOT_FOUND: there is no API key with the prefix 'nobodys0'\n"),
        (["migrate"], {"WREN_DATABASE_URL": "mysql://u:hunter2@h/db"}, 1, "DATABASE_UNUSABLE: mysql:// is not"),
        (["migrate"], {"WREN_DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/x"}, 1, "DATABASE_BUSY: the database"),
        (["rotate-key"], {"WREN_MASTER_KEY": "hunter2"}, 1, "KEY_NOT_IN_FILE: WREN_MASTER_KEY holds the keys"),
        (["users", "disable", "nobody"], {}, 1, "NOT_FOUND: there is no workspace 'default'\n"),
        (["workspaces", "delete", "none", "--yes"], {}, 1, "NOT_FOUND: there is no workspace 'none'\n"),
        (["keys", "issue", " "], {}, 1, "NAME_INVALID: the name is not valid: it is empty\n"),
    ],
)
def test_a_failure_is_one_line_on_stderr_and_an_exit_code(tmp_path, arguments, variables, code, said):
    (tmp_path / "file").write_text("in the way")
    given = {name: value.format(home=tmp_path) for name, value in variables.items()}

    done = ask(*(argument.format(home=tmp_path) for argument in arguments), HOME=str(tmp_path), **given)

    assert done.exit_code == code, done.output
    assert done.stderr.startswith(said.format(home=tmp_path))
    assert done.stderr.count("\n") == 1
    assert isinstance(done.exception, SystemExit)
    assert "hunter2" not in done.output
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--port", "0"], 3, "SETTINGS_INVALID: WREN_PORT: Input should be greater than or equal to 1"),
        (["--data-dir", "file/data"], 3, "DATA_DIR_UNUSABLE: file/data cannot be used to keep data: Not a directory"),
        (["--port", "http"], 2, "Usage: python -m wren_backend up [OPTIONS]"),
        (["--prot", "1"], 2, "Usage: python -m wren_backend up [OPTIONS]"),
    ],
)
def test_a_server_that_does_not_start_ends_without_a_traceback(tmp_path, arguments, code, said):
    (tmp_path / "file").write_text("in the way")

    done = run(tmp_path, "up", *arguments)

    assert done.returncode == code, done.stderr
    assert done.stderr.splitlines()[0].startswith(said)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_a_command_the_commands_are_shown():
    done = ask()

    assert done.exit_code == 2
    assert "rotate-key" in done.output


def test_migrate_brings_a_new_database_to_the_newest_revision_and_finds_nothing_to_do_after_that(tmp_path):
    first, again = ask("migrate", "--data-dir", tmp_path), ask("migrate", "--data-dir", tmp_path)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stdout == again.stdout
    assert re.fullmatch(r"the database is at revision \d{4}\n", first.stdout)


def test_a_key_is_printed_alone_when_it_is_issued_and_never_again(tmp_path):
    here = ("--data-dir", tmp_path)

    issued = ask("keys", "issue", "laptop", "--user", "alice", "--workspace", "acme", *here)
    listed = ask("keys", "list", *here)
    as_json = ask("keys", "list", "--json", *here)

    prefix = KEY.fullmatch(issued.stdout.strip())[1]
    assert listed.stdout.split() == [f"wren_{prefix}_...", "active", "acme/alice", "laptop"]
    (row,) = json.loads(as_json.stdout)
    assert (row["prefix"], row["name"], row["revoked_at"]) == (prefix, "laptop", None)
    assert not KEY.search(listed.stdout + as_json.stdout)


def test_a_revoked_key_is_listed_as_such(tmp_path):
    here = ("--data-dir", tmp_path)
    prefix = KEY.fullmatch(ask("keys", "issue", "laptop", *here).stdout.strip())[1]

    revoked = ask("keys", "revoke", prefix, *here)

    assert (revoked.exit_code, revoked.stdout) == (0, f"revoked wren_{prefix}_... (laptop)\n")
    assert f"wren_{prefix}_...  revoked" in ask("keys", "list", *here).stdout


def test_the_keys_of_a_disabled_user_are_listed_as_such(tmp_path):
    here = ("--data-dir", tmp_path)
    prefix = KEY.fullmatch(ask("keys", "issue", "laptop", "--user", "alice", *here).stdout.strip())[1]

    disabled = ask("users", "disable", "alice", *here)

    assert (disabled.exit_code, disabled.stdout) == (0, "disabled default/alice; every key of this user is refused\n")
    assert f"wren_{prefix}_...  disabled" in ask("keys", "list", *here).stdout


def test_a_workspace_is_deleted_only_when_that_was_confirmed(tmp_path):
    here = ("--data-dir", tmp_path)
    for slug in ("acme", "other"):
        ask("keys", "issue", "laptop", "--user", "alice", "--workspace", slug, *here)

    asked = ask("workspaces", "delete", "acme", *here)
    before = ask("workspaces", "list", *here)
    deleted = ask("workspaces", "delete", "acme", "--yes", *here)

    assert (asked.exit_code, asked.stdout) == (1, "")
    assert asked.stderr.startswith("NOT_CONFIRMED: this deletes the workspace 'acme' permanently")
    assert before.stdout == "acme  alice\nother  alice\n"
    assert (deleted.exit_code, deleted.stdout) == (0, "deleted the workspace 'acme' with everything in it\n")
    assert [row["slug"] for row in json.loads(ask("workspaces", "list", "--json", *here).stdout)] == ["other"]


def test_an_option_wins_over_its_variable(tmp_path):
    ask("migrate", "--data-dir", tmp_path / "option", WREN_DATA_DIR=str(tmp_path / "variable"))

    assert (tmp_path / "option" / "wren.db").exists()
    assert not (tmp_path / "variable").exists()


def test_rotating_the_key_says_what_was_done(tmp_path):
    ask("migrate", "--data-dir", tmp_path)

    done = ask("rotate-key", "--data-dir", tmp_path)

    assert re.fullmatch(r"the master key is now mk_[\w-]+; 0 data keys wrapped with it\n", done.stdout)
