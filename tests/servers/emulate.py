"""Google, Slack and GitHub, faked by the third-party server `emulate`.

Its first Google user has no e-mail address: emulate accepts any unknown token as that of its first user, and its Gmail
refuses that one like a revoked token. Its GitHub refuses only tokens that look like signed ones. Faults that it cannot
simulate (expiry, 429, a lost response) are injected by `servers.proxy` in front of it.
"""

import base64
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2

from servers.node import node, npm_package
from servers.process import free_port, serve
from wren_core.testing.patience import patience

VERSION = "0.11.2"
PERSON = "alice@example.com"
GOOGLE_TOKEN = "seeded-google-token"
SLACK_TOKEN = "xoxb-seeded-slack-token"
GITHUB_TOKEN = "ghp_seeded-github-token"
GITHUB_PERSON = "alice"
GITHUB_REPOSITORY = "alice/kites"
SLACK_SCOPES = (
    *("channels:read", "channels:history", "groups:read", "groups:history", "chat:write", "reactions:write"),
    *("files:write", "files:read", "users:read", "im:read", "im:history"),
)
MAIL = {
    "id": "msg_invoice",
    "user_email": PERSON,
    "from": "Boss <boss@example.com>",
    "to": PERSON,
    "subject": "Invoice 42",
    "body_text": "Please pay invoice 42.",
    "label_ids": ["INBOX", "UNREAD"],
    "date": "2026-01-05T10:00:00Z",
}


@dataclass(frozen=True, kw_only=True)
class Client:
    """The OAuth client that a provider issued to the operator."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, kw_only=True)
class Emulate:
    """The running providers, with direct access for tests."""

    google_url: str
    slack_url: str
    github_url: str
    google: Client = Client(client_id="wren.apps.googleusercontent.com", client_secret="GOCSPX-stand-in")
    slack: Client = Client(client_id="12345.67890", client_secret="slack-stand-in-secret")
    github: Client = Client(client_id="Iv1.standin", client_secret="github-stand-in-secret")

    def mails(self, label: str) -> list[dict[str, Any]]:
        """Return the complete messages of the user with a label, such as SENT or INBOX."""
        listed = self._gmail("GET", "/messages", params={"labelIds": label})["messages"]
        return [self._gmail("GET", f"/messages/{message['id']}") for message in listed]

    def receive_mail(self, *, sender: str, subject: str, text: str) -> str:
        """Deliver an unread mail to the user's inbox, and return its id."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, PERSON, subject
        mail.set_content(text)
        raw = base64.urlsafe_b64encode(mail.as_bytes()).decode()
        return str(self._gmail("POST", "/messages/import", json={"raw": raw, "labelIds": ["INBOX", "UNREAD"]})["id"])

    def posts(self, channel: str = "general") -> list[dict[str, Any]]:
        """Return the messages of a channel, newest first."""
        channels = self._slack("conversations.list")["channels"]
        identity = next(c["id"] for c in channels if c["name"] == channel)
        messages: list[dict[str, Any]] = self._slack("conversations.history", channel=identity)["messages"]
        return messages

    def issues(self, repository: str = GITHUB_REPOSITORY) -> list[dict[str, Any]]:
        """Return all issues of a repository, newest first."""
        url, headers = f"{self.github_url}/repos/{repository}/issues", {"Authorization": f"Bearer {GITHUB_TOKEN}"}
        return list(
            httpx2.get(url, params={"state": "all", "per_page": "100"}, headers=headers, timeout=patience(5))
            .raise_for_status()
            .json()
        )

    def _gmail(self, verb: str, path: str, **request: Any) -> dict[str, Any]:
        url, headers = f"{self.google_url}/gmail/v1/users/me{path}", {"Authorization": f"Bearer {GOOGLE_TOKEN}"}
        answer = httpx2.request(verb, url, headers=headers, timeout=patience(5), **request).raise_for_status().json()
        return dict(answer)

    def _slack(self, method: str, **arguments: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {SLACK_TOKEN}"}
        answer = httpx2.post(
            f"{self.slack_url}/api/{method}", headers=headers, data=arguments, timeout=patience(5)
        ).json()
        if not answer["ok"]:
            raise LookupError(f"the stand-in refused {method}: {answer}")
        return dict(answer)


@contextmanager
def emulate(
    *, google_redirects: Sequence[str] = (), slack_redirects: Sequence[str] = (), github_redirects: Sequence[str] = ()
) -> Iterator[Emulate]:
    """Run the providers with Wren's redirect URLs; they keep no state afterwards."""
    program = npm_package("emulate", VERSION) / "dist" / "index.js"
    port = free_port(following=2)
    google_url, slack_url, github_url = (f"http://127.0.0.1:{port + place}" for place in range(3))
    providers = Emulate(google_url=google_url, slack_url=slack_url, github_url=github_url)
    with tempfile.TemporaryDirectory(prefix="wren-emulate-") as name:
        seed = Path(name) / "seed.json"
        given = {**_seed(providers, google_redirects, slack_redirects), "github": _github(providers, github_redirects)}
        seed.write_text(json.dumps(given))
        start = ["start", "--service", "google,slack,github", "--port", str(port), "--seed", str(seed)]
        command: list[str | Path] = [node(), "--require", Path(__file__).with_name("loopback.cjs"), program, *start]
        with serve(command, ports=[port, port + 1, port + 2], log=Path(name) / "emulate.log"):
            yield providers


def _seed(providers: Emulate, google_redirects: Sequence[str], slack_redirects: Sequence[str]) -> dict[str, Any]:
    google, slack = providers.google, providers.slack
    return {
        "tokens": {
            GOOGLE_TOKEN: {"login": PERSON, "scopes": ["https://mail.google.com/"]},
            GITHUB_TOKEN: {"login": GITHUB_PERSON, "scopes": ["repo"]},
        },
        "google": {
            "baseUrl": providers.google_url,
            "users": [{"email": "", "name": "sentinel"}, *_people()],
            "oauth_clients": [{**vars(google), "name": "Wren", "redirect_uris": list(google_redirects)}],
            "messages": [MAIL],
        },
        "slack": {
            "baseUrl": providers.slack_url,
            "team": {"name": "Wren", "domain": "wren"},
            "users": [{"name": "alice", "email": PERSON}],
            "channels": [{"name": "general"}, {"name": "random"}],
            "bots": [{"name": "wrenbot"}],
            "oauth_apps": [
                {
                    **vars(slack),
                    "app_id": "A000000001",
                    "name": "Wren",
                    "bot_name": "wrenbot",
                    "redirect_uris": list(slack_redirects),
                    "scopes": list(SLACK_SCOPES),
                }
            ],
            "tokens": [{"token": SLACK_TOKEN, "user": "alice", "scopes": list(SLACK_SCOPES)}],
            "strict_scopes": True,
        },
    }


def _github(providers: Emulate, redirects: Sequence[str]) -> dict[str, Any]:
    owner, _, name = GITHUB_REPOSITORY.partition("/")
    return {
        "baseUrl": providers.github_url,
        "users": [{"login": "sentinel"}, {"login": GITHUB_PERSON, "name": "Alice", "email": PERSON}, {"login": "bob"}],
        "repos": [{"owner": owner, "name": name, "description": "Kites that fly", "auto_init": True}],
        "oauth_apps": [{**vars(providers.github), "name": "Wren", "redirect_uris": list(redirects)}],
    }


def _people() -> list[dict[str, str]]:
    return [{"email": PERSON, "name": "Alice"}, {"email": "bob@example.com", "name": "Bob"}]
