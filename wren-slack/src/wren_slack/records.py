"""Results of the methods, built from the objects that Slack returns."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BeforeValidator

from wren_core import Record
from wren_core.json_pointer import find_list, find_or_none
from wren_slack.words import words_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_ts(ts: str) -> datetime:
    """Convert a message timestamp to a datetime in UTC, exact to the microsecond."""
    seconds, _, micros = ts.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(micros or 0))


def to_ts(moment: datetime) -> str:
    """Convert an aware datetime to a message timestamp."""
    return f"{(moment - _EPOCH) // timedelta(seconds=1)}.{moment.microsecond:06d}"


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
        return cls.of_answer(
            {
                "channel": answer.get("channel"),
                "ts": answer.get("ts"),
                "text": find_or_none(answer.get("message"), "/text") or "",
            }
        )


class Message(Record):
    """A message of a channel or a thread."""

    ts: Annotated[str, "Timestamp that identifies the message in its channel"]
    sent_at: Annotated[datetime, BeforeValidator(from_ts), "Time of sending, in UTC"]
    text: Annotated[str, "Text in Slack's markup, with the words of blocks and attachments"]
    user: Annotated[str | None, "ID of the author; null for some apps"]
    thread_ts: Annotated[str | None, "ts of the first message of the thread, if the message belongs to one"]
    reply_count: Annotated[int, "Number of replies in the thread that this message started"]
    reactions: Annotated[dict[str, int], "Number of people who reacted, by emoji name"]
    files: Annotated[tuple[str, ...], "IDs of the attached files"]

    @classmethod
    def from_slack(cls, raw: Mapping[str, Any]) -> Self:
        """Parse one item of conversations.history or conversations.replies."""
        raw = raw if isinstance(raw, Mapping) else {}
        given = {name: raw.get(name) for name in ("ts", "user", "thread_ts")}
        return cls.of_answer(
            {
                **given,
                "sent_at": raw.get("ts"),
                "text": words_of(raw) or raw.get("text") or "",
                "reply_count": raw.get("reply_count") or 0,
                "reactions": {
                    str(find_or_none(item, "/name")): find_or_none(item, "/count")
                    for item in find_list(raw, "/reactions")
                },
                "files": [find_or_none(item, "/id") for item in find_list(raw, "/files")],
            }
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
        raw = raw if isinstance(raw, Mapping) else {}
        flags = {name: bool(raw.get(name)) for name in ("is_private", "is_archived", "is_member")}
        texts = {name: find_or_none(raw, f"/{name}/value") or "" for name in ("topic", "purpose")}
        return cls.of_answer({"id": raw.get("id"), "name": raw.get("name"), **flags, **texts})


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
        raw = raw if isinstance(raw, Mapping) else {}
        return cls.of_answer(
            {
                "id": raw.get("id"),
                "name": raw.get("name"),
                "real_name": raw.get("real_name") or find_or_none(raw, "/profile/real_name") or "",
                "display_name": find_or_none(raw, "/profile/display_name") or "",
                "email": find_or_none(raw, "/profile/email"),
                "is_bot": bool(raw.get("is_bot")),
            }
        )


class UploadedFile(Record):
    """An uploaded file."""

    id: Annotated[str, "ID, such as F024BERPE"]
    title: Annotated[str, "Title shown above the file"]
    channel: Annotated[str, "ID of the channel it was shared in"]
    permalink: Annotated[str | None, "URL of the file's page, if Slack returned one"]
