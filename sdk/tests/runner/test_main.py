"""The runner as a worker starts it: a process, its channel as descriptor 0, a job, frames."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Any

import pytest

from wren.runner.script import MODULE_NAME
from wren_core.protocol.jobs import PROTOCOL_VERSION
from wren_core.testing.patience import patience

EVENT = {"trigger": "manual", "payload": {"n": 1}}
Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Done:
    """What a runner said until it ended."""

    def __init__(self, frames: list[dict[str, Any]], process: "subprocess.CompletedProcess[str]") -> None:
        self.frames = frames
        self.exit_code = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr

    @property
    def last(self) -> dict[str, Any]:
        return self.frames[-1]

    @property
    def error(self) -> dict[str, Any]:
        assert self.last["frame"] == "error"
        found: dict[str, Any] = self.last["error"]
        return found


def _perform(job: Mapping[str, Any], answer: Answer | None) -> Done:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "wren.runner"]
    with (
        ours,
        subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
    ):
        theirs.close()
        ours.sendall(json.dumps(job).encode() + b"\n")
        frames = []
        for line in ours.makefile("rb"):
            frames.append(json.loads(line))
            if frames[-1]["frame"] == "request" and answer is not None:
                ours.sendall(
                    json.dumps({"frame": "reply", "id": frames[-1]["id"], **answer(frames[-1])}).encode() + b"\n"
                )
        stdout, stderr = process.communicate()
    return Done(frames, subprocess.CompletedProcess(command, process.returncode, stdout, stderr))


def run(script: str, *, func: str = "main", event: Any = EVENT, answer: Answer | None = None, **job: Any) -> Done:
    message = {
        "version": PROTOCOL_VERSION,
        "mode": "run",
        "script": dedent(script),
        "filename": "daily.py",
        "func": func,
        "event": event,
        **job,
    }
    return _perform(message, answer)


def describe(script: str) -> Done:
    return _perform(
        {"version": PROTOCOL_VERSION, "mode": "describe", "script": dedent(script), "filename": "daily.py"}, None
    )


def test_a_function_runs_and_its_result_is_a_frame():
    done = run("def main():\n    print('said')\n    return {'a': [1, None, 2.5]}")

    assert done.frames == [{"frame": "result", "value": {"a": [1, None, 2.5]}}]
    assert (done.exit_code, done.stdout, done.stderr) == (0, "said\n", "")


@pytest.mark.parametrize(
    "signature",
    [
        "event",
        "event, extra=1",
        "*events",
        "event=None",
        "event, *, key=1",
        "*, key=1, **rest",
        "",
        "days=7, event=None",
        "*, event",
        "days=7, *, event=None",
        "_event=None",
        "days=7",
    ],
)
def test_a_function_gets_its_event_if_it_takes_one(signature: str):
    signature = signature.replace("_event", "event")
    takes = "event" in signature
    name = "events[0]" if "*events" in signature else "event"
    done = run(f"def main({signature}):\n    return {name + '.payload' if takes else repr('without')}")

    assert done.last["value"] == ({"n": 1} if takes else "without")


@pytest.mark.parametrize(
    ("signature", "values"),
    [
        ("days=7, dry_run=False", "[7, false]"),
        ("channel='general', *, limit=10", '["general", 10]'),
        ("since=None, **rest", "[null, {}]"),
        ("days: int = 7, *more", "[7, []]"),
    ],
)
@pytest.mark.parametrize("event", [EVENT, {"trigger": "schedule", "cron": "* * * * *"}])
def test_parameters_of_a_script_keep_their_defaults(signature: str, values: str, event: dict[str, Any]):
    times = {"scheduled_for": "2026-01-01T09:00:00Z", "fired_at": "2026-01-01T09:00:01Z"}
    names = [part.strip(" *").split("=")[0].split(":")[0] for part in signature.split(",")]
    returned = ", ".join(name for name in names if name)
    done = run(f"def main({signature}):\n    return [{returned}]", event={**times, **event})

    assert json.dumps(done.last["value"]) == values


def test_an_annotation_asks_for_the_event_too():
    done = run(
        "import wren\ndef main(days=7, start: wren.ManualStart | None = None):\n    return [days, start.payload]"
    )

    assert done.last["value"] == [7, {"n": 1}]


@pytest.mark.parametrize("trigger", ["manual", "schedule"])
def test_a_start_by_hand_and_a_schedule_have_the_same_attributes(trigger: str):
    times = {"scheduled_for": "2026-01-01T09:00:00Z", "fired_at": "2026-01-01T09:00:00Z"}
    done = run(
        """
        def main(event):
            return [event.scheduled_for.year, event.fired_at.year, event.cron, event.timezone, event.payload]
        """,
        event={"trigger": trigger, **times, "cron": "0 9 * * *"},
    )

    assert done.last["value"] == [2026, 2026, "0 9 * * *", "UTC", {}]


def test_a_schedule_tick_arrives_as_its_class_with_aware_times():
    done = run(
        """
        import wren
        def main(tick):
            assert isinstance(tick, wren.ScheduleTick)
            return [tick.scheduled_for.utcoffset().total_seconds(), tick.cron]
        """,
        event={
            "trigger": "schedule",
            "scheduled_for": "2026-01-01T09:00:00Z",
            "fired_at": "2026-01-01T09:00:01Z",
            "cron": "0 9 * * *",
        },
    )

    assert done.last["value"] == [0.0, "0 9 * * *"]


def test_an_async_function_runs_to_its_end():
    done = run("import asyncio\nasync def main(event):\n    await asyncio.sleep(0)\n    return 'async'")

    assert done.last["value"] == "async"


def test_records_dates_and_sets_have_a_json_form():
    done = run("""
        import datetime, dataclasses
        from wren_core.contract.record import Record
        class Mail(Record):
            subject: str
        @dataclasses.dataclass
        class Point:
            x: int
        def main():
            return [Mail(subject="s"), datetime.date(2026, 1, 2), {1}, (2,), Point(3)]
    """)

    assert done.last["value"] == [{"subject": "s"}, "2026-01-02", [1], [2], {"x": 3}]


@pytest.mark.parametrize(
    "value", ["object()", "float('nan')", "float('inf')", "lambda: 1", "loop", "b'\\xff'", "{1: object()}"]
)
def test_a_result_without_json_form_is_an_error_that_names_its_type(value: str):
    done = run(f"loop = []\nloop.append(loop)\ndef main():\n    return {value}")

    assert (done.error["type"], done.error["code"]) == ("AgentFixableError", "RESULT_NOT_JSON")
    assert done.error["message"].startswith("main() returned a ")
    assert done.exit_code == 1


def test_a_result_too_large_for_a_frame_is_an_error():
    done = run("def main():\n    return 'x' * 2**20")

    assert done.error["code"] == "RESULT_TOO_LARGE"
    assert len(done.frames) == 1


def test_an_exception_is_an_error_with_place_and_the_scripts_own_frames():
    done = run("""
        import json

        def main():
            return helper()

        def helper():
            return json.loads("{")
    """)

    assert done.error["code"] == "SCRIPT_FAILED"
    assert (done.error["file"], done.error["line"]) == ("daily.py", 8)
    assert done.error["message"].startswith("JSONDecodeError: ")
    lines = [line for line in done.error["traceback"].splitlines() if "^" not in line]
    assert lines[:5] == [
        "Traceback (most recent call last):",
        '  File "daily.py", line 5, in main',
        "    return helper()",
        '  File "daily.py", line 8, in helper',
        '    return json.loads("{")',
    ]
    assert "runner" not in done.error["traceback"]
    assert done.exit_code == 1


@pytest.mark.parametrize(
    ("script", "code", "line", "message"),
    [
        ("def main(:\n    pass", "SYNTAX_ERROR", 1, "the script is not valid Python: invalid syntax"),
        ("x = 1\n  y = 2", "SYNTAX_ERROR", 2, "the script is not valid Python: unexpected indent"),
        ("import nothing_of_that_name", "SCRIPT_FAILED", 1, "ModuleNotFoundError: No module named"),
        ("x = 1\nraise ValueError('at import')", "SCRIPT_FAILED", 2, "ValueError: at import"),
        ("def main():\n    raise SystemExit(3)", "SCRIPT_EXITED", 2, "the script called sys.exit(3)"),
        ("import sys\nsys.exit()", "SCRIPT_EXITED", 2, "the script called sys.exit(None)"),
        ("def main():\n    raise KeyboardInterrupt", "SCRIPT_FAILED", 2, "KeyboardInterrupt"),
        ("def main():\n    raise MemoryError", "MEMORY_LIMIT_EXCEEDED", 2, "the script needs more memory"),
        ("def main():\n    return main()", "SCRIPT_FAILED", 2, "RecursionError: maximum recursion depth"),
        ("def main():\n    eval('1 +')", "SYNTAX_ERROR", 2, "the script is not valid Python"),
        ("class Odd(Exception):\n    def __str__(self): raise ValueError\ndef main():\n    raise Odd",
         "SCRIPT_FAILED", 4, "Odd: <no description: ValueError>"),
        ("def main():\n    raise ValueError('x' * 100_000)", "SCRIPT_FAILED", 2, "ValueError: xxx"),
        ("def main():\n    raise ExceptionGroup('two', [ValueError(1), TypeError(2)])", "SCRIPT_FAILED", 2,
         "ExceptionGroup: two (2 sub-exceptions)"),
    ],
)  # fmt: skip
def test_every_way_a_script_fails_has_a_code_and_a_line(script: str, code: str, line: int, message: str):
    done = run(script)

    assert (done.error["type"], done.error["code"]) == ("AgentFixableError", code)
    assert (done.error["file"], done.error["line"]) == ("daily.py", line)
    assert done.error["message"].startswith(message)
    assert len(json.dumps(done.error)) < 50_000
    assert done.exit_code == 1


def test_an_error_of_wren_keeps_its_type_code_and_details():
    done = run("""
        from wren import RateLimited
        def main():
            raise RateLimited("slow down", retry_after=2.5)
    """)

    assert (done.error["type"], done.error["code"]) == ("AgentFixableError", "RATE_LIMITED")
    assert (done.error["can_retry"], done.error["retry_after_ms"], done.error["line"]) == (True, 2500, 4)


def test_a_missing_function_names_the_nearest():
    done = run("def daily():\n    pass", func="dayly")

    assert done.error["code"] == "FUNCTION_UNDEFINED"
    assert done.error["message"] == "the script has no function 'dayly'; did you mean 'daily'?"
    assert done.error["details"] == {"functions": ["daily"]}


@pytest.mark.parametrize("script", ["main = 1", "class main: pass", "from json import loads as other"])
def test_only_a_function_can_be_run(script: str):
    assert run(script).error["code"] == "FUNCTION_UNDEFINED"


@pytest.mark.parametrize("signature", ["a, b", "*, key", "a, *, key"])
def test_a_function_that_needs_more_than_an_event_is_refused(signature: str):
    done = run(f"def main({signature}):\n    pass")

    assert done.error["code"] == "FUNCTION_SIGNATURE"


@pytest.mark.parametrize("event", [{}, {"trigger": "moon"}, {"trigger": "schedule"}])
def test_an_event_of_no_known_kind_is_refused(event: dict[str, Any]):
    assert run("def main(event):\n    pass", event=event).error["code"] == "EVENT_INVALID"


def test_the_environment_of_the_job_is_there_before_the_scripts_first_line():
    done = run("import os\nTOKEN = os.environ['TOKEN']\ndef main():\n    return TOKEN", env={"TOKEN": "value"})

    assert done.last["value"] == "value"


def test_the_script_has_no_standard_input_and_no_channel_to_inherit():
    done = run("""
        import os, subprocess, sys
        def main():
            code = "import os, stat; print([n for n in range(3, 64) if os.path.exists(f'/proc/self/fd/{n}') and " \\
                   "stat.S_ISSOCK(os.stat(f'/proc/self/fd/{n}').st_mode)])"
            child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, close_fds=False)
            return [sys.stdin.read(), child.stdout.strip()]
    """)

    assert done.last["value"] == ["", "[]"]


def test_the_script_is_a_module_with_its_own_name():
    done = run("""
        import dataclasses, pickle, sys
        @dataclasses.dataclass
        class Point:
            x: "int"
        def main():
            assert sys.modules[__name__].Point is Point
            return [__name__, __file__, pickle.loads(pickle.dumps(Point(1))).x]
    """)

    assert done.last["value"] == [MODULE_NAME, "daily.py", 1]


def test_a_script_named_like_a_standard_module_does_not_replace_it():
    done = run("def main():\n    import email.message\n    return email.message.__name__", filename="email.py")

    assert done.last["value"] == "email.message"


def test_a_main_block_does_not_run():
    assert run("def main():\n    return 1\nif __name__ == '__main__':\n    raise ValueError").last["value"] == 1


def test_print_of_odd_text_does_not_fail():
    done = run("def main():\n    print('\\ud800 \\N{EURO SIGN}')")

    assert done.stdout == "\\ud800 \N{EURO SIGN}\n"


def test_output_is_written_line_by_line():
    done = run("import os\ndef main():\n    print('first')\n    os.write(1, b'second\\n')\n    print('third')")

    assert done.stdout == "first\nsecond\nthird\n"


def test_a_script_can_close_its_streams_and_still_answer():
    done = run("import sys\ndef main():\n    sys.stdout.close()\n    sys.stderr = None\n    return 1")

    assert done.last["value"] == 1


def test_describe_answers_with_metadata_and_runs_no_function():
    done = describe("""
        import wren
        @wren.on_schedule("0 9 * * *")
        def daily():
            raise ValueError
    """)

    assert done.frames == [
        {
            "frame": "metadata",
            "metadata": {
                "integrations": [],
                "triggers": [{"type": "schedule", "func": "daily", "config": {"cron": "0 9 * * *", "timezone": "UTC"}}],
                "schedules": [{"cron": "0 9 * * *", "func_name": "daily"}],
            },
        }
    ]
    assert done.exit_code == 0


def test_a_wrong_cron_is_an_error_at_its_decorator():
    done = describe("import wren\n\n@wren.on_schedule('0 25 * * *')\ndef daily(): ...")

    assert (done.error["code"], done.error["line"]) == ("CRON_INVALID", 3)
    assert done.error["details"]["field"] == "hour"


def test_requests_of_many_threads_each_get_their_own_answer():
    done = run(
        """
        from concurrent.futures import ThreadPoolExecutor
        from wren.script import session
        def main():
            ask = lambda n: session.current().host.request("echo", {"n": n})["n"]
            with ThreadPoolExecutor(8) as pool:
                return list(pool.map(ask, range(50)))
        """,
        answer=lambda frame: {"result": frame["payload"]},
    )

    assert done.last["value"] == list(range(50))
    assert [frame["operation"] for frame in done.frames[:-1]] == ["echo"] * 50


def test_a_refused_request_raises_the_error_it_was_refused_with():
    done = run(
        "from wren.script import session\ndef main():\n    session.current().host.request('o', {})",
        answer=lambda frame: {"error": {"type": "UserFacingConfigError", "code": "CREDENTIAL_MISSING", "message": "m"}},
    )

    assert (done.error["type"], done.error["code"], done.error["line"]) == (
        *("UserFacingConfigError", "CREDENTIAL_MISSING"),
        3,
    )


@pytest.mark.parametrize(
    ("payload", "code"), [("{'x': 'y' * 2**20}", "PAYLOAD_TOO_LARGE"), ("{'x': object()}", "SCRIPT_FAILED")]
)
def test_a_request_that_cannot_be_sent_is_an_error_and_the_channel_goes_on(payload: str, code: str):
    done = run(
        f"""
        from wren.script import session
        def main():
            try:
                session.current().host.request("o", {payload})
            except Exception as exc:
                assert session.current().host.request("o", {{}}) == {{}}
                raise
        """,
        answer=lambda frame: {"result": {}},
    )

    assert done.error["code"] == code
    assert len(done.frames) == 2


def test_a_forked_child_cannot_use_the_channel():
    done = run("""
        import os
        from wren.script import session
        from wren_core.protocol.calls import CallRecord
        def main():
            if os.fork() == 0:
                session.current().on_call(CallRecord(integration="a", method="b", ms=1, outcome="ok"))
                try:
                    session.current().host.request("o", {})
                except Exception as exc:
                    print(type(exc).__name__, flush=True)
                os._exit(0)
            os.wait()
            return "parent"
    """)

    assert done.frames == [{"frame": "result", "value": "parent"}]
    assert done.stdout == "HostUnavailable\n"


def test_a_worker_that_goes_away_ends_a_waiting_request():
    ours, theirs = socket.socketpair()
    script = "from wren.script import session\ndef main():\n    session.current().host.request('o', {})"
    job = {
        "version": PROTOCOL_VERSION,
        "mode": "run",
        "script": script,
        "filename": "daily.py",
        "func": "main",
        "event": EVENT,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "wren.runner"], stdin=theirs, stderr=subprocess.PIPE, text=True
    ) as process:
        theirs.close()
        ours.sendall(json.dumps(job).encode() + b"\n")
        request = json.loads(ours.makefile("rb").readline())
        ours.close()
        code = process.wait(patience(20))

    assert request["operation"] == "o"
    assert code != 0


def test_calls_are_sent_as_frames():
    done = run("""
        from wren.script import session
        from wren_core.protocol.calls import CallRecord
        def main():
            session.current().on_call(CallRecord(integration="mail", method="send", ms=1.5, outcome="ok"))
    """)

    assert done.frames[0] == {
        "frame": "call",
        "call": {"integration": "mail", "account": None, "method": "send", "ms": 1.5, "outcome": "ok"},
    }


def test_the_runner_loads_neither_the_command_line_nor_an_http_client():
    code = "import wren.runner.main, sys; print(*sys.modules)"

    loaded = set(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    )

    assert not {"typer", "click", "rich", "httpx2", "httpx", "requests", "asyncio", "slack_sdk", "wren.cli"} & loaded
    assert not {name for name in loaded if name.startswith("wren_") and not name.startswith("wren_core")}


def test_integrations_the_server_declares_come_with_the_job():
    definition = {
        "integrationId": "ledger",
        "name": "Ledger",
        "version": "1.0.0",
        "baseUrl": "http://127.0.0.1:9",
        "hosts": ["127.0.0.1:9"],
        "methods": [
            {
                "id": "total",
                "name": "Total",
                "description": "Add up.",
                "inputSchema": {"type": "object", "properties": {}, "additionalProperties": False},
                "request": {"method": "POST", "path": "/total"},
            }
        ],
    }
    script = """
        import wren
        ledger = wren.integrations.ledger.init()
        def main():
            try:
                ledger.total()
            except wren.Unavailable:
                return sorted(type(ledger).methods())
    """

    done = run(script, definitions={"ledger": json.dumps(definition)})
    alone = run(script)

    assert done.last == {"frame": "result", "value": ["total"]}
    assert done.frames[0]["call"]["integration"] == "ledger"
    assert alone.error["code"] == "INTEGRATION_UNKNOWN"


@pytest.mark.parametrize("version", [0, PROTOCOL_VERSION + 1, None, str(PROTOCOL_VERSION)])
def test_a_job_of_another_protocol_version_is_refused_before_the_script_is_read(version: Any):
    done = run("print('imported')\ndef main(): pass", version=version)

    assert (done.error["type"], done.error["code"]) == ("UserFacingConfigError", "PROTOCOL_MISMATCH")
    assert f"version {version}, and this runner speaks version {PROTOCOL_VERSION}" in done.error["message"]
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "")


def test_a_job_of_another_shape_is_refused_without_quoting_it():
    done = run("def main(): pass", env={"MAIL_TOKEN": ["token-0123456789"]})

    assert done.error["code"] == "PROTOCOL_MISMATCH"
    assert "run.env.MAIL_TOKEN" in done.error["message"]
    assert "token-0123456789" not in json.dumps(done.frames) + done.stderr


def test_the_default_account_sets_the_documented_variables_and_no_other_one_does():
    connections = [
        {"integration": "mail", "alias": alias, "is_default": alias == "home", "credentials": {"MAIL_TOKEN": alias}}
        for alias in ("work", "home")
    ]

    done = run("import os\ndef main():\n    return os.environ['MAIL_TOKEN']", connections=connections)
    alone = run("import os\ndef main():\n    return os.environ.get('MAIL_TOKEN')", connections=connections[:1])

    assert (done.last["value"], alone.last["value"]) == ("home", None)
