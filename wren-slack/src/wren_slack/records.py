"""What the methods return, each made from the object Slack sends."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from wren_core import Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MessageRef(Record):
    """Where a message is: what `update`, `delete`, `reply` and `react` need."""

    channel: Annotated[str, "ID of the channel"]
    ts: Annotated[str, "Timestamp that identifies the message in its channel"]


class PostedMessage(MessageRef):
    """A message as it was written."""

    text: Annotated[str, "Text as Slack stored it"]

    @classmethod
    def from_slack(cls, answer: Mapping[str, Any]) -> Self:
        """Read the answer of chat.postMessage or chat.update."""
        return cls(channel=answer["channel"], ts=answer["ts"], text=answer["message"].get("text") or "")


class Message(Record):
    """A message of a channel or a thread."""

    ts: Annotated[str, "Timestamp that identifies the message in its channel"]
    sent_at: Annotated[datetime, "When it was sent, UTC"]
    text: Annotated[str, "Text in Slack's markup"]
    user: Annotated[str | None, "ID of the author; none for some apps"]
    thread_ts: Annotated[str | None, "ts of the thread's first message, for messages of a thread"]
    reply_count: Annotated[int, "Replies in the thread this message started"]
    reactions: Annotated[dict[str, int], "How many people reacted, by emoji name"]
    files: Annotated[tuple[str, ...], "IDs of the attached files"]

    @classmethod
    def from_slack(cls, raw: Mapping[str, Any]) -> Self:
        """Read one item of conversations.history or conversations.replies."""
        return cls(
            ts=raw["ts"],
            sent_at=from_ts(raw["ts"]),
            text=raw.get("text") or "",
            user=raw.get("user"),
            thread_ts=raw.get("thread_ts"),
            reply_count=raw.get("reply_count") or 0,
            reactions={item["name"]: item["count"] for item in raw.get("reactions") or ()},
            files=tuple(item["id"] for item in raw.get("files") or ()),
        )


class Channel(Record):
    """A public channel, or a private one the app is in."""

    id: Annotated[str, "ID, such as C024BE91L"]
    name: Annotated[str, "Name without #"]
    is_private: Annotated[bool, "Seen by its members only"]
    is_archived: Annotated[bool, "Read only"]
    is_member: Annotated[bool, "The app is in it and may read it"]
    topic: Annotated[str, "What the channel is about now"]
    purpose: Annotated[str, "What the channel is for"]

    @classmethod
    def from_slack(cls, raw: Mapping[str, Any]) -> Self:
        """Read one item of conversations.list."""
        return cls(
            id=raw["id"],
            name=raw["name"],
            is_private=bool(raw.get("is_private")),
            is_archived=bool(raw.get("is_archived")),
            is_member=bool(raw.get("is_member")),
            topic=(raw.get("topic") or {}).get("value") or "",
            purpose=(raw.get("purpose") or {}).get("value") or "",
        )


class User(Record):
    """A person or an app of the workspace."""

    id: Annotated[str, "ID, such as U024BE7LH"]
    name: Annotated[str, "Handle without @; unique"]
    real_name: Annotated[str, "Full name"]
    display_name: Annotated[str, "Name the person chose to show; may be empty, need not be unique"]
    email: Annotated[str | None, "E-mail address, where the connection may see it"]
    is_bot: Annotated[bool, "An app, not a person"]

    @classmethod
    def from_slack(cls, raw: Mapping[str, Any]) -> Self:
        """Read one item of users.list."""
        profile = raw.get("profile") or {}
        return cls(
            id=raw["id"],
            name=raw["name"],
            real_name=raw.get("real_name") or profile.get("real_name") or "",
            display_name=profile.get("display_name") or "",
            email=profile.get("email"),
            is_bot=bool(raw.get("is_bot")),
        )


class UploadedFile(Record):
    """A file that is now in Slack."""

    id: Annotated[str, "ID, such as F024BERPE"]
    title: Annotated[str, "Title shown above the file"]
    channel: Annotated[str, "ID of the channel it was shared in"]
    permalink: Annotated[str | None, "Page of the file, where Slack named it"]


def from_ts(ts: str) -> datetime:
    """Return the moment of a message timestamp, exact to the microsecond."""
    seconds, _, micros = ts.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(micros or 0))


def to_ts(moment: datetime) -> str:
    """Return the message timestamp of an aware moment."""
    return f"{(moment - _EPOCH) // timedelta(seconds=1)}.{moment.microsecond:06d}"
