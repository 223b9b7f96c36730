"""A Slack workspace in memory, for tests without a network or an account.

It implements the part of the Web API that the integration uses, and the OAuth pages, as Slack does: errors are 200 with
`ok: false`, scopes and membership are enforced, listings have cursors, and posted messages can be read again.

Example:
    fake = FakeSlack()
    with serve(fake) as url:
        slack = Slack.create(credentials={"access_token": fake.token()}, base_url=f"{url}/api/")
        slack.post("Done", "#general")
    assert fake.messages_in("#general")[-1]["text"] == "Done"
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, FakeUser
from wren_slack.fake_api import WebApi
from wren_slack.fake_oauth import SlackOAuth
from wren_slack.fake_workspace import Workspace
from wren_slack.integration import Slack


class FakeSlack(FakeProvider):
    """A workspace with #general, #random and #announcements (without the app), and the members Alice and Bob.

    Args:
        token_lifetime: lifetime of an access token in seconds, as with token rotation; None: tokens never expire.
        largest_page: maximum number of items that a listing returns, even if `limit` is larger.
        client_id: client id of the app that may be installed.
        client_secret: its client secret.
    """

    name: ClassVar[str] = "slack"

    def __init__(
        self,
        *,
        token_lifetime: float | None = None,
        largest_page: int = 1000,
        client_id: str = "fake-client",
        client_secret: str = "fake-client-secret",  # noqa: S107 - the published secret of a fake
    ) -> None:
        super().__init__()
        self.workspace = Workspace(largest_page=largest_page)
        for name, real_name in (("alice", "Alice Ames"), ("bob", "Bob Byrd")):
            self.workspace.add_person(name, real_name=real_name, display_name=name, email=f"{name}@example.com")
        for channel, is_member in (("general", True), ("random", True), ("announcements", False)):
            self.workspace.add_channel(channel, is_member=is_member)
        people = [person for person in self.workspace.people.values() if not person.is_bot]
        self.oauth = SlackOAuth(
            self,
            self.workspace,
            users=[FakeUser(email=person.email, name=person.real_name) for person in people],
            authorize_path="/oauth/v2/authorize",
            token_path="/api/oauth.v2.access",  # noqa: S106 - a path
            revoke_path="/api/auth.revoke",
            client_id=client_id,
            client_secret=client_secret,
            token_lifetime=token_lifetime,
            rotate=True,
        )
        self.mount(WebApi(self.workspace, self.oauth))

    def token(self, scopes: Iterable[str] | None = None) -> str:
        """Return a bot token without a consent page; by default it has all scopes of the integration."""
        wanted = Slack.spec.required_scopes if scopes is None else scopes
        return str(self.oauth.issue(self.oauth.users[0], list(wanted))["access_token"])

    def example_values(self) -> dict[str, Any]:
        """Return the ts of a message of the app with replies; another message follows it."""
        posted = self.say("general", "Deployed", author="wren")
        for reply in ("Well done", "Thank you"):
            self.say("general", reply, thread_ts=posted)
        self.say("general", "Who is on call?")
        return {"posted.ts": posted}

    def limit_pages(self, size: int) -> bool:
        """Limit the pages of all listings to `size` items."""
        self.workspace.largest_page = size
        return True

    def messages_in(self, channel: str) -> list[dict[str, Any]]:
        """Return the messages of a channel, or of the conversation with `@handle`, oldest first.

        Raises:
            LookupError: no such channel; an empty list would hide a wrong name in a test.
        """
        found = self.workspace.find(channel)
        if found is None and not channel.startswith("@"):
            raise LookupError(f"the fake workspace has no channel {channel!r}")
        return list(found.messages) if found else []

    def say(self, channel: str, text: str, *, author: str = "alice", thread_ts: str | None = None) -> str:
        """Post as a person; return the ts."""
        where, who = self.workspace.visible(channel), self.workspace.person(author)
        return str(self.workspace.add_message(where, who.id, text, thread_ts=thread_ts)["ts"])

    def limit_next(self, *, times: int = 1, retry_after: float = 1, api_method: str = "") -> None:
        """Answer the next calls with 429 and Retry-After."""
        headers = {"retry-after": str(retry_after)}
        self.fail_next(429, times=times, path=api_method, headers=headers, body={"ok": False, "error": "ratelimited"})

    def not_found(self, request: FakeRequest) -> FakeResponse:
        """Return Slack's response for an unknown path."""
        if request.path.startswith("/api/"):
            return FakeResponse(body={"ok": False, "error": "unknown_method"})
        return FakeResponse(status=404, body="<!doctype html><title>There's been a glitch</title>")
