"""The integration: its spec, its configuration and its methods."""

from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from wren_core import (
    AuthFailed,
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationConfig,
    IntegrationSpec,
    InvalidInput,
    OAuth2Config,
    Rejected,
    UndoSpec,
    method,
)
from wren_core.json_pointer import find_or_none
from wren_slack.directory import Directory
from wren_slack.parameters import Limit, Text, Ts, Where
from wren_slack.records import Channel, Message, MessageRef, PostedMessage, UploadedFile, User, to_ts

_PEOPLE = ("users:read", "users:read.email")
# Finding a channel or a person by name needs these.
_LOOKUP = ("channels:read", "groups:read", "im:write", *_PEOPLE)
_HISTORY = ("channels:history", "groups:history", "im:history")
_CHAT = ("chat:write", *_LOOKUP)
_UNPOST = UndoSpec(method="delete", arguments={"ts": "/output/ts", "channel": "/output/channel"})
_PAGE = 200


class Slack(Integration):
    """Post to Slack channels and people, read conversations, react, share files."""

    spec = IntegrationSpec(
        name="slack",
        display_name="Slack",
        auth=OAuth2Config(
            provider="slack",
            authorization_url="https://slack.com/oauth/v2/authorize",
            token_url="https://slack.com/api/oauth.v2.access",  # noqa: S106 - an address
            revoke_url="https://slack.com/api/auth.revoke",
            scopes=(*_CHAT, *_HISTORY, "reactions:write", "files:write"),
            scope_separator=",",
        ),
        credentials=(
            CredentialSpec(
                key="access_token",
                type=CredentialType.OAUTH2,
                description="Bot token (xoxb-...)",
                env_var="SLACK_ACCESS_TOKEN",
                refresh_key="refresh_token",
                refresh_env_var="SLACK_REFRESH_TOKEN",
            ),
        ),
        base_url="https://slack.com/api/",
        hosts=("slack.com", "files.slack.com"),
        docs_url="https://docs.slack.dev/apis/web-api/",
    )

    class Config(IntegrationConfig):
        """Settings of one instance."""

        default_channel: Annotated[str | None, "Channel or person to use if a method is called without one"] = None
        timeout_seconds: Annotated[int, Field(ge=1, le=300), "Time limit for one response of Slack, in seconds"] = 30

    config: Config

    def connect(self) -> Any:
        """Create the client; the first use of `self.client` calls this."""
        from wren_slack.client import SlackClient  # here, because importing the integration must not import slack_sdk

        token = self.credentials["access_token"]
        if not (token.isascii() and token.isprintable()) or " " in token:
            # Checked here because the HTTP library would show the whole token in its error.
            raise AuthFailed("the access token contains illegal characters; connect Slack again")
        return SlackClient(token, base_url=self.base_url, timeout=self.config.timeout_seconds)

    @method(effect="write", scopes=_CHAT, undo=_UNPOST, example='slack.post("Done", "#general")')
    def post(
        self,
        text: Text,
        channel: Where = None,
        blocks: Annotated[list[dict[str, Any]] | None, "Block Kit layout; notifications show `text`"] = None,
    ) -> PostedMessage:
        """Post a new message to a channel or a person; use reply() to answer in a thread."""
        answer = self.client.chat_postMessage(channel=self._where(channel), text=text, blocks=blocks)
        return PostedMessage.from_slack(answer)

    @method(effect="write", scopes=_CHAT, undo=_UNPOST, example='slack.reply(posted.ts, "Fixed", "#general")')
    def reply(
        self,
        ts: Ts,
        text: Text,
        channel: Where = None,
        broadcast: Annotated[bool, "Show the reply in the channel too"] = False,
    ) -> PostedMessage:
        """Reply in the thread of a message."""
        answer = self.client.chat_postMessage(
            channel=self._where(channel), text=text, thread_ts=ts, reply_broadcast=broadcast or None
        )
        return PostedMessage.from_slack(answer)

    @method(effect="write", idempotent=True, scopes=_CHAT, example='slack.update(posted.ts, "Done!", "#general")')
    def update(self, ts: Ts, text: Text, channel: Where = None) -> PostedMessage:
        """Replace the text of a message that the app posted."""
        return PostedMessage.from_slack(self.client.chat_update(channel=self._where(channel), ts=ts, text=text))

    @method(effect="destructive", scopes=_CHAT, example='slack.delete(posted.ts, "#general")')
    def delete(self, ts: Ts, channel: Where = None) -> MessageRef:
        """Delete a message that the app posted; this cannot be undone."""
        answer = self.client.chat_delete(channel=self._where(channel), ts=ts)
        return MessageRef.of_answer({"channel": answer.get("channel"), "ts": answer.get("ts")})

    @method(
        effect="write",
        idempotent=True,
        scopes=("reactions:write", *_LOOKUP),
        example='slack.react(posted.ts, "white_check_mark", "#general")',
    )
    def react(
        self, ts: Ts, emoji: Annotated[str, "Emoji name, with or without colons"], channel: Where = None
    ) -> MessageRef:
        """React to a message with an emoji; a reaction that already exists is not an error."""
        found = MessageRef(channel=self._where(channel), ts=ts)
        try:
            self.client.reactions_add(channel=found.channel, timestamp=ts, name=emoji.strip(":"))
        except Rejected as exc:
            if exc.details.get("slack_error") != "already_reacted":
                raise
        return found

    @method(
        effect="write",
        scopes=("files:write", *_LOOKUP),
        example='slack.upload("#general", path="report.pdf", comment="This week")',
    )
    def upload(
        self,
        channel: Where = None,
        path: Annotated[str | None, "Path of the file to read; or pass `content`"] = None,
        content: Annotated[str | bytes | None, "Text or bytes of the file, instead of `path`"] = None,
        filename: Annotated[str | None, "File name in Slack; default: the name in `path`"] = None,
        title: Annotated[str | None, "Title shown above the file"] = None,
        comment: Annotated[str | None, "Text of the message with the file"] = None,
        thread_ts: Annotated[str | None, "ts of the first message of a thread to share it in"] = None,
    ) -> UploadedFile:
        """Upload a file, given by its path or content, and share it in a channel."""
        name = filename or (Path(path).name if path else "upload")
        data, where = _file_bytes(path, content), self._where(channel)
        answer = self.client.files_upload_v2(
            file=data, filename=name, title=title, channel=where, initial_comment=comment, thread_ts=thread_ts
        )
        file = find_or_none(answer.data, "/files/0")
        found = {key: find_or_none(file, f"/{key}") for key in ("id", "title", "permalink")}
        return UploadedFile.of_answer({**found, "title": found["title"] or name, "channel": where})

    @method(effect="read", scopes=(*_HISTORY, *_LOOKUP), example='slack.history("#general", limit=20)')
    def history(
        self,
        channel: Where = None,
        since: Annotated[AwareDatetime | None, "Only messages after this time, with UTC offset"] = None,
        until: Annotated[AwareDatetime | None, "Only messages before this time, with UTC offset"] = None,
        limit: Limit = 100,
    ) -> list[Message]:
        """Read the messages of a channel, newest first; thread() reads the replies in a thread."""
        raw = self.client.pages(
            self.client.conversations_history,
            "messages",
            channel=self._where(channel),
            oldest=to_ts(since) if since else None,
            latest=to_ts(until) if until else None,
            limit=min(limit, _PAGE),
        )
        return [Message.from_slack(item) for item in islice(raw, limit)]

    @method(effect="read", scopes=(*_HISTORY, *_LOOKUP), example='slack.thread(posted.ts, "#general")')
    def thread(self, ts: Ts, channel: Where = None, limit: Limit = 100) -> list[Message]:
        """Read a thread, oldest first: its first message, then the replies."""
        raw = self.client.pages(
            self.client.conversations_replies, "messages", channel=self._where(channel), ts=ts, limit=min(limit, _PAGE)
        )
        # Slack repeats the first message on every page.
        unique = (item for place, item in enumerate(raw) if place == 0 or find_or_none(item, "/ts") != ts)
        return [Message.from_slack(item) for item in islice(unique, limit)]

    @method(effect="read", scopes=("channels:read", "groups:read"), example="slack.channels()")
    def channels(
        self, limit: Limit = 1000, include_archived: Annotated[bool, "Also list archived channels"] = False
    ) -> list[Channel]:
        """List the public channels, and the private channels that the app is in."""
        raw = self.client.pages(
            self.client.conversations_list,
            "channels",
            types="public_channel,private_channel",
            exclude_archived=not include_archived,
            limit=min(limit, _PAGE),
        )
        return [Channel.from_slack(item) for item in islice(raw, limit)]

    @method(effect="read", scopes=_PEOPLE, example="slack.users()")
    def users(self) -> list[User]:
        """List the people and apps of the workspace, without deactivated ones."""
        return self._directory.users()

    @method(effect="read", scopes=_PEOPLE, example='slack.user("alice@example.com")')
    def user(self, who: Annotated[str, "ID, handle, full name, display name or e-mail address"]) -> User:
        """Find one person or app; raises NotFound with the nearest handles if there is none."""
        return self._directory.user(who)

    @cached_property
    def _directory(self) -> Directory:
        return Directory(lambda: self.client)

    def _where(self, channel: str | None) -> str:
        wanted = channel or self.config.default_channel
        if not wanted:
            raise InvalidInput("no channel: pass `channel`, or set a default with init(default_channel=...)")
        return self._directory.channel_id(wanted)


def _file_bytes(path: str | None, content: str | bytes | None) -> bytes:
    if (path is None) == (content is None):
        raise InvalidInput("pass either `path` or `content`")
    try:
        data = Path(path).read_bytes() if path is not None else content
    except OSError as exc:
        raise InvalidInput(f"/path: {path!r} cannot be read: {exc.strerror}", details={"pointer": "/path"}) from exc
    encoded = data.encode() if isinstance(data, str) else data
    if not encoded:
        raise InvalidInput("Slack does not accept an empty file")
    return encoded
