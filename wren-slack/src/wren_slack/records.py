"""Results of the methods, built from the objects that Slack returns."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from wren_core import Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MessageRef(Record):
    """The place of a message, as `update`, `delete`, `reply` and `react` take it."""

    channel: Annotated[str, "ID of the channel"]
    ts: Annotated[str, "Timestamp that identifies the message in its channel"]


class PostedMessage(MessageRef):
    """A message that was posted or changed."""

    text: Annotated[str, "Text as Slack stored it"]

    @classmethod
    def from_slack(cls, answer: Mapping[str, Any]) -> Self:
        """Parse the response of chat.postMessage or chat.update."""
        return cls(channel=answer["channel"], ts=answer["ts"], text=answer["message"].get("text") or "")


class Message(Record):
    """A message of a channel or a thread."""

    ts: Annotated[str, "Timestamp that identifies the message in its channel"]
    sent_at: Annotated[datetime, "Time of sending, in UTC"]
    text: Annotated[str, "Text in Slack's markup"]
    user: Annotated[str | None, "ID of the author; null for some apps"]
    thread_ts: Annotated[str | None, "ts of the first message of the thread, if the message belongs to one"]
    reply_count: Annotated[int, "Number of replies in the thread that this message started"]
    reactions: Annotated[dict[str, int], "Number of people who reacted, by emoji name"]
    files: Annotated[tuple[str, ...], "IDs of the attached files"]

    @classmethod
    def from_slack(cls, raw: Mapping[str, Any]) -> Self:
        """Parse one item of conversations.history or conversations.replies."""
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
    """A public channel, or a private channel that the app is in."""

    id: Annotated[str, "ID, such as C024BE91L"]
    name: Annotated[str, "Name without #"]
    is_private: Annotated[bool, "Whether only members can see it"]
    is_archived: Annotated[bool, "Whether it is archived, and so read-only"]
    is_member: Annotated[bool, "Whether the app is a member and may read it"]
    topic: Annotated[str, "Current topic"]
    purpose: Annotated[str, "Purpose of the channel"]

    @classmethod
    def from_slack(cls, raw: Mapping[str, Any]) -> Self:
        """Parse one item of conversations.list."""
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
    display_name: Annotated[str, "Display name that the person chose; may be empty or not unique"]
    email: Annotated[str | None, "E-mail address, if the connection may see it"]
    is_bot: Annotated[bool, "Whether it is an app and not a person"]

    @classmethod
    def from_slack(cls, raw: Mapping[str, Any]) -> Self:
        """Parse one item of users.list."""
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
    """An uploaded file."""

    id: Annotated[str, "ID, such as F024BERPE"]
    title: Annotated[str, "Title shown above the file"]
    channel: Annotated[str, "ID of the channel it was shared in"]
    permalink: Annotated[str | None, "URL of the file's page, if Slack returned one"]


def from_ts(ts: str) -> datetime:
    """Convert a message timestamp to a datetime in UTC, exact to the microsecond."""
    seconds, _, micros = ts.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(micros or 0))


def to_ts(moment: datetime) -> str:
    """Convert an aware datetime to a message timestamp."""
    return f"{(moment - _EPOCH) // timedelta(seconds=1)}.{moment.microsecond:06d}"
