"""The log of a run while it is written: line by line, without gaps or repeats, until the reader's key is revoked."""

import json
import subprocess
import threading
from itertools import islice

import httpx2
import pytest

from servers.backend import backend
from wren_core.testing.patience import patience

# `wait` runs until it is cancelled; `count` ends.
SCRIPT = """
import sys, time, wren

@wren.on_schedule("0 9 * * *")
def wait():
    print("first")
    time.sleep(0.5)
    print("second", file=sys.stderr)
    time.sleep(60)

@wren.on_schedule("1 9 * * *")
def count():
    for number in range(1, 21):
        print("line", number)
        time.sleep(0.05)
    sys.stdout.write("no newline at the end")
"""
COUNTED = [*(f"line {number}" for number in range(1, 21)), "no newline at the end"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with backend(tmp_path_factory.mktemp("live-logs"), {"WREN_WORKER_CONCURRENCY": "4"}) as running:
        yield running


@pytest.fixture(scope="module")
def deployment_id(server):
    return server.deploy(SCRIPT, name="talking")["deployment_id"]


@pytest.fixture
def waiting(server, deployment_id):
    """A run that lasts until the end of the test."""
    run_id = server.start_run(deployment_id, func="wait")
    yield run_id
    server.request("POST", f"/v1/runs/{run_id}/cancel")


@pytest.fixture
def counting(server, deployment_id):
    return server.start_run(deployment_id, func="count")


def test_log_lines_arrive_during_the_run_and_the_end_is_reported(server, waiting):
    seen = []
    with server.events(waiting) as events:
        for event in events:
            seen.append((event.event, json.loads(event.data)))
            if event.event == "log":
                assert server.get(f"/v1/runs/{waiting}")["status"] == "running"
            if event.event == "log" and seen[-1][1]["text"] == "second":
                server.request("POST", f"/v1/runs/{waiting}/cancel")

    kinds = [kind for kind, _ in seen]
    lines = [(data["seq"], data["stream"], data["text"]) for kind, data in seen if kind == "log"]
    states = [data["status"] for kind, data in seen if kind == "status"]
    assert lines[:2] == [(1, "stdout", "first"), (2, "stderr", "second")]
    assert states[-2:] == ["running", "cancelled"]
    assert kinds[-2:] == ["status", "end"]


def test_a_reader_that_reconnects_continues_after_its_last_line(server, counting):
    first, second = [], []
    with server.events(counting) as events:
        for event in events:
            first += [event] if event.event == "log" else []
            if len(first) == 3:
                break
    with server.events(counting, last_event_id=int(first[-1].id)) as events:
        second = list(events)

    later = [event for event in second if event.event == "log"]
    assert [json.loads(event.data)["text"] for event in [*first, *later]] == COUNTED
    assert [int(event.id) for event in [*first, *later]] == list(range(1, len(COUNTED) + 1))
    assert second[-1].event == "end"
    with server.events(counting, last_event_id=len(COUNTED)) as events:
        assert [event.event for event in events] == ["status", "end"]


def test_many_readers_see_the_same_log(server, counting):
    seen = {}

    def read(reader):
        with server.events(counting) as events:
            seen[reader] = [json.loads(event.data)["text"] for event in events if event.event == "log"]

    readers = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(patience(30))

    assert [seen.get(number) for number in range(8)] == [COUNTED] * 8


def test_json_and_text_contain_the_complete_log(server, counting):
    server.finished_run(counting)

    text = server.request("GET", f"/v1/runs/{counting}/logs", headers={"Accept": "text/plain"})
    lines = server.get(f"/v1/runs/{counting}/logs")
    rest = server.get(f"/v1/runs/{counting}/logs?after=20")

    assert text.headers["content-type"].startswith("text/plain")
    assert text.text == "".join(f"{line}\n" for line in COUNTED)
    assert [line["text"] for line in lines["logs"]] == COUNTED
    assert lines["next_seq"] == len(COUNTED)
    assert ([line["text"] for line in rest["logs"]], rest["next_seq"]) == (COUNTED[20:], len(COUNTED))


def test_a_revoked_key_ends_only_its_own_stream(server, waiting):
    key = server.operator("keys", "issue", "for a while")
    with server.events(waiting, key=key) as theirs, server.events(waiting) as ours:
        assert next(event for event in theirs if event.event == "log").id == "1"
        server.operator("keys", "revoke", key.split("_")[1])
        rest = [event.event for event in theirs]
        status = server.get(f"/v1/runs/{waiting}")["status"]
        lines = [event.id for event in islice((event for event in ours if event.event == "log"), 2)]

    assert ("end" in rest, status) == (False, "running"), "the stream ended before the run"
    assert lines == ["1", "2"]


def test_a_stream_of_an_unknown_or_foreign_run_is_refused(server, waiting):
    stranger = server.operator("keys", "issue", "stranger", "--workspace", "other")
    address = f"{server.url}/v1/runs/{waiting}/logs"

    for key, url, status in [
        (stranger, address, 404),
        (server.key, address.replace(waiting, "run_that_is_not"), 404),
        ("wren_abcdefgh_" + "x" * 43, address, 401),
    ]:
        headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
        answer = httpx2.get(url, headers=headers, timeout=patience(10))
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")


def test_the_command_line_follows_a_run_to_its_end(server, waiting):
    with following(server, waiting) as process:
        first = process.stdout.readline()
        status = server.get(f"/v1/runs/{waiting}")["status"]
        second = process.stdout.readline()
        server.request("POST", f"/v1/runs/{waiting}/cancel")
        rest, notes = process.stdout.read(), process.stderr.read()

    assert (first, status, second) == ("first\n", "running", "second\n")
    assert process.returncode == 0, notes
    assert rest == ""
    assert (waiting in notes, "cancelled" in notes) == (True, True), notes


def test_the_command_line_follows_the_latest_run_of_a_deployment_as_json(server, counting):
    with following(server, "talking", "--json") as process:
        out, notes = process.communicate(timeout=patience(30))

    events = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0, notes
    assert [event["data"]["text"] for event in events if event["event"] == "log"] == COUNTED
    states = [event["data"] for event in events if event["event"] == "status"]
    assert (states[-1]["run_id"], states[-1]["status"]) == (counting, "success")


def test_the_command_line_reconnects_after_a_short_outage_of_the_server(tmp_path):
    with backend(tmp_path / "home") as first:
        deployment_id = first.deploy(SCRIPT, name="talking")["deployment_id"]
        run_id = first.start_run(deployment_id, func="count")
        process = following(first, run_id)
        line = process.stdout.readline()
        port = int(first.url.rpartition(":")[2])
        first.terminate(seconds=20)
    with backend(tmp_path / "home", port=port, restarted=first.key), process:
        rest, notes = process.stdout.read(), process.stderr.read()

    assert process.returncode == 0, notes
    assert [line.rstrip("\n"), *rest.splitlines()] == COUNTED


def following(server, *arguments):
    command = [server.python, "-u", "-m", "wren", "logs", "-f", *arguments]
    return subprocess.Popen(
        command, env=server.cli_variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
