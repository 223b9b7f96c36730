"""wren-github against the third-party fake of emulate, connected with OAuth and with a token."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from servers.consent import consent_github
from servers.emulate import GITHUB_PERSON, GITHUB_REPOSITORY, GITHUB_TOKEN, Emulate, emulate
from servers.faults import answering, losing_the_answer
from servers.process import clean_variables, free_port
from wren_backend.app import create_app
from wren_backend.build import build_services
from wren_backend.clock import SystemClock
from wren_backend.services import Services
from wren_backend.settings import ProviderSettings, Settings
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import issue_key
from wren_backend.testing import add_subject, open_credentials
from wren_backend.vault.keyring import generate_key_line
from wren_core import AuthFailed, NotFound, RateLimited, Rejected, Unavailable
from wren_core.plugins.discovery import discover
from wren_core.plugins.registry import Registry
from wren_core.testing import serve
from wren_github import GitHub

OWNER = {"Authorization": f"Bearer {GITHUB_TOKEN}"}


@pytest.fixture(scope="module")
def port():
    """The port of the backend; the provider must know it first."""
    return free_port()


@pytest.fixture(scope="module")
def providers(port):
    with emulate(github_redirects=[f"http://127.0.0.1:{port}/integrations/github/callback"]) as running:
        yield running


@pytest.fixture(scope="module")
def github(providers):
    github = connected(providers.github_url)
    yield github
    github.close()


def connected(url: str, token: str = GITHUB_TOKEN) -> GitHub:
    config = {"default_repository": GITHUB_REPOSITORY}
    return GitHub.create(config, credentials={"access_token": token}, base_url=url)


def titles(providers: Emulate) -> list[str]:
    return [issue["title"] for issue in providers.issues()]


# --- the API ----------------------------------------------------------------------------------------------------------


def test_a_created_issue_is_found(github, providers):
    made = github.create_issue("Grüße & <ok>", "Body", labels=["bug"], assignees=["bob"])

    found = next(issue for issue in providers.issues() if issue["number"] == made.number)
    assert (found["title"], found["body"], found["user"]["login"]) == ("Grüße & <ok>", "Body", GITHUB_PERSON)
    assert github.get_issue(made.number) == made
    assert (made.repository, made.labels, made.assignees) == (GITHUB_REPOSITORY, ("bug",), ("bob",))


def test_an_issue_is_changed_closed_and_reopened(github):
    made = github.create_issue("First", "Body")

    changed = github.update_issue(made.number, title="Second", labels=["x"])
    closed = github.close_issue(made.number, "not_planned")
    opened = github.reopen_issue(made.number)

    assert (changed.title, changed.body, changed.labels) == ("Second", "Body", ("x",))
    assert (closed.state, closed.state_reason) == ("closed", "not_planned")
    assert (opened.state, opened.closed_at) == ("open", None)


def test_a_comment_is_created_and_deleted(github):
    made = github.create_issue("Talk")

    comment = github.create_comment(made.number, "Hello")
    found = github.list_comments(made.number)
    github.delete_comment(comment.id)

    assert found == [comment]
    assert github.list_comments(made.number) == []


def test_lists_are_read_from_linked_pages(github):
    made = github.create_issue("A long talk")
    for number in range(103):
        github.create_comment(made.number, f"Comment {number}")

    found = github.list_comments(made.number, limit=1000)

    assert [comment.body for comment in found] == [f"Comment {number}" for number in range(103)]


def test_a_pull_request_is_opened_and_merged(github, providers):
    push_branch(providers, "fix")

    made = github.create_pull_request("Fix it", "fix", "main", "Because")
    commit = github.merge_pull_request(made.number, "squash")

    merged = github.get_pull_request(made.number)
    assert (made.head, made.base, made.state) == ("fix", "main", "open")
    assert (merged.state, merged.merged_at is not None) == ("closed", True)
    assert len(commit) == 40
    assert made.number in {item.number for item in github.list_pull_requests(state="all")}
    assert made.number not in {item.number for item in github.list_issues(state="all", limit=1000)}


def push_branch(providers: Emulate, name: str) -> None:
    url = f"{providers.github_url}/repos/{GITHUB_REPOSITORY}"
    main = httpx2.get(f"{url}/git/ref/heads/main", headers=OWNER).json()["object"]["sha"]
    httpx2.post(f"{url}/git/refs", headers=OWNER, json={"ref": f"refs/heads/{name}", "sha": main}).raise_for_status()
    change = {"message": "Change", "content": "aGVsbG8=", "branch": name}
    httpx2.put(f"{url}/contents/hello.txt", headers=OWNER, json=change).raise_for_status()


def test_searches_find_existing_objects(github):
    made = github.create_issue("The tail of the kite tears")

    assert made.number in {issue.number for issue in github.search_issues(f"repo:{GITHUB_REPOSITORY} tail")}
    assert "README.md" in {match.path for match in github.search_code(f"repo:{GITHUB_REPOSITORY} kites")}


def test_unknown_objects_are_not_found_and_invalid_values_are_rejected(github):
    with pytest.raises(NotFound, match="the scope `repo`"):
        github.get_issue(99_999)
    with pytest.raises(NotFound):
        github.list_issues("alice/nothing")
    with pytest.raises(Rejected, match="422"):
        github.client.request("POST", f"/repos/{GITHUB_REPOSITORY}/issues", json={})


def test_a_refused_token_raises_auth_failed(providers):
    github = connected(providers.github_url, "eyJ.not.ours")

    with pytest.raises(AuthFailed):
        github.create_issue("Never")

    github.close()
    assert "Never" not in titles(providers)


def test_a_write_whose_response_is_lost_is_not_sent_again(providers, start_proxy):
    before = start_proxy(providers.github_url)
    before.inject(losing_the_answer(), path="/repos/*/issues", method="POST")
    github = connected(before.url)

    with pytest.raises(Unavailable, match="it may have been done"):
        github.create_issue("Sent once")

    github.close()
    assert titles(providers).count("Sent once") == 1


def test_reads_and_writes_wait_for_a_rate_limit(providers, start_proxy):
    before = start_proxy(providers.github_url)
    limited = answering(403, b'{"message": "You have exceeded a secondary rate limit"}', Retry_After="0")
    github = connected(before.url)

    before.inject(limited, path="/repos/*/issues", times=2)
    github.create_issue("Too many")
    before.inject(limited, path="/repos/*/issues", times=1)
    found = github.list_issues(limit=1)

    github.close()
    assert len(found) == 1
    assert titles(providers).count("Too many") == 1


def test_a_long_limit_reaches_the_caller_and_nothing_is_done(providers, start_proxy):
    before = start_proxy(providers.github_url)
    abuse = b'{"message": "You have triggered an abuse detection mechanism. Please wait a few minutes."}'
    before.inject(answering(403, abuse), path="/repos/*/issues", times=1)
    github = connected(before.url)

    with pytest.raises(RateLimited, match="abuse detection mechanism") as caught:
        github.create_issue("Far too many")

    github.close()
    assert (caught.value.retry_after, caught.value.can_retry) == (60.0, True)
    assert "Far too many" not in titles(providers)


def test_a_renamed_repository_is_found_by_reads_and_writes(providers, start_proxy):
    before = start_proxy(providers.github_url)
    github = connected(before.url)
    place = f"/repos/{github.config.default_repository}/issues"

    for status in (307, 308):
        before.inject(
            answering(status, b'{"message": "Moved"}', Location=place), path="/repos/old/name/issues", times=1
        )
        github.create_issue(f"Moved {status}", repository="old/name")

    github.close()
    assert {"Moved 307", "Moved 308"} <= set(titles(providers))


# --- connecting -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Server:
    """A backend in this process, and a user of it."""

    services: Services
    url: str
    key: str
    subject: Any

    def ask(self, verb: str, path: str, **options: Any) -> Any:
        """Ask its API."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.request(verb, self.url + path, headers=headers, **options).raise_for_status().json()

    def github(self, providers: Emulate) -> GitHub:
        """Return the integration with the credentials of a run."""
        env = open_credentials(self.services.connections.credentials, self.subject, ["github"]).get("github").env
        return connected(providers.github_url, env["GITHUB_ACCESS_TOKEN"])


@pytest.fixture
def server(providers, port, tmp_path):
    github = ProviderSettings(
        client_id=providers.github.client_id,
        client_secret=SecretStr(providers.github.client_secret),
        authorization_url=providers.github_url + urlsplit(GitHub.spec.auth.authorization_url).path,
        token_url=providers.github_url + urlsplit(GitHub.spec.auth.token_url).path,
        userinfo_url=providers.github_url + urlsplit(GitHub.spec.auth.userinfo_url).path,
    )
    settings = Settings(
        data_dir=tmp_path / "data",
        master_key=SecretStr(generate_key_line()),
        public_url=f"http://127.0.0.1:{port}",
        providers={"github": github},
        sandbox="none",
    )
    registry = Registry.from_discovery(discover({"github"}))
    services = build_services(settings, clock=SystemClock(), registry=registry)
    subject = add_subject(services.database)
    with services.database.writing() as session:
        user = tenancy.find_user(session, subject.workspace_id, subject.user_id)
        key = issue_key(session, user, name="test", now=services.clock.now()).plain.get_secret_value()
    with serve(create_app(services), port=port) as url:
        yield Server(services=services, url=url, key=key, subject=subject)
    services.connections.close()
    services.database.dispose()


def test_a_consent_returns_a_token_that_can_open_issues(server, providers):
    made = server.ask("POST", "/v1/connections", json={"integration": "github"})

    with httpx2.Client() as browser:
        departure = browser.post(made["connect_url"]).headers["location"]
        back = browser.get(consent_github(departure, login=GITHUB_PERSON))

    connection = server.ask("GET", f"/v1/connections/{made['connection_id']}")
    assert back.status_code == 200, back.text
    assert (connection["status"], connection["scopes"], connection["expires_at"]) == ("active", ["repo"], None)
    github = server.github(providers)
    assert github.create_issue("Opened by consent").author == GITHUB_PERSON
    github.close()


def test_a_token_connects_from_the_command_line(server, providers, tmp_path):
    variables = {**clean_variables(tmp_path), "WREN_API_URL": server.url, "WREN_API_KEY": server.key}
    command = [sys.executable, "-m", "wren", "connect", "github", "--value", "access_token"]

    done = subprocess.run(command, env=variables, input=f"{GITHUB_TOKEN}\n", capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "github is connected" in done.stdout
    assert GITHUB_TOKEN not in done.stdout + done.stderr
    assert server.ask("POST", "/v1/integrations/validate", json={"integrations": ["github"]})["valid"] is True
    github = server.github(providers)
    assert github.create_issue("Opened by token").author == GITHUB_PERSON
    github.close()
