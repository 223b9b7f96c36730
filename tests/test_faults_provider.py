"""A failing provider, seen by a script on the backend: the run reports what happened, and nothing is done twice."""

import re
from html import unescape

import httpx2
import pytest

from servers.backend import backend
from servers.consent import consent_google
from servers.faults import FaultPlan, answering, delayed, dropped, losing_the_answer
from servers.google import PERSON, SEND, TOKEN, google
from wren_core.testing.patience import patience

LABELS = "/gmail/v1/users/me/labels"
SCRIPT = """
import os, wren
gmail = wren.integrations.gmail.init()

@wren.on_schedule("0 9 * * *")
def read():
    return len(gmail.labels())

@wren.on_schedule("0 10 * * *")
def send(event):
    token = os.environ["GMAIL_ACCESS_TOKEN"]
    sent = gmail.send(to="bob@example.com", subject=event.payload["subject"], text="x")
    print("the old one is", token, "and the new one is", gmail.credentials["access_token"])
    return sent.id
"""


@pytest.fixture(scope="module")
def provider():
    with google() as running:
        yield running


@pytest.fixture(scope="module")
def server(provider, tmp_path_factory):
    with backend(tmp_path_factory.mktemp("provider-faults"), provider.variables) as running:
        provider.connect(running)
        yield running


@pytest.fixture(scope="module")
def deployment_id(server):
    return server.deploy(SCRIPT, name="mail")["deployment_id"]


@pytest.fixture
def perform(server, deployment_id):
    """Run a function of the script and return the finished run."""
    return lambda func, **payload: server.finished_run(server.start_run(deployment_id, func=func, payload=payload))


@pytest.fixture(autouse=True)
def fresh_record(provider):
    provider.proxy.requests.clear()
    yield
    provider.proxy.plan = FaultPlan()


@pytest.fixture
def connected_again(server):
    """Afterwards a person authorises the connection again, which resets its errors."""
    yield
    reauthorize(server)


def test_a_read_waits_for_a_short_retry_after_and_succeeds(provider, perform):
    provider.proxy.inject(answering(429, Retry_After="1"), path=LABELS)

    run = perform("read")

    assert run["status"] == "success", run
    assert run["duration_ms"] >= 1000
    assert [request.status for request in provider.proxy.seen(LABELS)] == [429, 200]


def test_a_long_retry_after_is_raised_to_the_script(provider, perform):
    provider.proxy.inject(answering(429, Retry_After="3600"), path=LABELS, times=None)

    run = perform("read")

    error = failed(run, "AgentFixableError", "RATE_LIMITED")
    assert (error["can_retry"], error["retry_after_ms"]) == (True, 3_600_000)
    assert len(provider.proxy.seen(LABELS)) == 1
    assert [(call["method"], call["outcome"]) for call in run["calls"]] == [("labels", "RATE_LIMITED")]


def test_a_read_is_attempted_three_times_and_the_error_names_the_provider(provider, perform):
    provider.proxy.inject(answering(500), path=LABELS, times=None)

    error = failed(perform("read"), "AgentFixableError", "PROVIDER_UNAVAILABLE")

    assert error["can_retry"] is True
    assert "gmail answered 500" in error["message"]
    assert (error["file"], error["line"]) == ("mail.py", 7)
    assert len(provider.proxy.seen(LABELS)) == 3


def test_a_read_succeeds_after_a_dropped_connection_and_a_slow_response(provider, perform):
    provider.proxy.inject(dropped(), path=LABELS)
    provider.proxy.inject(delayed(1.5), path=LABELS)

    run = perform("read")

    assert run["status"] == "success", run
    assert run["duration_ms"] >= 1500
    assert [request.status for request in provider.proxy.seen(LABELS)] == [None, 200]


def test_a_mail_whose_response_is_lost_is_sent_once_and_reported_as_uncertain(provider, perform):
    provider.proxy.inject(losing_the_answer(), path=SEND)

    error = failed(perform("send", subject="lost answer"), "AgentFixableError", "PROVIDER_UNAVAILABLE")

    assert error["can_retry"] is False
    assert "may have been done: look before you try again" in error["message"]
    assert provider.subjects.count("lost answer") == 1
    assert len(provider.proxy.seen(SEND)) == 1


@pytest.mark.parametrize(
    "fault",
    [answering(503), dropped()],
    ids=["503", "dropped"],
)
def test_a_write_that_may_have_been_done_is_not_repeated(provider, perform, fault):
    provider.proxy.inject(fault, path=SEND)

    error = failed(perform("send", subject="uncertain"), "AgentFixableError", "PROVIDER_UNAVAILABLE")

    assert error["can_retry"] is False
    assert len(provider.proxy.seen(SEND)) == 1
    assert "uncertain" not in provider.subjects


def test_a_write_refused_by_a_rate_limit_waits_and_is_sent_once(provider, perform):
    provider.proxy.inject(answering(429, Retry_After="1"), path=SEND)

    run = perform("send", subject="after the limit")

    assert run["status"] == "success", run
    assert [request.status for request in provider.proxy.seen(SEND)] == [429, 200]
    assert provider.subjects.count("after the limit") == 1


def test_a_rate_limit_longer_than_a_run_waits_is_reported_and_nothing_is_sent(provider, perform):
    provider.proxy.inject(answering(429, Retry_After="3600"), path=SEND)

    error = failed(perform("send", subject="limited"), "AgentFixableError", "RATE_LIMITED")

    assert (error["can_retry"], error["retry_after_ms"]) == (True, 3_600_000)
    assert len(provider.proxy.seen(SEND)) == 1
    assert "limited" not in provider.subjects


def test_a_refused_token_is_refreshed_once_and_the_mail_is_sent_once(provider, server, perform):
    provider.gmail.oauth.expire_access_tokens()

    run = perform("send", subject="after a renewal")

    assert run["status"] == "success", run
    assert [request.status for request in provider.proxy.seen(SEND)] == [401, 200]
    assert provider.refreshes == 1
    assert provider.subjects.count("after a renewal") == 1
    assert server.log_text(run["run_id"]) == "the old one is [masked] and the new one is [masked]\n"


@pytest.mark.usefixtures("connected_again")
def test_a_temporary_refresh_failure_keeps_the_connection_active(provider, server, perform):
    provider.proxy.inject(answering(401), path=SEND)
    provider.proxy.inject(answering(503), path=TOKEN)

    run = perform("send", subject="renewal fails")

    error = failed(run, "AgentFixableError", "PROVIDER_UNAVAILABLE")
    assert (error["can_retry"], provider.refreshes) == (True, 1)
    assert "renewal fails" not in provider.subjects
    assert only_connection(server)["status"] == "active"
    assert validation(server) == {"valid": True, "warnings": []}


def test_revoked_consent_stops_scripts_until_the_connection_is_authorised_again(provider, server, perform):
    before = only_connection(server)
    provider.gmail.oauth.revoke_everything()

    error = failed(perform("read"), "UserFacingConfigError", "CONNECTION_NEEDS_REAUTH")
    asked = provider.refreshes
    again = failed(perform("read"), "UserFacingConfigError", "CONNECTION_NEEDS_REAUTH")

    assert error["action_url"] == again["action_url"] == f"{server.url}/integrations/gmail/reauthorize"
    assert (asked, provider.refreshes) == (1, 1), "a dead grant is not tried again"
    assert only_connection(server)["status"] == "needs_reauth"
    [problem] = validation(server)["errors"]
    assert (problem["code"], problem["integration"], problem["action_url"]) == (
        "CONNECTION_NEEDS_REAUTH",
        "gmail",
        error["action_url"],
    )
    refused = server.request("POST", "/v1/scripts/deploy", json={"script": SCRIPT, "name": "another"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "CONNECTION_NEEDS_REAUTH")
    notices = [message for message in server.get("/v1/messages")["messages"] if message["sender"] == "wren"]
    assert [notice["subject"] for notice in notices] == ["Authorise gmail (default) again"]

    reauthorize(server)

    after = only_connection(server)
    assert (after["id"], after["status"], after["error"]) == (before["id"], "active", None)
    assert validation(server)["valid"]
    assert perform("send", subject="connected again")["status"] == "success"
    assert provider.subjects.count("connected again") == 1


def failed(run, kind, code):
    assert run["status"] == "failed", run
    error = run["error"]
    assert (error["type"], error["code"]) == (kind, code), error
    assert error["correlation_id"] == run["correlation_id"]
    return error


def only_connection(server):
    [connection] = server.get("/v1/connections")["connections"]
    return connection


def validation(server):
    return server.request("POST", "/v1/integrations/validate", json={"integrations": ["gmail"]}).json()


def reauthorize(server):
    """Act like a person at the action_url: enter the API key, go to the provider, consent, return."""
    with httpx2.Client(timeout=patience(30)) as browser:
        page = browser.post(f"{server.url}/integrations/gmail/reauthorize", data={"wren_key": server.key})
        link = unescape(re.search(r'name="link" value="([^"]*)"', page.text)[1])
        left = browser.post(f"{server.url}/integrations/gmail/reauthorize", data={"link": link})
        back = browser.get(consent_google(left.headers["location"], email=PERSON))
    assert back.status_code == 200, back.text
