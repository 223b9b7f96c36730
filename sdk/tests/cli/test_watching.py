import json


def log_event(seq, text):
    data = {"seq": seq, "stream": "stdout", "text": text, "at": None}
    return f"id: {seq}\nevent: log\ndata: {json.dumps(data)}\n\n"


def state_event(status):
    return f"event: status\ndata: {json.dumps({'run_id': 'run_1', 'status': status})}\n\n"


END = "event: end\ndata: {}\n\n"


def test_status_lists_the_deployments(wren, fake, logged_in):
    fake.add_deployment()

    plain, as_json = wren("status", **logged_in), wren("status", "--json", **logged_in)

    assert (plain.code, as_json.code) == (0, 0)
    head, row = (" ".join(line.split()) for line in plain.out.splitlines())
    assert head == "name status version triggers last run next run id"
    assert row == "daily active 1 1 - 2030-01-01 09:00:00 UTC dep_1"
    assert as_json.json == {"deployments": fake.deployments}


def test_status_of_nothing_says_how_to_deploy(wren, logged_in):
    assert "wren deploy SCRIPT" in wren("status", **logged_in).out


def test_status_of_a_deployment_shows_its_runs(wren, fake, logged_in):
    fake.add_deployment()
    fake.add_run(run_id="run_1", status="failed")

    plain, as_json = wren("status", "daily", **logged_in), wren("status", "dep_1", "--json", **logged_in)

    assert "run_1" in plain.out
    assert "failed" in plain.out
    assert as_json.json["deployment"]["name"] == "daily"
    assert [run["run_id"] for run in as_json.json["runs"]] == ["run_1"]


def test_status_of_a_run_shows_calls_and_why_it_failed(wren, fake, logged_in):
    call = {"integration": "parcel", "method": "send", "ms": 12.5, "outcome": "REJECTED"}
    error = {"type": "AgentFixableError", "code": "REJECTED", "message": "no such city", "file": "daily.py", "line": 7}
    fake.add_run(run_id="run_1", status="failed", calls=[call], error=error)

    plain, as_json = wren("status", "run_1", **logged_in), wren("status", "run_1", "--json", **logged_in)

    assert "run_1 is failed" in plain.out
    assert "parcel.send" in plain.out
    assert "daily.py:7: REJECTED: no such city" in plain.out
    assert as_json.json["run"]["error"]["code"] == "REJECTED"


def test_logs_of_a_run_are_printed_as_they_were_written(wren, fake, logged_in):
    fake.log = [{"seq": seq, "stream": "stdout", "text": f"line {seq}", "at": None} for seq in range(5)]

    plain, as_json = wren("logs", "run_1", **logged_in), wren("logs", "run_1", "--json", **logged_in)

    assert plain.out == "line 0\nline 1\nline 2\nline 3\nline 4\n"
    assert [line["seq"] for line in as_json.json["logs"]] == [0, 1, 2, 3, 4]


def test_logs_of_a_deployment_are_those_of_its_latest_run(wren, fake, logged_in):
    fake.add_deployment()
    fake.add_run(run_id="run_old")
    fake.add_run(run_id="run_new")

    wren("logs", "daily", **logged_in)

    assert fake.requests[-1].path == "/v1/runs/run_new/logs"


def test_a_deployment_that_never_ran_has_no_log(wren, fake, logged_in):
    fake.add_deployment()

    done = wren("logs", "daily", "--json", **logged_in)

    assert (done.code, done.error["code"]) == (1, "NO_RUNS")


def test_an_unknown_run_is_the_servers_error(wren, logged_in):
    done = wren("status", "run_x", "--json", **logged_in)

    assert (done.code, done.error["code"]) == (1, "NOT_FOUND")


def test_following_prints_lines_until_the_end(wren, fake, logged_in):
    fake.streams = [state_event("running") + log_event(1, "one") + log_event(2, "t\x1b[2Jwo") + END]

    done = wren("logs", "run_1", "-f", **logged_in)

    assert done.code == 0
    assert done.out == "one\nt\\x1b[2Jwo\n"
    assert "run_1 is running" in done.err


def test_following_in_json_is_one_object_a_line(wren, fake, logged_in):
    fake.streams = [log_event(1, "one") + state_event("success") + END]

    done = wren("logs", "run_1", "--follow", "--json", **logged_in)

    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["event"] for event in events] == ["log", "status"]
    assert (events[0]["data"]["text"], events[1]["data"]["status"]) == ("one", "success")
