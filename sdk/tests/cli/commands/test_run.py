import json
import os
import signal
import subprocess
import sys

import pytest

from wren_core.testing.patience import patience

SCRIPT = """import wren

parcel = wren.integrations.parcel.init(city="Oslo")


@wren.on_schedule("0 9 * * *", timezone="Europe/Oslo")
def daily(event):
    print("cron", event.cron, event.timezone)
    return {"said": parcel.tell("parcels are on their way")}


def by_hand(event):
    return event.payload


def fails():
    raise ValueError("no [bold]parcel[/bold]")


def unconnected():
    parcel.client_text()
"""


def test_a_file_runs_here_with_the_event_of_its_trigger(wren, write):
    done = wren("run", str(write(SCRIPT)))

    assert done.code == 0
    assert "cron 0 9 * * * Europe/Oslo" in done.out
    assert "daily ended: success" in done.out
    assert "result: {'said': 'msg_local_1'}" in done.out
    assert "[message: parcel]\n  parcels are on their way" in done.err
    assert "parcel.tell" in done.err


def test_a_file_runs_here_in_json_with_its_own_output_apart(wren, write):
    done = wren("run", str(write(SCRIPT)), "--local", "--json")

    assert done.code == 0
    assert (done.json["status"], done.json["func"], done.json["result"]) == (
        "success",
        "daily",
        {"said": "msg_local_1"},
    )
    assert [(call["method"], call["outcome"]) for call in done.json["calls"]] == [("tell", "ok")]
    assert done.json["error"] is None
    assert "cron 0 9 * * *" in done.err


def test_a_function_without_trigger_is_given_what_was_typed(wren, write):
    done = wren("run", str(write(SCRIPT)), "--func", "by_hand", "--event", '{"n": 3}', "--json")

    assert done.json["result"] == {"n": 3}


def test_an_event_can_come_from_a_file(wren, write, tmp_path):
    (tmp_path / "event.json").write_text('{"n": 4}')

    done = wren("run", str(write(SCRIPT)), "--func", "by_hand", "--event", "@event.json", "--json")

    assert done.json["result"] == {"n": 4}


def test_a_function_that_raises_ends_with_one_and_its_line(wren, write):
    path = write(SCRIPT)

    plain, as_json = wren("run", str(path), "--func", "fails"), wren("run", str(path), "--func", "fails", "--json")

    assert (plain.code, as_json.code) == (1, 1)
    assert f"SCRIPT_FAILED: {path}:17: ValueError: no [bold]parcel[/bold]" in plain.out
    assert (as_json.json["status"], as_json.json["error"]["line"]) == ("failed", 17)


def test_a_missing_credential_asks_for_a_person(wren, write):
    done = wren("run", str(write(SCRIPT)), "--func", "unconnected", "--json")

    assert (done.code, done.json["error"]["code"]) == (3, "CREDENTIAL_MISSING")


def test_a_credential_of_the_environment_reaches_the_script_and_no_output(wren, write):
    script = SCRIPT.replace("parcel.client_text()", "return len(parcel.client_text())")

    done = wren("run", str(write(script)), "--func", "unconnected", "--json", PARCEL_KEY="secret-1")

    assert (done.code, done.json["result"]) == (0, len("https://parcel.example secret-1"))


def test_a_local_run_can_be_limited_in_time(wren, write):
    done = wren("run", str(write("def f():\n    while True: ...\n")), "--func", "f", "--timeout", "1", "--json")

    assert (done.code, done.json["status"], done.json["error"]["code"]) == (1, "timeout", "RUN_TIMEOUT")


@pytest.mark.parametrize(
    ("ending", "code", "word"),
    [
        ("os._exit(0)", "SCRIPT_EXITED", "exit code 0"),
        ("os.kill(os.getpid(), 11)", "SCRIPT_CRASHED", "SIGSEGV"),
    ],
)
def test_a_process_that_vanishes_is_not_a_success(wren, write, ending, code, word):
    done = wren("run", str(write(f"import os\ndef f(): {ending}\n")), "--func", "f", "--json")

    assert (done.code, done.json["status"], done.json["error"]["code"]) == (1, "failed", code)
    assert word in done.json["error"]["message"]


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (SCRIPT, ("--func", "dayly"), "FUNCTION_UNDEFINED"),
        ("x = 1\n", (), "FUNC_REQUIRED"),
        ('import wren\n@wren.on_email(subject="x")\ndef f(email): ...\n', (), "EVENT_REQUIRED"),
        (SCRIPT, ("--event", '{"trigger": "schedule", "fired_at": "today"}'), "EVENT_INVALID"),
        ("def (:\n", (), "SYNTAX_ERROR"),
        ("x = '\0'\n", (), "SCRIPT_INVALID"),
        ("1 / 0\n", (), "SCRIPT_FAILED"),
    ],
)
def test_what_cannot_be_run_says_why(wren, write, text, options, code):
    done = wren("run", str(write(text)), *options, "--json")

    assert done.code == 1
    assert done.json["error"]["code"] == code


@pytest.mark.parametrize("options", [(), ("--local",)])
def test_a_file_that_is_not_there_is_named(wren, options):
    done = wren("run", "nowhere.py", *options, "--json")

    assert (done.code, done.error["code"]) == (1, "SCRIPT_UNREADABLE")
    assert "nowhere.py" in done.error["message"]


def test_a_syntax_error_is_placed_to_the_column_and_shown(wren, write):
    path = write("x = 1\ndef f(:\n")

    done = wren("run", str(path), "--json")

    assert done.error["message"] == f"the script is not valid Python: invalid syntax at {path}:2:7: def f(:"


def test_what_a_run_by_hand_cannot_be_given_is_a_usage_error(wren, fake, logged_in):
    fake.add_deployment()

    done = wren("run", "daily", "--event", '{"trigger": "schedule"}', "--json", **logged_in)

    assert (done.code, done.error["code"]) == (2, "USAGE")
    assert "leave 'trigger' out" in done.error["message"]
    assert not fake.runs


def test_a_manual_event_written_out_in_full_is_its_payload(wren, fake, logged_in):
    fake.add_deployment()

    done = wren("run", "daily", "--event", '{"trigger": "manual", "payload": {"n": 1}}', "--json", **logged_in)

    assert done.json["asked"] == {"payload": {"n": 1}}


@pytest.mark.parametrize("event", ["{", "[1]", "@nowhere.json"])
def test_an_event_that_is_not_an_object_is_a_usage_error(wren, event):
    done = wren("run", "daily", "--event", event, "--json")

    assert (done.code, done.error["code"]) == (2, "USAGE")


def test_a_deployment_is_started_on_the_server(wren, fake, logged_in):
    fake.add_deployment()

    done = wren("run", "daily", "--func", "daily", "--event", '{"n": 1}', "--json", **logged_in)

    assert (done.code, done.json["run_id"], done.json["status"]) == (0, "run_new", "queued")
    assert done.json["asked"] == {"func": "daily", "payload": {"n": 1}}


def test_a_started_run_says_where_its_log_is(wren, fake, logged_in):
    fake.add_deployment()

    done = wren("run", "daily", **logged_in)

    assert "wren logs -f run_new" in done.out


def stream(*texts):
    data = [{"seq": seq, "stream": "stdout", "text": text, "at": None} for seq, text in enumerate(texts)]
    lines = [f"event: log\ndata: {json.dumps(item)}\n\n" for item in data]
    return "".join(lines) + "event: end\ndata: {}\n\n"


def test_waiting_for_a_run_prints_its_log_and_how_it_ended(wren, fake, logged_in):
    fake.add_deployment()
    fake.streams = [stream("hello")]
    fake.add_run(run_id="run_new", result={"sent": 1})

    done = wren("run", "daily", "--wait", **logged_in)

    assert done.code == 0
    assert done.out.startswith("hello\nrun_new ended: success\n")
    assert "{'sent': 1}" in done.out


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("failed", "AgentFixableError", 1),
        ("failed", "UserFacingConfigError", 3),
        ("failed", "InternalError", 4),
        ("timeout", None, 1),
        ("lost", None, 1),
    ],
)
def test_a_run_that_did_not_succeed_ends_with_the_code_of_its_error(wren, fake, logged_in, status, kind, code):
    fake.add_deployment()
    fake.streams = [stream("hello")]
    error = {"type": kind, "code": "X", "message": "m"} if kind else None
    fake.add_run(run_id="run_new", status=status, error=error)

    done = wren("run", "daily", "--wait", "--json", **logged_in)

    assert (done.code, done.json["status"]) == (code, status)
    assert [line["text"] for line in done.json["logs"]] == ["hello"]


def test_an_interrupted_run_takes_its_script_along(write, environment, tmp_path):
    script = write("import os, time\ndef f():\n    print(os.getpid(), flush=True)\n    time.sleep(60)\n")
    command = [sys.executable, "-m", "wren", "run", str(script), "--func", "f"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path) as process:
        script_pid = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        code = process.wait(patience(30))

    assert code == 130
    with pytest.raises(ProcessLookupError):
        os.kill(script_pid, 0)
