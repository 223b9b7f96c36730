"""All steps against third-party fake providers: connect, deploy, a scheduled run, its messages, undeploy."""

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from servers.backend import Backend, backend, connect, stand_in_variables, wait_for
from servers.consent import consent_google, consent_slack
from servers.emulate import PERSON, Emulate, emulate
from servers.process import free_port
from servers.proxy import Proxy, proxy

SUMMARY = (Path(__file__).parents[1] / "examples" / "daily_summary.py").read_text()
DAILY, MINUTELY = '"0 9 * * *"', '"* * * * *"'
SUBJECT = "Your daily summary"


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A connected backend with its own fake providers behind proxies that record its requests."""

    server: Backend
    providers: Emulate
    google: Proxy
    slack: Proxy


@contextmanager
def stand(home, database):
    port = free_port()
    back = f"http://127.0.0.1:{port}/integrations"
    redirects = {"google_redirects": [f"{back}/gmail/callback"], "slack_redirects": [f"{back}/slack/callback"]}
    with emulate(**redirects) as providers, proxy(providers.google_url) as google, proxy(providers.slack_url) as slack:
        variables = {**stand_in_variables(providers, gmail_url=google.url, slack_url=slack.url), **database}
        with backend(home, variables, port=port) as server:
            connect(server, "gmail", lambda url: consent_google(url, email=PERSON))
            connect(server, "slack", consent_slack)
            yield Stand(server=server, providers=providers, google=google, slack=slack)


def write_script(folder, cron=DAILY):
    path = folder / "daily_summary.py"
    path.write_text(SUMMARY.replace(DAILY, cron))
    return str(path)


def sent(providers):
    headers = [{h["name"]: h["value"] for h in mail["payload"]["headers"]} for mail in providers.mails("SENT")]
    return [mail for mail in headers if mail.get("Subject") == SUBJECT]


def posts(providers):
    return [post for post in providers.posts("general") if "unread mails this morning" in post.get("text", "")]


def runs_of(server, deployment_id):
    return server.get(f"/v1/deployments/{deployment_id}/runs")["runs"]


@pytest.mark.timeout(300)
def test_a_schedule_fires_exactly_once_per_fire_time_and_never_after_undeploy(tmp_path, postgres_url):
    """Tests both databases at once, because a schedule fires only once a minute."""
    script = write_script(tmp_path, MINUTELY)
    with (
        stand(tmp_path / "sqlite", {}) as on_sqlite,
        stand(tmp_path / "postgresql", {"WREN_DATABASE_URL": postgres_url}) as on_postgresql,
    ):
        stands = [on_sqlite, on_postgresql]
        deployments = [one.server.wren_json("deploy", script)["deployment_id"] for one in stands]
        first = [
            _wait_for_fired_run(one, deployment_id) for one, deployment_id in zip(stands, deployments, strict=True)
        ]
        for one in stands:
            one.server.wren("undeploy", "daily_summary")
        ticks = [len(runs_of(one.server, key)) for one, key in zip(stands, deployments, strict=True)]
        _wait_past_the_next_minute()

        for one, runs, deployment_id, count in zip(stands, first, deployments, ticks, strict=True):
            shown = one.server.get(f"/v1/runs/{runs[0]['run_id']}")
            assert [run["status"] for run in runs] == ["success"] * len(runs), shown
            assert {run["trigger"] for run in runs} == {"schedule"}
            assert len(runs_of(one.server, deployment_id)) == count
            assert (len(sent(one.providers)), len(posts(one.providers))) == (count, count)
            assert len(one.server.get("/v1/messages")["messages"]) == count
            assert one.server.get("/v1/deployments")["deployments"] == []


def _wait_for_fired_run(one, deployment_id):
    def finished():
        found = runs_of(one.server, deployment_id)
        return found if found and all(run["completed_at"] for run in found) else None

    return wait_for(finished, seconds=75, what="a run fired by the cron")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_token_refused_during_a_run_is_refreshed_once_and_the_mail_is_sent_once(database, request, tmp_path):
    url = {"WREN_DATABASE_URL": request.getfixturevalue("postgres_url")} if database == "postgresql" else {}
    with stand(tmp_path / "home", url) as one:
        _assert_a_refused_token_is_renewed_once(one, tmp_path)


def _assert_a_refused_token_is_renewed_once(one, tmp_path):
    server, providers, google, slack = one.server, one.providers, one.google, one.slack
    server.wren("deploy", write_script(tmp_path))
    server.finished_run(server.wren_json("run", "daily_summary")["run_id"])
    old = _bearer_tokens(google)[-1]
    httpx2.post(f"{providers.google_url}/oauth2/revoke", data={"token": old}).raise_for_status()
    exchanges = len(google.seen("/oauth2/token"))

    run = server.finished_run(server.wren_json("run", "daily_summary")["run_id"])

    assert run["status"] == "success", run
    assert [seen.status for seen in google.seen("/oauth2/token")[exchanges:]] == [200]
    assert (len(sent(providers)), len(posts(providers))) == (2, 2), "one of each for each run"
    assert 401 in {seen.status for seen in google.seen("/gmail/*")}
    _assert_tokens_nowhere(server, google, slack, run["run_id"])


def _assert_tokens_nowhere(server, google, slack, run_id):
    tokens = {*_bearer_tokens(google), *_bearer_tokens(slack), *_refresh_tokens(google)}
    assert len(tokens) >= 4, "two access tokens and a refresh token of Google, one token of Slack"
    answers = ["/v1/connections", "/v1/deployments", f"/v1/runs/{run_id}", f"/v1/runs/{run_id}/logs", "/v1/messages"]
    shown = {path: server.request("GET", path).text for path in [*answers, "/metrics", "/readyz", "/openapi.json"]}
    shown["the log"] = server.log
    for path in server.home.rglob("*"):
        if path.is_file():
            shown[str(path)] = path.read_bytes().decode("latin-1")
    for place, text in shown.items():
        for token in tokens:
            assert token not in text, place


def _bearer_tokens(seen_by):
    headers = [request.headers.get("authorization", "") for request in seen_by.seen()]
    return [header.partition(" ")[2] for header in headers if header.startswith("Bearer ")]


def _refresh_tokens(seen_by):
    bodies = [request.body.decode() for request in seen_by.seen("/oauth2/token")]
    fields = [dict(part.split("=", 1) for part in body.split("&")) for body in bodies]
    return [field["refresh_token"] for field in fields if "refresh_token" in field]


def _wait_past_the_next_minute():
    left = 60 - datetime.now(UTC).second
    time.sleep(left + 5)
