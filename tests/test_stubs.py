"""With the stubs, mypy, pyright and editors check calls of installed integrations."""

import subprocess
import sys

import pytest

from servers.checkers import mypy, pyright

RIGHT = """
from datetime import UTC, datetime

import wren
from wren import integrations
from wren_slack.records import Message

slack = wren.integrations.slack.init(default_channel="#general")
posted = slack.post("hello", channel="#random", blocks=[{"type": "divider"}])
place: str = posted.ts
messages: list[Message] = slack.history(since=datetime(2026, 1, 1, tzinfo=UTC), limit=5)
slack.update(posted.ts, "hello again")
names: list[str] = [channel.name for channel in slack.channels()]

mail = integrations.gmail.init()
found = mail.search("is:unread")
mail.send("a@example.com", "Hello", "Hi")
mail.send(["a@example.com", "b@example.com"], "Hello", "Hi")

told: str = integrations.render_docs(["slack"])
listed: list[str] = [integrations.get_docs(name).display_name for name in integrations.list()]
documents = wren.integrations.slack.get_docs()
title: str = documents.display_name


@wren.on_schedule("0 9 * * *", timezone="Europe/Berlin")
def daily(tick: wren.ScheduleTick) -> str:
    try:
        return slack.post("morning").ts
    except wren.RateLimited as exc:
        return str(exc.retry_after)
"""
WRONG = """
import wren
from wren import integrations

slack = wren.integrations.slack.init()
slack.pots("hello")  # no such method
slack.post("hello", chanel="#random")  # no such argument
slack.post(3)  # not a text
slack.post()  # nothing to say
number: int = slack.post("hello").ts  # a text
slack.history(limit="5")  # not a number
slack.history()[0].txt  # no such field
wren.integrations.slack.init(defaultchannel="#x")  # no such setting
wren.integrations.slack.init(timeout_seconds="soon")  # not a number
wren.integrations.slak.init()  # no such integration
integrations.render_docs(5)  # not names
wren.on_shedule("0 9 * * *")  # no such decorator
wren.on_schedule(9)  # not a cron expression
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("script")
    for arguments in ((), ("--check",)):
        command = [sys.executable, "-m", "wren", "integrations", "stubs", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    (folder / "right.py").write_text(RIGHT)
    (folder / "wrong.py").write_text(WRONG)
    return folder


def marked(text):
    return {("wrong.py", number) for number, line in enumerate(text.splitlines(), start=1) if "  # " in line}


@pytest.mark.parametrize("checker", [mypy, pyright], ids=["mypy", "pyright"])
def test_type_checkers_accept_valid_calls_and_report_each_invalid_one(project, checker):
    stubs = sorted(path.relative_to(project).as_posix() for path in (project / "typings").rglob("*.pyi"))

    assert checker(project, "right.py", "wrong.py", *stubs) == marked(WRONG)


def test_without_the_stubs_invalid_calls_are_not_reported(project):
    """The package alone has no types of integrations; otherwise the test above would prove nothing."""
    found = mypy(project, "wrong.py", stubs="elsewhere")

    assert found < marked(WRONG)
    assert ("wrong.py", 6) not in found
