"""What a worker gets from a run that behaves: results, calls, requests, errors with their place."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from wren_backend.executor.executor import Description, Executor
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.port import Confinement, Launch, OutcomeStatus
from wren_backend.executor.request_server import Served
from wren_backend.executor.sandboxes import PlainSandbox
from wren_core.errors import AgentFixableError, CredentialMissing, WrenError
from wren_core.protocol.calls import CallRecord
from wren_core.protocol.jobs import DescribeJob, RunJob

ASKS = "from wren.script import session\ndef main():\n    session.current().host.request('o', {})"
SCRIPT = """
import wren

@wren.on_schedule("0 9 * * 1-5", timezone="Europe/Berlin")
def daily(event):
    return {"trigger": event.trigger}
"""


def test_a_run_returns_what_the_function_returned(run_script: Any):
    ran = run_script(SCRIPT, func="daily")

    assert ran.outcome.status is OutcomeStatus.SUCCESS
    assert ran.outcome.result == {"trigger": "manual"}
    assert ran.outcome.isolation == "sandlock"
    assert ran.outcome.error is None
    assert (ran.outcome.exit_code, ran.outcome.signal) == (0, None)


def test_a_large_result_arrives_whole(run_script: Any):
    ran = run_script("def main():\n    return 'x' * 1_000_000")

    assert ran.outcome.result == "x" * 1_000_000


def test_a_large_script_and_its_secrets_arrive_whole(run_script: Any):
    script = f"TEXT = {'x' * 1_000_000!r}\nimport os\ndef main():\n    return [len(TEXT), os.environ['A']]"

    ran = run_script(script, env={"A": "a" * 10_000})

    assert ran.outcome.result == [1_000_000, "a" * 10_000]


def test_an_error_names_file_and_line_and_shows_the_scripts_frames_only(run_script: Any):
    ran = run_script("import json\ndef main():\n    return helper()\ndef helper():\n    return json.loads('{')")

    error = ran.outcome.error
    assert (error["type"], error["code"]) == ("AgentFixableError", "SCRIPT_FAILED")
    assert (error["file"], error["line"]) == ("script.py", 5)
    assert error["correlation_id"] == "corr_test"
    assert error["message"].startswith("JSONDecodeError: Expecting property name")
    assert error["traceback"].count("File ") == 2
    assert "return json.loads('{')" in error["traceback"]


def test_an_error_of_wren_keeps_its_class_code_and_next_step(run_script: Any):
    ran = run_script("""
        from wren import UserFacingConfigError
        def main():
            raise UserFacingConfigError("connect it", code="OAUTH_TOKEN_EXPIRED", action_url="https://x.example/fix")
    """)

    error = ran.outcome.error
    assert (error["type"], error["code"]) == ("UserFacingConfigError", "OAUTH_TOKEN_EXPIRED")
    assert error["action_url"] == "https://x.example/fix"
    assert error["line"] == 4


def test_environment_values_reach_the_script_and_no_other_process(run_script: Any):
    ran = run_script(
        "import os\ndef main():\n    return [os.environ['A_SETTING'], sorted(os.environ)]", env={"A_SETTING": "value"}
    )

    value, names = ran.outcome.result
    assert value == "value"
    assert set(names) <= {
        "A_SETTING",
        "HOME",
        "LANG",
        "PATH",
        "PYDANTIC_DISABLE_PLUGINS",
        "TERM",
        "TMPDIR",
        "USER",
        "LC_CTYPE",
    }


def test_requests_are_served_in_another_thread_and_answered(run_script: Any):
    asked: list[Any] = []

    def serve(operation: str, payload: Any) -> dict[str, Any]:
        asked.append((operation, dict(payload)))
        return {"id": f"msg_{len(asked)}"}

    ran = run_script(
        """
        from wren.script import session
        def main():
            ask = session.current().host.request
            return [ask("messages.send", {"body": "one"}), ask("messages.send", {"body": "two"})]
        """,
        serve=serve,
    )

    assert ran.outcome.result == [{"id": "msg_1"}, {"id": "msg_2"}]
    assert asked == [("messages.send", {"body": "one"}), ("messages.send", {"body": "two"})]


def test_a_request_is_served_without_the_secrets_in_it(run_script: Any):
    served: list[Any] = []

    run_script(
        """
        import os
        from wren.script import session
        def main():
            secret = os.environ["A_TOKEN"]
            session.current().host.request("messages.send", {"body": f"it is {secret}", secret: [secret]})
        """,
        env={"A_TOKEN": "token-0123456789"},
        secrets=("token-0123456789",),
        serve=lambda operation, payload: served.append((operation, payload)) or {},
    )

    assert served == [("messages.send", {"body": "it is [masked]", "[masked]": ["[masked]"]})]


def test_a_refused_request_raises_the_same_error_in_the_script(run_script: Any):
    def serve(*_: Any) -> dict[str, Any]:
        raise CredentialMissing("connect mail first", action_url="https://x.example/setup")

    ran = run_script(
        "from wren.script import session\ndef main():\n    session.current().host.request('o', {})", serve=serve
    )

    error = ran.outcome.error
    assert (error["type"], error["code"], error["line"]) == ("UserFacingConfigError", "CREDENTIAL_MISSING", 3)
    assert error["action_url"] == "https://x.example/setup"


def test_what_breaks_in_the_platform_is_not_shown_to_the_script(run_script: Any):
    def serve(*_: Any) -> dict[str, Any]:
        raise RuntimeError("database password is hunter2")

    ran = run_script(
        "from wren.script import session\ndef main():\n    session.current().host.request('o', {})", serve=serve
    )

    assert (ran.outcome.error["type"], ran.outcome.error["code"]) == ("InternalError", "INTERNAL")
    assert ran.outcome.error["message"] == "the platform could not serve 'o'"


def test_a_request_that_hangs_does_not_hold_up_the_deadline(run_script: Any):
    ran = run_script(
        ASKS,
        serve=lambda *_: time.sleep(4) or {},
        wall=1,
    )

    assert ran.outcome.status is OutcomeStatus.TIMEOUT
    assert ran.outcome.duration.total_seconds() < 3


def test_calls_are_reported_while_they_happen_and_kept(run_script: Any):
    ran = run_script("""
        from wren.script import session
        from wren_core.protocol.calls import CallRecord
        def main():
            for outcome in ("ok", "RATE_LIMITED"):
                session.current().on_call(CallRecord(integration="mail", method="send", ms=1.5, outcome=outcome))
    """)

    expected = [CallRecord(integration="mail", method="send", ms=1.5, outcome=o) for o in ("ok", "RATE_LIMITED")]
    assert ran.calls == expected
    assert ran.outcome.calls == tuple(expected)


def test_very_many_calls_are_counted_beyond_those_kept(run_script: Any):
    ran = run_script("""
        from wren.script import session
        from wren_core.protocol.calls import CallRecord
        def main():
            for _ in range(1500):
                session.current().on_call(CallRecord(integration="mail", method="send", ms=1.5, outcome="ok"))
    """)

    assert (len(ran.outcome.calls), ran.outcome.calls_dropped, len(ran.calls)) == (1000, 500, 1500)


def test_an_observer_that_fails_ends_the_run(run_script: Any):
    def fail(*_: Any) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run_script("import time\ndef main():\n    print('x', flush=True)\n    time.sleep(60)", on_output=fail)


def describe(executor: Executor, source: str, **more: Any) -> Description:
    return executor.describe(DescribeJob(script=source, filename="script.py", **more))


def test_a_script_is_described_without_being_run(run_script: Any):
    found = describe(run_script.executor, SCRIPT)

    assert (found.findings, found.errors) == ((), ())
    assert found.metadata == {
        "integrations": [],
        "triggers": [
            {"type": "schedule", "func": "daily", "config": {"cron": "0 9 * * 1-5", "timezone": "Europe/Berlin"}}
        ],
        "schedules": [{"cron": "0 9 * * 1-5", "func_name": "daily"}],
    }


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("def main(:\n    pass", "SYNTAX_ERROR", 1),
        ("x = 1\nraise ValueError('no')", "IMPORT_FAILED", 2),
        ("import sys\nsys.exit(0)", "IMPORT_EXITED", 2),
        ("raise KeyboardInterrupt", "IMPORT_FAILED", 1),
        ("import nothing_such", "MODULE_MISSING", 1),
        ("import wren\n@wren.on_schedule('61 * * * *')\ndef f(): pass", "CRON_INVALID", 2),
        ("import wren\n@wren.on_schedule('@daily', tz='UTC')\ndef f(): pass", "ARGUMENT_UNKNOWN", 2),
        ("import wren\n@wren.on_schedule('@daily')\ndef f(event): event['x']", "ATTRIBUTE_UNKNOWN", 3),
        ("import wren\nwren.integrations.nothing.init()", "INTEGRATION_UNKNOWN", 2),
    ],
)
def test_a_script_with_a_mistake_comes_back_with_the_findings_of_the_check(
    run_script: Any, source: str, code: str, line: int
):
    found = describe(run_script.executor, source)

    assert [(item.code, item.line, item.file) for item in found.errors] == [(code, line, "script.py")]


def test_a_script_that_ends_the_interpreter_is_an_error_without_findings(run_script: Any):
    with pytest.raises(AgentFixableError) as caught:
        describe(run_script.executor, "import os\nos._exit(0)")

    assert (caught.value.code, caught.value.details.get("line")) == ("SCRIPT_EXITED", None)


def test_a_script_that_hangs_at_import_is_given_up(run_script: Any):
    job = DescribeJob(script="while True: pass", filename="script.py", is_checked=False)
    with pytest.raises(WrenError) as caught:
        run_script.executor.describe(job, limits=Limits(wall=timedelta(seconds=1)))

    assert caught.value.code == "RUN_TIMEOUT"


def test_describing_sees_the_configuration_it_is_given(run_script: Any):
    source = "import os\nassert os.environ['WREN_INTEGRATIONS__MAIL__CONFIG'] == '{}'"

    found = describe(run_script.executor, source, env={"WREN_INTEGRATIONS__MAIL__CONFIG": "{}"})

    assert found.errors == ()


def test_describing_has_no_host(run_script: Any):
    source = "from wren.script import session\nsession.current().host.request('messages.send', {})"

    [finding] = describe(run_script.executor, source).errors

    assert (finding.line, "is not served while a script is only being read" in finding.message) == (2, True)


def test_describing_has_no_network_and_says_so(run_script: Any):
    source = "import urllib.request\nurllib.request.urlopen('http://example.com')"

    [finding] = describe(run_script.executor, source).errors

    assert (finding.line, "there is no network while a script is read" in finding.message) == (2, True)


def test_runs_side_by_side_do_not_mix(run_script: Any):
    def run(number: int) -> Any:
        return run_script(
            f"import os, time\ndef main():\n    print({number})\n    time.sleep(0.2)\n    return {number}"
        )

    with ThreadPoolExecutor(4) as pool:
        ran = list(pool.map(run, range(8)))

    assert [r.outcome.result for r in ran] == list(range(8))
    assert [r.stdout for r in ran] == [f"{number}\n" for number in range(8)]


class _Elsewhere(PlainSandbox):
    def launch(self, confinement: Confinement, *, folder: Path) -> Launch:
        return super().launch(confinement, folder=folder / "missing")


def test_a_runner_that_cannot_start_is_an_error_and_no_hang(tmp_path: Path):
    with pytest.raises(WrenError) as caught:
        describe(Executor(_Elsewhere(), runs_root=tmp_path), "x = 1")

    assert caught.value.code == "SCRIPT_EXITED"
    assert "127" in caught.value.message


VALUES = {
    "nested": ("v = 1\n    for _ in range(330): v = [v]\n    return v", "RESULT_NOT_JSON"),
    "nested objects": ("v = 1\n    for _ in range(101): v = {'a': v}\n    return v", "RESULT_NOT_JSON"),
    "nested beyond Python": ("v = 1\n    for _ in range(100_000): v = [v]\n    return v", "RESULT_NOT_JSON"),
    "containing itself": ("v = []; v += [v, v]\n    return v", "RESULT_NOT_JSON"),
    "keys that are no text": ("return {'\\udfff': 1}", "RESULT_NOT_JSON"),
    "not a number": ("return [float('nan')]", "RESULT_NOT_JSON"),
    "infinite": ("return {'a': float('inf')}", "RESULT_NOT_JSON"),
    "a number of 5000 digits": ("return 10**5000", "RESULT_NOT_JSON"),
    "a million keys": ("return {str(n): n for n in range(10**6)}", "RESULT_TOO_LARGE"),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_result_that_readers_cannot_read_is_refused_in_words(run_script: Any, name: str):
    source, code = VALUES[name]

    ran = run_script(f"def main():\n    {source}")

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, code)
    assert "main" in ran.outcome.error["message"]


@pytest.mark.parametrize("value", ["'\\ud800'", "'\\0'", "10**4000", "2**64", "[" * 90 + "]" * 90])
def test_an_odd_result_arrives(run_script: Any, value: str):
    ran = run_script(f"def main():\n    return {value}")

    assert ran.outcome.status is OutcomeStatus.SUCCESS


def test_a_flood_of_lines_ends_with_a_line_in_words(run_script: Any, sandbox: Any):
    said: list[str] = []

    outcome = run_script.executor.run(
        RunJob(
            run_id="run_test",
            script="import os\ndef main():\n    os.write(1, b'\\n' * 1_000_000)\n    return 'done'",
            filename="script.py",
            func="main",
            event={"trigger": "manual", "payload": {}},
        ),
        Confinement(limits=Limits(output_lines=100)),
        on_output=lambda stream, text: said.append(text),
        on_call=lambda call: None,
        serve_request=lambda operation, payload: Served(),
        on_notice=said.append,
    )

    assert (outcome.result, outcome.truncated, outcome.output_bytes) == ("done", True, 1_000_000)
    assert sum(text.count("\n") for text in said) == 100
    assert said[-1].startswith("the log is cut here: the first 100 lines")
