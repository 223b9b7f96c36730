import contextlib
import logging
import socket
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from wren_core import AuthFailed, RateLimited, Unavailable, WrenError
from wren_core.testing import serve
from wren_slack.client import REPEATABLE, SlackClient
from wren_slack.fake import FakeSlack


def calls_of(fake, api_method):
    return [request for request in fake.requests if request.path.endswith(api_method)]


def hang_up(server, done):
    """Close every connection after its request until stopped; return the number of connections."""
    closed = 0
    server.settimeout(0.05)
    while not done.is_set():
        with contextlib.suppress(TimeoutError), server.accept()[0] as connection:
            connection.recv(65536)
            closed += 1
    return closed


def test_a_read_is_retried_after_a_rate_limit(fake, slack):
    fake.limit_next(retry_after=0.01, times=2)

    found = slack.channels()

    assert [channel.name for channel in found] == ["general", "random", "announcements"]
    assert len(calls_of(fake, "conversations.list")) == 3


def test_a_read_is_attempted_at_most_three_times_after_a_failure(fake, slack):
    body = {"ok": False, "error": "service_unavailable"}
    fake.fail_next(503, times=10, headers={"retry-after": "0.01"}, body=body)

    with pytest.raises(Unavailable):
        slack.channels()

    assert len(calls_of(fake, "conversations.list")) == 3


def test_a_pause_longer_than_the_budget_is_not_waited_for(fake, slack):
    fake.limit_next(retry_after=60)

    with pytest.raises(RateLimited) as caught:
        slack.channels()

    assert caught.value.retry_after_ms == 60_000
    assert len(fake.requests) == 1


def test_a_read_is_retried_after_a_server_error(fake, slack):
    fake.fail_next(503, headers={"retry-after": "0"}, body={"ok": False, "error": "service_unavailable"})

    assert len(slack.channels()) == 3
    assert len(fake.requests) == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [(503, "service_unavailable"), (200, "internal_error"), (200, "fatal_error"), (500, "")],
)
def test_a_write_that_may_have_been_done_is_sent_once_and_says_so(fake, slack, status, error):
    channel = fake.workspace.find("general").id
    fake.fail_next(status, headers={"retry-after": "0"}, body={"ok": False, "error": error})

    with pytest.raises(Unavailable, match="it may have been done: look before you try again") as caught:
        slack.post("Hello", channel)

    assert (caught.value.can_retry, caught.value.details["may_have_happened"]) == (False, True)
    assert len(fake.requests) == 1
    assert fake.messages_in("general") == []


@pytest.mark.parametrize("error", ["request_timeout", "team_added_to_org"])
def test_a_write_that_slack_did_not_take_may_be_tried_again(fake, slack, error):
    fake.fail_next(200, body={"ok": False, "error": error})

    with pytest.raises(Unavailable) as caught:
        slack.post("Hello", fake.workspace.find("general").id)

    assert (caught.value.can_retry, "may_have_happened" in caught.value.details) == (True, False)


def test_a_loop_of_posts_gets_through_a_rate_limit(fake, slack):
    channel = fake.workspace.find("general").id
    for number in range(50):
        if number % 5 == 0:
            fake.limit_next(retry_after=0.01, times=2)
        slack.post(f"number {number}", channel)

    assert [message["text"] for message in fake.messages_in("general")] == [f"number {n}" for n in range(50)]


def test_a_limit_in_the_last_step_of_an_upload_is_waited_for(fake, slack):
    fake.limit_next(retry_after=0.01, api_method="files.completeUploadExternal")

    slack.upload("#general", content=b"bytes")

    assert len(fake.messages_in("general")) == 1
    assert len(calls_of(fake, "files.completeUploadExternal")) == 2


def test_a_lookup_that_fails_before_the_write_leaves_no_doubt(fake, slack):
    fake.fail_next(500, path="conversations.list", times=3, headers={"retry-after": "0.01"})

    with pytest.raises(Unavailable) as caught:
        slack.post("Hello", "#general")

    assert (caught.value.can_retry, "may_have_happened" in caught.value.details) == (True, False)


@pytest.mark.parametrize("method", ["post", "delete", "update"])
def test_a_write_whose_connection_breaks_is_not_sent_again(connect, method):
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:
        counted = pool.submit(hang_up, server, done)
        slack = connect(base_url=f"http://127.0.0.1:{server.getsockname()[1]}/")
        arguments = {"post": {"text": "Hello"}, "delete": {"ts": "1.2"}, "update": {"ts": "1.2", "text": "Hello"}}

        with pytest.raises(Unavailable, match=r"chat.\w+: Slack could not be reached") as caught:
            slack.invoke(method, {"channel": "C0FAKE0001", **arguments[method]})

        done.set()
        assert counted.result() == 1
    is_idempotent = method == "update"
    assert (caught.value.can_retry, "may_have_happened" in caught.value.details) == (is_idempotent, not is_idempotent)


def test_a_server_that_never_answers_times_out(connect):
    with socket.create_server(("127.0.0.1", 0)) as server:
        slack = connect(base_url=f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_seconds=1)

        with pytest.raises(Unavailable, match=r"chat.postMessage: Slack could not be reached: .*timed out"):
            slack.post("Hello", "C0FAKE0001")

    assert slack.client.timeout == 1


def test_a_refused_connection_is_unavailable(connect):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    slack = connect(base_url=f"http://127.0.0.1:{port}/")

    with pytest.raises(Unavailable, match="could not be reached") as caught:
        slack.post("Hello", "C0FAKE0001")

    assert (caught.value.can_retry, "may_have_happened" in caught.value.details) == (True, False)


def test_the_pauses_of_a_call_share_one_budget(fake, url):
    client = SlackClient(fake.token(), base_url=f"{url}/api/", timeout=5, wait_seconds=0.25)
    fake.limit_next(times=10, retry_after=0.1)

    with pytest.raises(RateLimited):
        client.chat_postMessage(channel=fake.workspace.find("general").id, text="Hello")

    assert len(fake.requests) == 3


def test_no_write_is_repeatable():
    writes = ("chat.", "reactions.", "files.", "auth.")
    harmless = {"files.getUploadURLExternal"}

    assert [name for name in REPEATABLE - harmless if name.startswith(writes)] == []


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_a_base_url_works_with_and_without_its_trailing_slash(url, connect, path):
    slack = connect(base_url=url + path)

    assert len(slack.channels()) == 3


def test_requests_name_wren_as_their_client(fake, slack):
    slack.channels()

    assert fake.requests[-1].headers["user-agent"].startswith("wren-slack ")


def test_the_proxy_variables_of_the_environment_are_respected(fake, slack, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        dead = server.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{dead}")
    channel = fake.workspace.find("general").id

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    slack.post("Straight", channel)
    slack.close()
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(Unavailable):
        slack.post("By proxy", channel)

    assert [message["text"] for message in fake.messages_in("general")] == ["Straight"]


def every_failure(fake, connect, token):
    """Yield an error for each way in which a call can fail, with the token."""
    slack = connect(token=token)
    channel = fake.workspace.find("general").id
    faults = [
        {"status": 200, "body": {"ok": False, "error": "invalid_auth"}},
        {"status": 200, "body": {"ok": False, "error": "channel_not_found"}},
        {"status": 500, "body": "<html>oops</html>"},
        {"status": 429, "headers": {"retry-after": "60"}, "body": {"ok": False, "error": "ratelimited"}},
    ]
    for fault in faults:
        fake.fail_next(**fault)
        with pytest.raises(WrenError) as caught:
            slack.post("Hello", channel)
        yield caught.value
    for bad in (f"{token}\nInjected: yes", f"{token}\u2026", f"{token} {token}"):
        with pytest.raises(AuthFailed) as caught:
            connect(token=bad).post("Hello", channel)
        yield caught.value


def test_the_token_is_in_no_error_repr_or_log_record(fake, connect, caplog):
    token = fake.token()
    caplog.set_level(logging.DEBUG)

    errors = list(every_failure(fake, connect, token))
    slack = connect(token=token)
    slack.upload("#general", content=b"bytes", filename="a.bin")
    shown = [repr(slack), repr(slack.client), str(slack.credentials), caplog.text]
    shown += [str(error.to_wire()) for error in errors]
    shown += ["".join(traceback.format_exception(error)) for error in errors]

    assert len(errors) == 7
    assert [text for text in shown if token in text] == []


def test_the_sdk_logs_neither_texts_nor_upload_urls(slack, caplog):
    caplog.set_level(logging.DEBUG)

    slack.upload("#general", content="secret plan", comment="do not log me")

    assert [record.name for record in caplog.records if record.name.startswith(("slack_sdk", "wren_slack"))] == []
    assert "/upload/v1/" not in caplog.text


def test_the_upload_url_gets_the_bytes_but_not_the_token(fake, slack):
    slack.upload("#general", content=b"bytes")

    (request,) = [request for request in fake.requests if request.path.startswith("/upload/")]
    assert request.body == b"bytes"
    assert "authorization" not in request.headers


@pytest.mark.parametrize(("status", "expected"), [(500, Unavailable), (429, RateLimited)])
def test_a_refused_upload_is_not_shared(fake, slack, status, expected):
    fake.fail_next(status, path="/upload/", headers={"retry-after": "5"})

    with pytest.raises(expected, match=f"file upload: HTTP {status}") as caught:
        slack.upload("#general", content=b"bytes")

    assert (caught.value.retry_after_ms, caught.value.can_retry) == (5000, True)
    assert fake.messages_in("general") == []


def test_an_upload_url_that_does_not_answer_is_unavailable(connect):
    other = FakeSlack()
    with serve(other) as address, socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
        slack = connect(token=other.token(), base_url=f"{address}/api/")
        gone.close()
        body = {"ok": True, "file_id": "F1", "upload_url": f"http://127.0.0.1:{port}/upload"}
        other.fail_next(200, path="files.getUploadURLExternal", body=body)

        with pytest.raises(Unavailable, match="file upload: Slack could not be reached"):
            slack.upload("#general", content=b"bytes")
