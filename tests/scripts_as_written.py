"""Scripts as people and models write them: good ones, for which no check may raise an alarm, and broken ones."""

_IMPORTS = "import wren\n"

GOOD = {
    "morning_digest": """
from datetime import UTC, datetime, timedelta

import wren

gmail = wren.integrations.gmail.init()
slack = wren.integrations.slack.init(default_channel="general")


@wren.on_schedule("0 9 * * 1-5", timezone="Europe/Berlin")
def digest() -> str:
    since = datetime.now(UTC) - timedelta(days=1)
    mails = gmail.search("is:unread", limit=20)
    recent = [mail for mail in mails if mail.date and mail.date > since]
    lines = [f"{mail.sender.name or mail.sender.address}: {mail.subject}" for mail in recent]
    slack.post("\\n".join(lines) or "nothing new")
    return f"{len(lines)} mails"
""",
    "helpers_and_types": """
import wren
from wren.integrations import gmail as gmail_integration

gmail = gmail_integration.init()


def unread(limit: int = 5) -> list:
    return gmail.search("is:unread", limit=limit)


def by_sender(mails) -> dict[str, list]:
    groups: dict[str, list] = {}
    for mail in mails:
        groups.setdefault(mail.sender.address, []).append(mail)
    return groups


@wren.on_schedule("@hourly")
def report(event: wren.ScheduleTick) -> dict[str, int]:
    groups = by_sender(unread())
    return {sender: len(mails) for sender, mails in sorted(groups.items())}
""",
    "attachments": """
import csv
import io

import wren

gmail = wren.integrations.gmail.init()


@wren.on_schedule("0 6 1 * *")
def invoices():
    rows = []
    for mail in gmail.search("has:attachment invoice"):
        for attachment in mail.attachments:
            rows.append({"from": mail.sender.address, "file": attachment.filename, "size": attachment.size})
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=["from", "file", "size"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
""",
    "own_parameters": """
import wren

messaging = wren.integrations.messaging.init()


@wren.on_schedule("*/30 * * * *")
def check(days=7, dry_run=False):
    if not dry_run:
        messaging.send(f"looked back {days} days", subject="check")
    return [days, dry_run]
""",
    "event_payload": """
import wren

messaging = wren.integrations.messaging.init()


@wren.on_schedule("0 0 * * *")
def nightly(event):
    day = event.payload.get("day") or event.scheduled_for.date().isoformat()
    messaging.send(f"night of {day}", subject=event.trigger)
    return day
""",
    "two_triggers": """
import wren

cron = wren.integrations.cron.init()


@wren.on_schedule("0 9 * * *")
@wren.on_schedule("0 17 * * *", timezone="America/New_York", misfire="skip")
def twice(event=None):
    return event.cron if event else None


@wren.on_schedule("@weekly")
def weekly():
    return "week"
""",
    "wrapped": """
import functools
import time

import wren


def retry(times):
    def decorate(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            for attempt in range(times):
                try:
                    return function(*args, **kwargs)
                except wren.TransientError:
                    time.sleep(2**attempt)
            return function(*args, **kwargs)

        return inner

    return decorate


@wren.on_schedule("0 * * * *")
@retry(3)
def steady(event):
    return event.trigger
""",
    "asynchronous": """
import asyncio

import wren

slack = wren.integrations.slack.init()


@wren.on_schedule("0 12 * * *")
async def both():
    return await asyncio.gather(
        asyncio.to_thread(slack.post, "one", channel="general"),
        asyncio.to_thread(slack.post, "two", channel="general"),
    )
""",
    "pool": """
from concurrent.futures import ThreadPoolExecutor

import wren

github = wren.integrations.github.init()


@wren.on_schedule("0 8 * * 1")
def stale():
    repositories = ["octo/one", "octo/two"]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda name: github.list_issues(repository=name), repositories))
    return [issue.title for issues in found for issue in issues if "stale" in issue.labels]
""",
    "connection_configuration": """
import wren

imap = wren.integrations.imap.init()
postgres = wren.integrations.postgres.init()


@wren.on_schedule("15 3 * * *")
def archive():
    rows = postgres.query("SELECT 1 AS n").rows
    return [row["n"] for row in rows]
""",
    "temporary_file": """
import json
from pathlib import Path

import wren

webdav = wren.integrations.webdav.init()


@wren.on_schedule("0 2 * * *")
def export():
    target = Path("export.json")
    target.write_text(json.dumps({"n": 1}))
    return len(target.read_bytes())
""",
    "errors": """
import wren
from wren import errors

slack = wren.integrations.slack.init()


@wren.on_schedule("0 10 * * *")
def post():
    try:
        return slack.post("hi", channel="nowhere").ts
    except wren.NotFound as exc:
        return exc.code
    except (errors.AuthFailed, wren.UserFacingConfigError):
        raise
""",
    "classes": """
from dataclasses import dataclass

import wren

gmail = wren.integrations.gmail.init()


@dataclass
class Row:
    subject: str
    body: str


class Reader:
    def __init__(self, query):
        self.query = query

    def rows(self):
        return [Row(subject=mail.subject, body=mail.text) for mail in gmail.search(self.query)]


@wren.on_schedule("30 7 * * *")
def read():
    return [row.body[:20] for row in Reader("label:work").rows()]
""",
    "defensive": """
import wren

gmail = wren.integrations.gmail.init()


@wren.on_schedule("0 5 * * *")
def look():
    found = []
    for mail in gmail.search("x"):
        body = getattr(mail, "body", None) or mail.text
        if hasattr(mail, "priority"):
            found.append(mail.priority)
        found.append(body)
    first = next(iter(found), None)
    best = max(gmail.search("y"), key=lambda mail: len(mail.text), default=None)
    return [first, best.subject if best else None]
""",
    "models": """
import wren
from pydantic import BaseModel

gmail = wren.integrations.gmail.init()
anthropic = wren.integrations.anthropic.init()


class Summary(BaseModel):
    title: str
    urgent: bool = False


@wren.on_schedule("0 18 * * *")
def summarise():
    mails = gmail.search("is:unread")
    answer = wren.ai("Summarise", *mails, schema=Summary, integration="anthropic")
    return answer.title if answer.urgent else None
""",
    "main_guard": """
import wren

messaging = wren.integrations.messaging.init()


@wren.on_schedule("0 4 * * *")
def nightly():
    messaging.send("x", subject="y")


if __name__ == "__main__":
    nightly()
""",
    "switches": """
import os

import wren

messaging = wren.integrations.messaging.init()
VERBOSE = os.environ.get("VERBOSE") == "1"

if VERBOSE:

    def say(text):
        print(text)
else:

    def say(text):
        return None


@wren.on_schedule("*/15 8-18 * * mon-fri")
def tick():
    match messaging.inbox():
        case [first, *_]:
            say(first.subject)
            return first.body
        case _:
            return None
""",
    "shadowed_loop_names": """
import wren

gmail = wren.integrations.gmail.init()


@wren.on_schedule("0 11 * * *")
def names():
    for mail in gmail.search("a"):
        print(mail.subject)
    for mail in ["x", "y"]:
        print(mail.upper())
    mails = gmail.search("b")
    mails = {mail.id: mail for mail in mails}
    return sorted(mails.keys()), [label.name for label in gmail.labels() if label.type == "user"]
""",
    "rates": """
import wren

slack = wren.integrations.slack.init()


@wren.on_schedule("0 13 * * *")
def post_all(event, *, channel="general"):
    sent = [slack.post(text, channel=channel) for text in ("a", "b")]
    return {"count": len(sent), "last": sent[-1].ts, "at": event.fired_at.isoformat()}
""",
    "late_init": """
import wren

slack = None


def connect():
    global slack
    if slack is None:
        slack = wren.integrations.slack.init()
    return slack


@wren.on_schedule("0 14 * * *")
def late():
    return [channel.name for channel in connect().channels()]
""",
}

_DAILY = '@wren.on_schedule("0 9 * * *")\n'
_GMAIL = "import wren\ngmail = wren.integrations.gmail.init()\n"
_SLACK = "import wren\nslack = wren.integrations.slack.init()\n"

BROKEN = {
    "body": (_GMAIL + _DAILY + "def f():\n    return [m.body for m in gmail.search('x')]\n", "ATTRIBUTE_UNKNOWN", 5),
    "subscript": (_GMAIL + _DAILY + "def f():\n    return gmail.search('x')[0]['subject']\n", "ATTRIBUTE_UNKNOWN", 5),
    "through_a_function": (
        _GMAIL + "def show(m):\n    return m['from']\n" + _DAILY + "def f():\n    show(gmail.search('x')[0])\n",
        *("ATTRIBUTE_UNKNOWN", 4),
    ),
    "list": (_GMAIL + _DAILY + "def f():\n    return gmail.search('x').subject\n", "ATTRIBUTE_UNKNOWN", 5),
    "event": ("import wren\n" + _DAILY + "def f(event):\n    return event['payload']\n", "ATTRIBUTE_UNKNOWN", 4),
    "await": (_SLACK + _DAILY + "async def f():\n    await slack.post('x')\n", "METHOD_AWAITED", 5),
    "not_called": (_GMAIL + _DAILY + "def f():\n    for m in gmail.labels: print(m)\n", "METHOD_NOT_CALLED", 5),
    "taken_name": (_SLACK + _DAILY + "def slack():\n    slack.post('x')\n", "NAME_OVERWRITTEN", 4),
    "lost_trigger": ("import wren\n" + (_DAILY + "def f(): ...\n") * 2, "TRIGGER_LOST", 3),
    "hidden_trigger": (
        "import wren\ndef log(f):\n    return lambda *a: f(*a)\n@log\n" + _DAILY + "def f(event): ...\n",
        *("TRIGGER_LOST", 6),
    ),
    "at_import": (_SLACK + "CHANNELS = slack.channels()\n" + _DAILY + "def f(): ...\n", "CALL_AT_IMPORT", 3),
    "tz": ('import wren\n@wren.on_schedule("0 9 * * *", tz="UTC")\ndef f(): ...\n', "ARGUMENT_UNKNOWN", 2),
    "every_ninety": ('import wren\n@wren.on_schedule("*/90 * * * *")\ndef f(): ...\n', "CRON_INVALID", 2),
    "module": ("import wren\nimport helpers_of_mine\n" + _DAILY + "def f(): ...\n", "MODULE_MISSING", 2),
    "method": (_SLACK + _DAILY + "def f():\n    slack.send('x')\n", "METHOD_UNKNOWN", 5),
    "argument": (_SLACK + _DAILY + "def f():\n    slack.post('x', chanel='y')\n", "ARGUMENT_UNKNOWN", 5),
    "missing": (_SLACK + _DAILY + "def f():\n    slack.post(channel='y')\n", "ARGUMENT_MISSING", 5),
    "configuration": (_SLACK.replace("init()", "init(chanel='x')") + _DAILY + "def f(): ...\n", "CONFIG_INVALID", 2),
    "undefined": ("import wren\n" + _DAILY + "def f():\n    return json.dumps({})\n", "UNDEFINED_NAME", 4),
    "unknown": ("import wren\nteams = wren.integrations.teams.init()\n", "INTEGRATION_UNKNOWN", 2),
}
