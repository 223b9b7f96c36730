"""Runs over HTTP: the fixed names, pages, and the log in its three forms."""

import base64
import json

import pytest

from wren_backend.runs.models import RunStatus

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SHAPE = {
    "run_id",
    "deployment_id",
    "trigger",
    "status",
    "started_at",
    "completed_at",
    "duration_ms",
    "logs_url",
}


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def logs(client, run, accept="application/json", query="", **headers):
    return client.get(f"/v1/runs/{run.id}/logs{query}", headers={"accept": accept, **headers})


def events(answer):
    """Return (event, id, data) of each event of a stream that has ended."""
    found = []
    for block in answer.text.replace("\r\n", "\n").strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found


def test_a_finished_run_is_listed_in_the_fixed_shape(client, book):
    run = book.start()
    book.finish(run)

    (shown,) = client.get(f"/v1/deployments/{book.deployment.id}/runs").json()["runs"]

    assert shown.keys() >= SHAPE
    assert (
        shown.items()
        >= {
            "run_id": run.id,
            "deployment_id": book.deployment.id,
            "trigger": "manual",
            "status": "success",
            "started_at": "2026-03-02T08:30:00Z",
            "completed_at": "2026-03-02T08:30:15Z",
            "duration_ms": 15000,
            "logs_url": f"/v1/runs/{run.id}/logs",
            "func": "report",
            "version": 1,
        }.items()
    )
    assert client.get("/v1/runs").json()["runs"] == [shown]


@sqlite_only
def test_a_queued_run_has_no_times_yet(client, book):
    run = book.queue()

    shown = client.get(f"/v1/runs/{run.id}").json()

    assert (shown["status"], shown["started_at"], shown["completed_at"], shown["duration_ms"]) == (
        *("queued", None, None, None),
    )


def test_one_run_is_shown_with_its_result_and_its_calls(client, book):
    run = book.start()
    book.call(run, "send")
    book.finish(run, result={"sent": [1, "ü"]})

    shown = client.get(f"/v1/runs/{run.id}").json()

    assert (shown["result"], shown["error"]) == ({"sent": [1, "ü"]}, None)
    assert shown["calls"] == [{"integration": "mail", "account": None, "method": "send", "ms": 12.5, "outcome": "ok"}]
    assert shown["calls_total"] == 1
    assert "lease_token" not in shown


@sqlite_only
def test_a_run_with_more_calls_than_are_shown_says_how_many(client, book):
    run = book.start()
    for _ in range(1003):
        book.call(run, "send")

    shown = client.get(f"/v1/runs/{run.id}").json()

    assert (len(shown["calls"]), shown["calls_total"]) == (1000, 1003)


@sqlite_only
def test_one_run_is_shown_with_its_error(client, book):
    run = book.start()
    error = {"type": "AgentFixableError", "code": "SCRIPT_FAILED", "message": "division by zero", "line": 7}
    book.finish(run, RunStatus.FAILED, error=error)

    shown = client.get(f"/v1/runs/{run.id}").json()

    assert (shown["status"], shown["error"], shown["result"]) == ("failed", error, None)


@sqlite_only
def test_the_list_goes_on_where_its_cursor_says_and_takes_a_state(client, book):
    queued = [book.queue(seconds=number).id for number in range(3)]

    first = client.get("/v1/runs?limit=2&status=queued").json()
    second = client.get("/v1/runs", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [run["run_id"] for page in (first, second) for run in page["runs"]] == queued[::-1]
    assert second["next_cursor"] is None
    assert client.get("/v1/runs?status=lost").json() == {"runs": [], "next_cursor": None}


@sqlite_only
def test_every_altered_cursor_is_refused(client, book):
    for number in range(2):
        book.queue(seconds=number)
    cursor = client.get("/v1/runs?limit=1").json()["next_cursor"]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[-1] ^= 1
    altered = base64.urlsafe_b64encode(raw).decode().rstrip("=")

    for sent in (altered, cursor[:-4], "A" * 60, "é", ""):
        assert error_of(client.get("/v1/runs", params={"cursor": sent})) == (422, "CURSOR_INVALID"), sent
    assert client.get("/v1/runs", params={"cursor": cursor}).status_code == 200


@sqlite_only
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=201", "limit=1000000000", "limit=1e9", "limit=x", "status=done", "status="]
)
def test_a_page_that_cannot_be_is_refused_by_field(client, query):
    for path in ("/v1/runs", "/v1/deployments/dep_x/runs"):
        if query.startswith("status") and path != "/v1/runs":
            continue
        answer = client.get(f"{path}?{query}")

        assert error_of(answer) == (422, "INVALID_REQUEST")
        assert answer.json()["error"]["message"].startswith(query.partition("=")[0])


@sqlite_only
def test_the_runs_of_a_deployment_that_is_not_there_are_not_found(client, client_of, admit, book):
    stranger = client_of(admit())

    assert error_of(stranger.get(f"/v1/deployments/{book.deployment.id}/runs")) == (404, "NOT_FOUND")
    assert error_of(client.get("/v1/deployments/dep_of_nobody/runs")) == (404, "NOT_FOUND")


def test_a_run_is_cancelled(client, book):
    run = book.queue()

    answer = client.post(f"/v1/runs/{run.id}/cancel")

    assert (answer.status_code, answer.json()["run_id"], answer.json()["status"]) == (200, run.id, "cancelled")


@pytest.mark.parametrize("id_", ["run_x", "%00", "a%00b", "%ff", "%ed%a0%80"])
def test_an_invalid_id_is_not_found_on_either_database(client, id_):
    for method, path in (("GET", ""), ("GET", "/logs"), ("POST", "/cancel")):
        assert error_of(client.request(method, f"/v1/runs/{id_}{path}")) == (404, "NOT_FOUND")


@sqlite_only
@pytest.mark.parametrize("accept", ["application/json", "text/plain", "text/event-stream"])
def test_the_log_of_another_workspace_is_not_there_in_any_form(client_of, admit, book, accept):
    run = book.start("secret of the neighbour")

    answer = logs(client_of(admit()), run, accept)

    assert error_of(answer) == (404, "NOT_FOUND")
    assert "secret" not in answer.text


def test_a_log_is_read_as_json_from_a_line_on(client, book):
    run = book.start("one", "two")
    book.write(run, "three", stream="stderr")

    whole, rest = logs(client, run).json(), logs(client, run, query="?after=2").json()

    assert whole["logs"][0] == {"seq": 1, "stream": "stdout", "text": "one", "at": "2026-03-02T08:30:00Z"}
    assert (whole["run_id"], whole["next_seq"]) == (run.id, 3)
    assert [(line["seq"], line["stream"], line["text"]) for line in rest["logs"]] == [(3, "stderr", "three")]
    assert logs(client, run, query="?after=3").json() == {"run_id": run.id, "logs": [], "next_seq": 3}


@sqlite_only
@pytest.mark.parametrize("accept", ["*/*", "", "application/json, text/html"])
def test_json_is_what_a_client_without_a_wish_gets(client, book, accept):
    assert logs(client, book.start("one"), accept).headers["content-type"] == "application/json"


@sqlite_only
def test_a_log_is_read_as_text_whole(client, book):
    run = book.start(*(f"line {number} ü" for number in range(1, 1203)))

    answer = logs(client, run, "text/plain")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [f"line {number} ü" for number in range(1, 1203)]
    assert logs(client, run, "text/plain", "?after=1201").text == "line 1202 ü\n"
    assert logs(client, run, "text/plain", "?after=1202").text == ""


@sqlite_only
def test_the_log_of_a_finished_run_is_streamed_to_its_end(client, book):
    run = book.start("one", "two\rthree")
    book.finish(run)

    answer = logs(client, run, "text/event-stream")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"].startswith("no-")
    assert [(kind, id_, data.get("text")) for kind, id_, data in events(answer)] == [
        ("log", "1", "one"),
        ("log", "2", "two\rthree"),
        ("status", None, None),
        ("end", None, None),
    ]


@sqlite_only
@pytest.mark.parametrize(
    ("last_event_id", "query", "first"),
    [
        ("1", "", "two"),
        ("1", "?after=2", "two"),
        ("", "?after=2", "three"),
        ("-1", "", "one"),
        ("nonsense", "", "one"),
        ("²", "", "one"),
        ("9" * 10, "", "one"),
        ("9" * 5000, "", "one"),
        ("9" * 9, "", None),
    ],
)
def test_a_stream_goes_on_behind_the_last_event_its_reader_has_seen(client, book, last_event_id, query, first):
    run = book.start("one", "two", "three")
    book.finish(run)

    answer = logs(client, run, "text/event-stream", query, **{"last-event-id": last_event_id.encode("latin-1")})

    kind, _, data = events(answer)[0]
    assert (answer.status_code, data["text"] if kind == "log" else None) == (200, first)


@pytest.mark.parametrize("after", ["-1", "2147483648", "9223372036854775808", "1" + "0" * 30, "x", "1.5"])
def test_a_line_number_that_cannot_be_is_refused_on_either_database(client, book, after):
    answer = logs(client, book.start("one"), query=f"?after={after}")

    assert error_of(answer) == (422, "INVALID_REQUEST")
    assert answer.json()["error"]["message"].startswith("after: ")


def test_the_greatest_line_number_is_one(client, book):
    assert logs(client, book.start("one"), query="?after=2147483647").json()["logs"] == []
