import json


def log_event(seq, text):
    data = {"seq": seq, "stream": "stdout", "text": text, "at": None}
    return f"id: {seq}\nevent: log\ndata: {json.dumps(data)}\n\n"


def state_event(status):
    return f"event: status\ndata: {json.dumps({'run_id': 'run_1', 'status': status})}\n\n"


END = "event: end\ndata: {}\n\n"


def test_status_lists_the_deployments(wren, fake, logged_in):
    fake.add_deployment(last_run="2029-12-31T09:00:00.123Z", last_status="failed")
    fake.add_deployment(id="dep_2", name="a name of more than eighty characters " * 3)

    plain, as_json = wren("status", COLUMNS="80", **logged_in), wren("status", "--json", **logged_in)

    assert (plain.code, as_json.code) == (0, 0)
    head, row, long = (" ".join(line.split()) for line in plain.out.splitlines())
    assert head == "name status version triggers last run (UTC) next run (UTC)"
    assert row == "daily active 1 1 2029-12-31 09:00 failed 2030-01-01 09:00"
    assert long.endswith("active 1 1 - - 2030-01-01 09:00")
    assert as_json.json == {"deployments": fake.deployments}


def test_a_deployment_on_a_later_page_is_found(wren, fake, logged_in):
    for number in range(450):
        fake.add_deployment(id=f"dep_{number}", name=f"name {number}")

    done = wren("status", "name 449", "--json", **logged_in)

    assert (done.code, done.json["deployment"]["id"]) == (0, "dep_449")


def test_status_of_nothing_says_how_to_deploy(wren, logged_in):
    assert "wren deploy SCRIPT" in wren("status", **logged_in).out


def test_status_of_a_deployment_shows_its_runs(wren, fake, logged_in):
    fake.add_deployment()
    fake.add_run(run_id="run_1", status="failed")

    plain, as_json = wren("status", "daily", **logged_in), wren("status", "dep_1", "--json", **logged_in)

    assert "daily is active: version 1 (dep_1)" in plain.out
    assert "run_1" in plain.out
    assert "failed" in plain.out
    assert as_json.json["deployment"]["name"] == "daily"
    assert [run["run_id"] for run in as_json.json["runs"]] == ["run_1"]


def test_status_of_a_run_shows_calls_and_why_it_failed(wren, fake, logged_in):
    call = {"integration": "parcel", "method": "send", "ms": 12.5, "outcome": "REJECTED"}
    error = {"type": "AgentFixableError", "code": "REJECTED", "message": "no such city", "file": "daily.py", "line": 7}
    fake.add_run(run_id="run_1", status="failed", calls=[call], error=error)

    plain, as_json = wren("status", "run_1", **logged_in), wren("status", "run_1", "--json", **logged_in)

    assert plain.out.startswith("run_1 ended: failed\n")
    assert "parcel.send" in plain.out
    assert "REJECTED: daily.py:7: no such city" in plain.out
    assert as_json.json["run"]["error"]["code"] == "REJECTED"


def test_status_of_a_deployment_shows_what_starts_it_and_what_does_no_more(wren, fake, logged_in):
    config = {"timezone": "Europe/Oslo", "misfire": "latest", "cron": "0 9 * * *"}
    error = {"code": "CRON_INVALID", "message": "never again"}
    plain = {"type": "schedule", "func": "daily", "config": config, "next_fire_at": None, "error": error}
    fake.add_deployment(trigger_list=[{**plain, "last_fire_at": "2029-12-31T08:00:00Z", "missed": 3}])

    done = wren("status", "daily", **logged_in)

    rows = [" ".join(line.split()) for line in done.out.splitlines()]
    assert rows[1:5] == [
        "next run: 2030-01-01 09:00:00 UTC",
        "starts when next last missed",
        "daily schedule, 0 9 * * *, Europe/Oslo - 2029-12-31 08:00:00 UTC 3",
        "daily is started no more: CRON_INVALID: never again",
    ]
    assert "it has not run yet; `wren run daily --wait` does it now" in done.out


def test_a_deployment_that_was_taken_away_is_found_by_its_id(wren, fake, logged_in):
    fake.add_deployment()
    fake.add_run()
    fake.hidden = True

    assert wren("status", "daily", "--json", **logged_in).error["code"] == "DEPLOYMENT_UNKNOWN"
    assert wren("status", "dep_1", "--json", **logged_in).json["deployment"]["name"] == "daily"


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
