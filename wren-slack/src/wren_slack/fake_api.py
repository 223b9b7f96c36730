"""The endpoints of Slack's Web API that the fake implements."""

import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from wren_core.testing import FakeRequest, FakeResponse, route
from wren_slack.fake_oauth import SlackOAuth
from wren_slack.fake_workspace import FakeChannel, FakeFile, Refusal, Workspace, page_of, top_level

_TEXT_LIMIT = 40_000  # chat.postMessage truncates longer text
_EDIT_LIMIT = 4_000  # chat.update refuses longer text
_READ_SCOPES = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read"}
_HISTORY_SCOPES = {"public_channel": "channels:history", "private_channel": "groups:history", "im": "im:history"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One accepted call: the caller and the arguments."""

    arguments: dict[str, Any]
    scopes: list[str]
    host: str

    def text(self, name: str, error: str = "invalid_arguments") -> str:
        """Return a required argument; refuse with `error` if it is missing."""
        value = self.arguments.get(name)
        if not isinstance(value, str) or not value:
            raise Refusal(error)
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean argument."""
        return str(self.arguments.get(name, "")).lower() in ("1", "true")

    def moment(self, name: str, default: str) -> Decimal:
        """Return a timestamp argument."""
        try:
            return Decimal(str(self.arguments.get(name) or default))
        except InvalidOperation:
            raise Refusal(f"invalid_ts_{name}") from None

    def need(self, *scopes: str) -> None:
        """Refuse a token that lacks one of these scopes."""
        missing = [scope for scope in scopes if scope not in self.scopes]
        if missing:
            raise Refusal("missing_scope", needed=",".join(missing), provided=",".join(self.scopes))


Endpoint = Callable[[Any, Call], dict[str, Any]]


def endpoint(api_method: str, *, scope: str = "") -> Callable[[Endpoint], Any]:
    """Register a method of the Web API, called with a form, JSON or query; token and scope are checked first."""

    def mark(handler: Endpoint) -> Any:
        @functools.wraps(handler)
        def answer(api: "WebApi", request: FakeRequest) -> FakeResponse:
            try:
                call = api.admit(request)
                call.need(*filter(None, [scope]))
                return FakeResponse(body={"ok": True, **handler(api, call)})
            except Refusal as exc:
                return FakeResponse(body={"ok": False, "error": exc.error, **exc.extra})

        path = f"/api/{api_method}"
        return route("GET", path)(route("POST", path)(answer))

    return mark


class WebApi:
    """Answers calls from the state of a workspace, for tokens of an authorization server."""

    def __init__(self, workspace: Workspace, oauth: SlackOAuth) -> None:
        self.workspace = workspace
        self.oauth = oauth
        self.app = workspace.app

    def admit(self, request: FakeRequest) -> Call:
        """Return the call that a request makes, or refuse its token."""
        arguments = _arguments(request)
        token = request.token or arguments.pop("token", None)
        if not token:
            raise Refusal("not_authed")
        refusal = self.oauth.refusal_of(token)
        if refusal:
            raise Refusal(refusal)
        return Call(arguments=arguments, scopes=self.oauth.scopes_of(token), host=request.headers.get("host", ""))

    # --- auth -------------------------------------------------------------------------------------------------------

    @endpoint("auth.test")
    def auth_test(self, call: Call) -> dict[str, Any]:  # noqa: ARG002 - every endpoint has this shape
        """Return the identity of the token."""
        return {"url": "https://fake.slack.com/", "team_id": "T0FAKE", "user": self.app.name, "user_id": self.app.id}

    @route("GET", "/api/auth.revoke")
    def auth_revoke(self, request: FakeRequest) -> FakeResponse:
        """Revoke a token; the POST form is a route of `oauth`."""
        return self.oauth.revoke(request)

    # --- chat -------------------------------------------------------------------------------------------------------

    @endpoint("chat.postMessage", scope="chat:write")
    def chat_post_message(self, call: Call) -> dict[str, Any]:
        """Post a message; the only method that also accepts a channel's name or a person's ID."""
        channel = self._writable_channel(call.text("channel", "channel_not_found"))
        text, blocks = str(call.arguments.get("text") or ""), _json(call.arguments.get("blocks"))
        if not text.strip() and not blocks:
            raise Refusal("no_text")
        thread = call.arguments.get("thread_ts")
        subtype = "thread_broadcast" if call.flag("reply_broadcast") else None
        message = self.workspace.add_message(
            channel, self.app.id, text[:_TEXT_LIMIT], blocks=blocks, thread_ts=thread, subtype=subtype
        )
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    @endpoint("chat.update", scope="chat:write")
    def chat_update(self, call: Call) -> dict[str, Any]:
        """Change a message of the app."""
        channel = self._conversation(call)
        message, text = channel.message(call.text("ts")), call.text("text", "no_text")
        if message["user"] != self.app.id:
            raise Refusal("cant_update_message")
        if len(text) > _EDIT_LIMIT:
            raise Refusal("msg_too_long")
        message.update(text=text, edited={"user": self.app.id})
        return {"channel": channel.id, "ts": message["ts"], "text": text, "message": message}

    @endpoint("chat.delete", scope="chat:write")
    def chat_delete(self, call: Call) -> dict[str, Any]:
        """Delete a message of the app."""
        channel = self._conversation(call)
        message = channel.message(call.text("ts"))
        if message["user"] != self.app.id:
            raise Refusal("cant_delete_message")
        channel.messages.remove(message)
        return {"channel": channel.id, "ts": message["ts"]}

    @endpoint("reactions.add", scope="reactions:write")
    def reactions_add(self, call: Call) -> dict[str, Any]:
        """React as the app."""
        message, name = self._conversation(call).message(call.text("timestamp")), call.text("name", "invalid_name")
        if not re.fullmatch(r"[a-z0-9_+'-]+", name):
            raise Refusal("invalid_name")
        reactions = message.setdefault("reactions", [])
        if any(item["name"] == name and self.app.id in item["users"] for item in reactions):
            raise Refusal("already_reacted")
        reactions.append({"name": name, "users": [self.app.id], "count": 1})
        return {}

    # --- conversations ----------------------------------------------------------------------------------------------

    @endpoint("conversations.list")
    def conversations_list(self, call: Call) -> dict[str, Any]:
        """List public channels, and private channels with the app."""
        kinds = str(call.arguments.get("types") or "public_channel").split(",")
        call.need(*(_READ_SCOPES[kind] for kind in kinds if kind in _READ_SCOPES))
        found = [
            channel.to_slack()
            for channel in self.workspace.channels.values()
            if channel.kind in kinds
            and (channel.is_member or not channel.is_private)
            and not (channel.is_archived and call.flag("exclude_archived"))
        ]
        return self._page("channels", found, call)

    @endpoint("conversations.info")
    def conversations_info(self, call: Call) -> dict[str, Any]:
        """Describe one conversation."""
        channel = self._conversation(call)
        call.need(_READ_SCOPES[channel.kind])
        return {"channel": channel.to_slack()}

    @endpoint("conversations.open", scope="im:write")
    def conversations_open(self, call: Call) -> dict[str, Any]:
        """Open the direct conversation with a person."""
        return {"channel": {"id": self.workspace.open_direct(call.text("users", "users_list_not_supplied")).id}}

    @endpoint("conversations.history")
    def conversations_history(self, call: Call) -> dict[str, Any]:
        """Read a channel, newest first."""
        channel = self._readable_channel(call)
        after, before = call.moment("oldest", "0"), call.moment("latest", "9" * 12)
        shown = [item for item in top_level(channel.messages) if after < Decimal(item["ts"]) < before]
        return self._page("messages", shown[::-1], call)

    @endpoint("conversations.replies")
    def conversations_replies(self, call: Call) -> dict[str, Any]:
        """Read a thread, oldest first; every page starts with its first message."""
        channel = self._readable_channel(call)
        first = channel.message(call.text("ts"), error="thread_not_found")
        replies = [item for item in channel.messages if item.get("thread_ts") == first["ts"] and item is not first]
        answer = self._page("messages", replies, call)
        return {**answer, "messages": [first, *answer["messages"]]}

    # --- users ------------------------------------------------------------------------------------------------------

    @endpoint("users.list", scope="users:read")
    def users_list(self, call: Call) -> dict[str, Any]:
        """List people and apps, including deactivated ones."""
        with_email = "users:read.email" in call.scopes
        return self._page("members", [p.to_slack(with_email=with_email) for p in self.workspace.people.values()], call)

    @endpoint("users.info", scope="users:read")
    def users_info(self, call: Call) -> dict[str, Any]:
        """Describe one person."""
        person = self.workspace.people.get(call.text("user", "user_not_found"))
        if person is None:
            raise Refusal("user_not_found")
        return {"user": person.to_slack(with_email="users:read.email" in call.scopes)}

    # --- files ------------------------------------------------------------------------------------------------------

    @endpoint("files.getUploadURLExternal", scope="files:write")
    def files_get_upload_url(self, call: Call) -> dict[str, Any]:
        """Announce a file, and return the URL for its upload."""
        length = str(call.arguments.get("length") or "")
        if not length.isdigit() or int(length) == 0:
            raise Refusal("invalid_arguments")
        file = self.workspace.add_file(call.text("filename"), int(length))
        return {"file_id": file.id, "upload_url": f"http://{call.host}/upload/v1/{file.id}"}

    @route("POST", "/upload/v1/{file_id}")
    def upload(self, request: FakeRequest) -> FakeResponse:
        """Receive the bytes of an announced file; the URL is the only authorisation."""
        file = self.workspace.files.get(request.params["file_id"])
        if file is None or len(request.body) != file.length:
            return FakeResponse(status=404 if file is None else 400, body="upload refused")
        file.content = request.body
        return FakeResponse(body=f"OK - {file.length}")

    @endpoint("files.completeUploadExternal", scope="files:write")
    def files_complete_upload(self, call: Call) -> dict[str, Any]:
        """Share uploaded files as one message."""
        shared = [self._find_upload(item) for item in _json(call.arguments.get("files")) or ()]
        if call.arguments.get("channel_id"):
            channel = self._writable_channel(call.text("channel_id"))
            text, thread = str(call.arguments.get("initial_comment") or ""), call.arguments.get("thread_ts")
            self.workspace.add_message(channel, self.app.id, text, files=shared, thread_ts=thread)
        return {"files": shared}

    def _find_upload(self, item: dict[str, Any]) -> dict[str, Any]:
        file: FakeFile | None = self.workspace.files.get(item.get("id", ""))
        if file is None or file.content is None:
            raise Refusal("file_not_found")
        return file.to_slack(item.get("title") or file.name)

    # --- conversations by ID, and their permissions ------------------------------------------------------------------

    def _conversation(self, call: Call) -> FakeChannel:
        channel = self.workspace.channels.get(call.text("channel", "channel_not_found"))
        return self.workspace.visible(channel.id if channel else "")

    def _readable_channel(self, call: Call) -> FakeChannel:
        channel = self._conversation(call)
        call.need(_HISTORY_SCOPES[channel.kind])
        if not channel.is_member:
            raise Refusal("not_in_channel")
        return channel

    def _writable_channel(self, reference: str) -> FakeChannel:
        is_person = reference in self.workspace.people
        channel = self.workspace.open_direct(reference) if is_person else self.workspace.visible(reference)
        if channel.is_archived:
            raise Refusal("is_archived")
        if not channel.is_member:
            raise Refusal("not_in_channel")
        return channel

    def _page(self, key: str, items: list[dict[str, Any]], call: Call) -> dict[str, Any]:
        page, cursor = page_of(items, call.arguments, largest=self.workspace.largest_page)
        return {key: page, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _arguments(request: FakeRequest) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/json"):
        body = request.json()
        if not isinstance(body, dict):
            raise Refusal("json_not_object")
        return {**request.query, **body}
    return {**request.query, **request.form()}


def _json(value: Any) -> Any:
    """Return an argument that may be JSON or a string with JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refusal("invalid_arguments") from None
