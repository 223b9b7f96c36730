import json

import pytest


def log_event(seq, text):
    data = {"seq": seq, "stream": "stdout", "text": text, "at": None}
    return f"id: {seq}\nevent: log\ndata: {json.dumps(data)}\n\n"


def state_event(status):
    return f"event: status\ndata: {json.dumps({'run_id': 'run_1', 'status': status})}\n\n"


END = "event: end\ndata: {}\n\n"


def test_logs_of_a_run_are_printed_as_they_were_written(wren, fake, logged_in):
    fake.add_run()
    fake.log = [{"seq": seq, "stream": "stdout", "text": f"line {seq}", "at": None} for seq in range(5)]

    plain, as_json = wren("logs", "run_1", **logged_in), wren("logs", "run_1", "--json", **logged_in)

    assert (plain.out, plain.err) == ("line 0\nline 1\nline 2\nline 3\nline 4\n", "run_1 ended: success\n")
    assert [line["seq"] for line in as_json.json["logs"]] == [0, 1, 2, 3, 4]
    assert (as_json.json["status"], as_json.json["error"], as_json.err) == ("success", None, "")


def test_logs_of_a_failed_run_are_followed_by_why_it_failed(wren, fake, logged_in):
    fake.log = [{"seq": 1, "stream": "stdout", "text": "one", "at": None}]
    error = {"type": "AgentFixableError", "code": "SCRIPT_FAILED", "message": "no", "file": "d.py", "line": 7}
    fake.add_run(status="failed", error={**error, "traceback": "Traceback of the script"})
    fake.streams = [log_event(1, "one") + state_event("failed") + END]

    for options in ((), ("-f",)):
        done = wren("logs", "run_1", *options, **logged_in)

        assert (done.code, done.out) == (0, "one\n")
        assert done.err == "run_1 ended: failed\nSCRIPT_FAILED: d.py:7: no\nTraceback of the script\n"


def test_logs_of_a_run_that_goes_on_say_how_to_follow_it(wren, fake, logged_in):
    fake.add_run(status="running")

    assert wren("logs", "run_1", **logged_in).err == "run_1 is running\nfollow it with `wren logs -f run_1`\n"


def test_logs_of_a_deployment_are_those_of_its_latest_run(wren, fake, logged_in):
    fake.add_deployment()
    fake.add_run(run_id="run_old")
    fake.add_run(run_id="run_new")

    wren("logs", "daily", **logged_in)

    assert "/v1/runs/run_new/logs" in [request.path for request in fake.requests]


def test_a_deployment_that_never_ran_has_no_log(wren, fake, logged_in):
    fake.add_deployment()

    done = wren("logs", "daily", "--json", **logged_in)

    assert (done.code, done.error["code"]) == (1, "NO_RUNS")


def test_an_unknown_run_is_the_servers_error(wren, logged_in):
    done = wren("status", "run_x", "--json", **logged_in)

    assert (done.code, done.error["code"]) == (1, "NOT_FOUND")


def test_following_prints_lines_until_the_end(wren, fake, logged_in):
    fake.add_run()
    fake.streams = [state_event("running") + log_event(1, "one") + log_event(2, "t\x1b[2Jwo") + END]

    done = wren("logs", "run_1", "-f", **logged_in)

    assert done.code == 0
    assert done.out == "one\nt\\x1b[2Jwo\n"
    assert "run_1 is running" in done.err


def test_following_in_json_is_one_object_a_line_and_the_last_is_the_whole_run(wren, fake, logged_in):
    fake.add_run(result={"sent": 1})
    fake.streams = [log_event(1, "one") + state_event("success") + END]

    done = wren("logs", "run_1", "--follow", "--json", **logged_in)

    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["event"] for event in events] == ["log", "status", "end"]
    assert (events[0]["data"]["text"], events[1]["data"]["status"]) == ("one", "success")
    assert events[2]["data"]["result"] == {"sent": 1}
    assert done.err == ""


def test_what_the_stream_says_of_the_end_is_not_asked_again(wren, fake, logged_in):
    ended = {"run_id": "run_1", "status": "failed", "error": {"code": "SCRIPT_FAILED", "message": "no"}}
    ended["log_truncated"] = False
    fake.streams = [log_event(1, "one") + f"event: status\ndata: {json.dumps(ended)}\n\n" + END]

    done = wren("logs", "run_1", "-f", **logged_in)

    assert (done.code, done.err) == (0, "run_1 ended: failed\nSCRIPT_FAILED: no\n")
    assert [request.path for request in fake.requests] == ["/v1/runs/run_1/logs"]


def test_a_failure_while_following_in_json_is_a_line_too(wren, fake, logged_in):
    fake.streams = [log_event(1, "one") + END]

    done = wren("logs", "run_gone", "-f", "--json", **logged_in)

    lines = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, list(lines[-1])) == (1, ["error"])
    assert lines[-1]["error"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("follow", [[], ["-f"]])
def test_a_log_that_was_cut_says_so(wren, fake, logged_in, follow):
    fake.add_run(log_truncated=True)
    fake.log = [{"seq": 0, "stream": "stdout", "text": "first", "at": "2030-01-01T09:00:00Z"}]
    fake.streams = [log_event(1, "one") + state_event("success") + END]

    done = wren("logs", *follow, "run_1", **logged_in)

    assert done.code == 0
    assert "the log is cut: the run wrote more than the server keeps" in done.err
