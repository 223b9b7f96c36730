import json
import logging
import socket
from datetime import UTC, datetime

import pytest

from wren.api.client import Client
from wren.api.profile import make_profile
from wren.api.transport import AnswerInvalid, ServerUnreachable
from wren_core.errors import AgentFixableError, RateLimited, UserFacingConfigError

KEY = "wren_testtest_0123456789012345678901234567890123456789012"


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def client(server, pauses):
    with Client(make_profile(server, KEY), correlation_id="corr_of_the_test", sleep=pauses.append) as client:
        yield client


def sent(fake):
    return [(request.method, request.path) for request in fake.requests]


def test_every_request_carries_key_and_correlation_id(client, fake):
    client.deployments()

    headers = fake.requests[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["x-correlation-id"] == "corr_of_the_test"


def test_validate_sends_names_and_returns_the_verdict(client, fake):
    error = {"type": "UserFacingConfigError", "code": "INTEGRATION_NOT_CONFIGURED", "integration": "parcel"}
    fake.validation = {"valid": False, "errors": [error], "warnings": ["w"]}

    verdict = client.validate(["parcel"])

    assert fake.requests[0].json() == {"integrations": ["parcel"]}
    assert (verdict.valid, verdict.errors, verdict.warnings) == (False, [error], ["w"])


def test_deploy_sends_script_name_and_metadata(client, fake):
    metadata = {"integrations": [], "triggers": [], "schedules": []}

    deployed = client.deploy("x = 1\n", name="daily", metadata=metadata)

    assert fake.requests[0].json() == {"script": "x = 1\n", "name": "daily", "metadata": metadata}
    assert (deployed.deployment_id, deployed.name, deployed.version) == ("dep_1", "daily", 1)
    assert deployed.next_run == datetime(2030, 1, 1, 9, tzinfo=UTC)


def test_deployments_are_listed_fetched_and_taken_away(client, fake):
    fake.add_deployment(id="dep_1", name="daily")

    assert [item.name for item in client.deployments()] == ["daily"]
    assert client.deployment("dep_1").status == "active"
    assert client.undeploy("dep_1").status == "undeployed"
    assert client.deployments() == []


def test_deployments_are_listed_over_all_pages(client, fake):
    for number in range(401):
        fake.add_deployment(id=f"dep_{number}", name=f"name {number}")

    assert [item.id for item in client.deployments()] == [f"dep_{number}" for number in range(401)]
    assert len(fake.requests) == 3


def test_a_connection_is_authorised_again_in_place(client, fake):
    fake.connection_states = [{"status": "needs_reauth", "connect_url": "https://w/link"}]

    started = client.reauthorize("conn_1", values={"key": "secret-1"})

    assert (started.connection_id, started.connect_url) == ("conn_1", "https://w/link")
    assert sent(fake) == [("POST", "/v1/connections/conn_1/reauthorize")]
    assert fake.requests[0].json() == {"values": {"key": "secret-1"}}


@pytest.mark.parametrize("instant", ["2030-01-01T09:00:00Z", "2030-01-01T09:00:00.120Z"])
def test_programs_get_the_instants_the_server_sent(client, fake, instant):
    fake.add_run(run_id="run_1", started_at=instant)

    assert client.run("run_1").to_wire()["started_at"] == instant


def test_a_run_is_started_with_function_and_payload(client, fake):
    run = client.start_run("dep_1", func="daily", payload={"n": 1})

    assert fake.requests[0].json() == {"func": "daily", "payload": {"n": 1}}
    assert (run.run_id, run.status, run.is_finished) == ("run_new", "queued", False)


def test_a_run_is_started_without_saying_more_than_was_asked(client, fake):
    client.start_run("dep_1")

    assert fake.requests[0].json() == {}


def test_runs_are_listed_of_the_workspace_and_of_a_deployment(client, fake):
    fake.add_run(run_id="run_1", deployment_id="dep_1")
    fake.add_run(run_id="run_2", deployment_id="dep_2")

    assert [run.run_id for run in client.runs()] == ["run_2", "run_1"]
    assert [run.run_id for run in client.runs("dep_1")] == ["run_1"]


def test_a_run_has_its_calls_error_and_result(client, fake):
    calls = [{"integration": "parcel", "method": "send", "ms": 1.5, "outcome": "ok"}]
    fake.add_run(run_id="run_1", calls=calls, result={"n": 1}, error={"code": "X"}, isolation="sandlock")

    run = client.run("run_1")

    assert (run.calls[0].method, run.result, run.error, run.isolation) == ("send", {"n": 1}, {"code": "X"}, "sandlock")
    assert run.is_finished


def test_a_run_can_be_cancelled(client, fake):
    fake.add_run(run_id="run_1", status="running")

    assert client.cancel("run_1").status == "cancelled"


def test_logs_come_as_pages_and_as_text(client, fake):
    fake.log = [{"seq": seq, "stream": "stdout", "text": f"line {seq}", "at": None} for seq in range(3)]

    page = client.logs("run_1", after=0)

    assert [line.text for line in page.logs] == ["line 1", "line 2"]
    assert page.next_seq == 3
    assert client.log_text("run_1") == "line 0\nline 1\nline 2\n"


def test_connections_are_made_listed_fetched_and_deleted(client, fake):
    fake.connection_states = [{"status": "pending", "connect_url": "https://x/y"}, {"status": "active"}]

    started = client.connect("parcel", alias="home", config={"city": "Oslo"}, values={"key": "k"})

    assert fake.requests[0].json() == {
        "integration": "parcel",
        "alias": "home",
        "config": {"city": "Oslo"},
        "values": {"key": "k"},
    }
    assert (started.connection_id, started.connect_url) == ("conn_1", "https://x/y")
    assert client.connection("conn_1").status == "active"
    fake.add_connection()
    assert [item.id for item in client.connections()] == ["conn_1"]
    client.disconnect("conn_1")
    assert sent(fake)[-1] == ("DELETE", "/v1/connections/conn_1")


def test_the_servers_integrations_and_failures_are_listed(client):
    offered = client.integrations()

    assert [(item.name, item.connected) for item in offered.integrations] == [("parcel", True)]
    assert offered.failed[0]["name"] == "broken"


def test_health_is_returned(client):
    assert client.health().status == "ok"


def test_fields_of_a_newer_server_are_kept(client, fake):
    fake.add_deployment(colour="blue")

    assert client.deployments()[0].to_wire() == fake.deployments[0]


def test_an_id_cannot_leave_its_place_in_the_path(client, fake):
    with pytest.raises(AnswerInvalid):
        client.deployment("../runs/x?y#z")

    assert fake.requests[0].path == "/v1/deployments/../runs/x?y#z"  # decoded by the server: one segment was sent
    assert fake.requests[0].query == {}


def test_the_servers_error_keeps_class_code_and_links(client, fake):
    error = {
        "type": "UserFacingConfigError",
        "code": "CONNECTION_NEEDS_REAUTH",
        "message": "connect parcel again",
        "action_url": "https://wren.example/integrations/parcel/reauthorize",
        "correlation_id": "corr_x",
        "can_retry": False,
    }
    fake.fail_next(409, body={"error": error})

    with pytest.raises(UserFacingConfigError, match="connect parcel again") as caught:
        client.deploy("x", name="daily")

    assert (caught.value.code, caught.value.action_url) == (error["code"], error["action_url"])


def test_a_refused_key_is_an_error_of_configuration_and_the_key_is_not_in_it(server):
    with Client(make_profile(server, "wren_wrongkey_1")) as stranger:
        with pytest.raises(UserFacingConfigError) as caught:
            stranger.deployments()
        shown = f"{stranger!r} {caught.value} {caught.value.details}"

    assert caught.value.code == "UNAUTHENTICATED"
    assert "wren_wrongkey_1" not in shown


def test_the_key_is_in_no_log(client, caplog):
    caplog.set_level(logging.DEBUG)

    client.deployments()

    assert KEY not in caplog.text
    assert KEY not in repr(client)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_get_is_repeated_when_the_server_was_not_ready(client, fake, pauses, status):
    fake.fail_next(status, times=2)

    assert client.deployments() == []
    assert len(fake.requests) == 3
    assert pauses == [0.3, 0.6]


def test_the_pause_the_server_asks_for_is_kept_within_reason(client, fake, pauses):
    fake.fail_next(503, headers={"retry-after": "2"})
    fake.fail_next(503, headers={"retry-after": "3600"})

    client.deployments()

    assert pauses == [2, 10]


def test_a_get_is_given_up_after_three_attempts_with_the_servers_error(client, fake):
    body = {"error": {"type": "AgentFixableError", "code": "RATE_LIMITED", "message": "slow down", "can_retry": True}}
    fake.fail_next(429, times=9, body=body)

    with pytest.raises(RateLimited, match="slow down"):
        client.deployments()

    assert len(fake.requests) == 3


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_changes_something_is_never_repeated(client, fake, pauses, status):
    fake.fail_next(status)

    with pytest.raises(AnswerInvalid):
        client.deploy("x", name="daily")

    assert (len(fake.requests), pauses) == (1, [])


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_get_the_server_answered_is_not_repeated(client, fake, status):
    fake.fail_next(status)

    with pytest.raises(AnswerInvalid, match=f"answered {status} to GET /v1/deployments"):
        client.deployments()

    assert len(fake.requests) == 1


def test_an_unreachable_server_is_named_with_the_next_step(pauses):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with Client(make_profile(url, KEY), sleep=pauses.append) as client, pytest.raises(ServerUnreachable) as caught:
        client.deployments()

    assert url in str(caught.value)
    assert "wren up" in str(caught.value)
    assert (caught.value.code, len(pauses)) == ("SERVER_UNREACHABLE", 2)


def test_a_proxy_is_not_asked_for_this_machine_itself(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    with Client(make_profile(server, KEY)) as client:
        assert client.deployments() == []


def test_an_error_of_another_service_is_not_reported_as_one_of_wren(client, fake):
    fake.fail_next(404, body={"error": {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}})

    with pytest.raises(AnswerInvalid, match="is it the address of a Wren server"):
        client.deployments()


@pytest.mark.parametrize("body", ["<html>", [1], {"deployments": 1}, {"deployments": [{"id": "dep_1"}]}])
def test_an_answer_that_is_not_wrens_says_so(client, fake, body):
    fake.fail_next(200, body=body)

    with pytest.raises(AnswerInvalid, match="http://127"):
        client.deployments()


@pytest.mark.parametrize("body", ["<html>oops", {"detail": "x"}, {"error": "x"}])
def test_a_failure_without_wrens_error_body_says_so(client, fake, body):
    fake.fail_next(500, body=body)

    with pytest.raises(AnswerInvalid, match="is it the address of a Wren server"):
        client.deployments()


def test_a_redirect_is_not_followed_with_the_key(client, fake):
    fake.fail_next(307, headers={"location": "/elsewhere"})

    with pytest.raises(AnswerInvalid, match="answered 307"):
        client.deployments()

    assert len(fake.requests) == 1


def test_invalid_unicode_is_refused_before_it_is_sent(client, fake):
    with pytest.raises(AgentFixableError, match="Unicode"):
        client.deploy("x = '\ud800'")

    assert fake.requests == []


def event(kind, data, event_id=None):
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n"


def line(seq, text=None):
    return event("log", {"seq": seq, "stream": "stdout", "text": text or f"line {seq}", "at": None}, seq)


def state(status):
    return event("status", {"run_id": "run_1", "status": status})


END = event("end", {})


def seen(items):
    return [getattr(item, "text", None) or item.status for item in items]


def test_following_yields_lines_and_states_until_the_end(client, fake):
    fake.streams = [": ping\n\n" + state("running") + line(1) + event("later", {}) + line(2) + state("success") + END]

    assert seen(client.follow("run_1")) == ["running", "line 1", "line 2", "success"]
    assert fake.requests[0].headers["accept"] == "text/event-stream"
    assert "last-event-id" not in fake.requests[0].headers


def test_a_broken_stream_is_taken_up_after_the_last_line(client, fake, pauses):
    fake.streams = [line(1) + line(2), line(2) + line(3) + END]

    assert seen(client.follow("run_1")) == ["line 1", "line 2", "line 3"]
    assert fake.requests[1].headers["last-event-id"] == "2"
    assert len(pauses) == 1


def test_following_can_start_after_a_line(client, fake):
    fake.streams = [line(4) + line(5) + END]

    assert seen(client.follow("run_1", after=4)) == ["line 5"]
    assert fake.requests[0].headers["last-event-id"] == "4"


def test_the_first_line_may_have_number_zero(client, fake):
    fake.streams = [line(0) + END]

    assert seen(client.follow("run_1")) == ["line 0"]


def test_an_event_cut_in_half_is_read_again_whole(client, fake):
    fake.streams = [line(1) + 'id: 2\nevent: log\ndata: {"seq": 2', line(2) + END]

    assert seen(client.follow("run_1")) == ["line 1", "line 2"]


def test_a_server_that_restarts_is_waited_for(client, fake):
    fake.fail_next(503, times=3)
    fake.streams = [line(1) + END]

    assert seen(client.follow("run_1")) == ["line 1"]


def test_a_stream_that_does_not_come_back_is_given_up(client, fake, pauses):
    fake.streams = [": nothing\n\n"]

    with pytest.raises(ServerUnreachable, match="ended before the run did"):
        list(client.follow("run_1"))

    assert len(fake.requests) == 9
    assert pauses == sorted(pauses)


def test_a_refused_stream_is_not_repeated(client, fake):
    fake.fail_next(404, body={"error": {"type": "AgentFixableError", "code": "NOT_FOUND", "message": "no such run"}})

    with pytest.raises(AgentFixableError, match="no such run"):
        list(client.follow("run_1"))

    assert len(fake.requests) == 1


def test_an_answer_that_is_not_a_stream_is_reported(client, fake):
    fake.fail_next(200, body={"logs": []})

    with pytest.raises(AnswerInvalid):
        list(client.follow("run_1"))


def test_an_event_that_cannot_be_read_says_so(client, fake):
    fake.streams = ["event: log\ndata: {broken\n\n"]

    with pytest.raises(AnswerInvalid, match="'log'"):
        list(client.follow("run_1"))


def test_a_server_that_never_answered_is_given_up_sooner(pauses):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with Client(make_profile(url, KEY), sleep=pauses.append) as client, pytest.raises(ServerUnreachable):
        list(client.follow("run_1"))

    assert pauses == [0.3, 0.6]
