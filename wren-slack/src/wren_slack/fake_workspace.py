"""The state of a fake Slack workspace: channels, people, messages, files."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar


class Refusal(Exception):
    """An error of Slack: `ok: false` with this code."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


@dataclass(kw_only=True)
class FakePerson:
    """A person or an app."""

    id: str
    name: str
    real_name: str = ""
    display_name: str = ""
    email: str = ""
    is_bot: bool = False
    deleted: bool = False

    def to_slack(self, *, with_email: bool) -> dict[str, Any]:
        """Return the user object of the Web API."""
        profile = {"display_name": self.display_name, "real_name": self.real_name}
        return {
            "id": self.id,
            "name": self.name,
            "real_name": self.real_name,
            "is_bot": self.is_bot,
            "deleted": self.deleted,
            "profile": {**profile, "email": self.email} if with_email and self.email else profile,
        }


@dataclass(kw_only=True)
class FakeChannel:
    """A channel, or the direct conversation with one person."""

    id: str
    name: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = True
    """Whether the app is a member."""
    person: str = ""
    """ID of the person, in a direct conversation."""
    topic: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """Oldest first, including replies."""

    @property
    def kind(self) -> str:
        """Type of the conversation, as in `types` of `conversations.list`."""
        return "im" if self.person else "private_channel" if self.is_private else "public_channel"

    def to_slack(self) -> dict[str, Any]:
        """Return the conversation object of the Web API."""
        if self.person:
            return {"id": self.id, "is_im": True, "user": self.person}
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": not self.is_private,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_member": self.is_member,
            "topic": {"value": self.topic},
            "purpose": {"value": ""},
        }

    def message(self, ts: object, *, error: str = "message_not_found") -> dict[str, Any]:
        """Return the message with that timestamp, or refuse with `error`."""
        found = next((item for item in self.messages if item["ts"] == ts), None)
        if found is None:
            raise Refusal(error)
        return found


@dataclass(kw_only=True)
class FakeFile:
    """An upload: announced, then filled, then shared."""

    id: str
    name: str
    length: int
    content: bytes | None = None

    def to_slack(self, title: str) -> dict[str, Any]:
        """Return the file object of the Web API."""
        return {"id": self.id, "name": self.name, "title": title, "size": self.length}


Item = TypeVar("Item", FakePerson, FakeChannel, FakeFile)


class Workspace:
    """The complete state of the fake."""

    def __init__(self, *, largest_page: int = 1000) -> None:
        self.largest_page = largest_page
        self.channels: dict[str, FakeChannel] = {}
        self.people: dict[str, FakePerson] = {}
        self.files: dict[str, FakeFile] = {}
        self._numbers = count(1)
        self._started = int(time.time())
        self.app = self.add_person("wren", real_name="Wren", is_bot=True)

    def add_channel(self, name: str, **facts: Any) -> FakeChannel:
        """Add a public channel with the app; `is_member`, `is_private` and `is_archived` change that."""
        return self._keep(self.channels, FakeChannel(id=self._new_id("C"), name=name, **facts))

    def add_person(self, name: str, **facts: Any) -> FakePerson:
        """Add a person; keywords may set `is_bot`, `deleted` and the names."""
        return self._keep(self.people, FakePerson(id=self._new_id("U"), name=name, **facts))

    def add_file(self, name: str, length: int) -> FakeFile:
        """Announce an upload."""
        return self._keep(self.files, FakeFile(id=self._new_id("F"), name=name, length=length))

    def person(self, name: str) -> FakePerson:
        """Return the person with that handle or e-mail address."""
        return next(person for person in self.people.values() if name in (person.name, person.email))

    def open_direct(self, user_id: str) -> FakeChannel:
        """Return the direct conversation with a person; create it if there is none."""
        if user_id not in self.people:
            raise Refusal("user_not_found")
        known = next((item for item in self.channels.values() if item.person == user_id), None)
        return known or self._keep(self.channels, FakeChannel(id=self._new_id("D"), person=user_id))

    def find(self, reference: str) -> FakeChannel | None:
        """Return a conversation by ID, `name` or `#name`, or a direct one by `@handle`."""
        handle = reference.removeprefix("@")
        for channel in self.channels.values():
            names = {channel.id, channel.name, f"#{channel.name}"} if channel.name else {channel.id}
            is_with = channel.person and reference.startswith("@") and self.people[channel.person].name == handle
            if reference in names or is_with:
                return channel
        return None

    def visible(self, reference: str) -> FakeChannel:
        """Return a conversation that the app can see, or refuse."""
        found = self.find(reference)
        if found is None or (found.is_private and not found.is_member):
            raise Refusal("channel_not_found")
        return found

    def add_message(self, channel: FakeChannel, author: str, text: str, **extra: Any) -> dict[str, Any]:
        """Append a message; a reply increases the reply count of the first message of its thread."""
        parent = channel.message(extra["thread_ts"], error="thread_not_found") if extra.get("thread_ts") else None
        ts = f"{self._started}.{next(self._numbers):06d}"
        given = {key: value for key, value in extra.items() if value}
        channel.messages.append({"type": "message", "user": author, "text": text, "ts": ts, **given})
        if parent is not None:
            parent["thread_ts"] = parent["ts"]
            parent["reply_count"] = parent.get("reply_count", 0) + 1
        return channel.messages[-1]

    def _new_id(self, kind: str) -> str:
        return f"{kind}0FAKE{next(self._numbers):04d}"

    @staticmethod
    def _keep(store: dict[str, Item], item: Item) -> Item:
        store[item.id] = item
        return item


def page_of(items: list[dict[str, Any]], arguments: Mapping[str, Any], *, largest: int) -> tuple[list[Any], str]:
    """Return one page and the cursor of the next page, which is empty at the end."""
    start = _number(arguments.get("cursor") or 0, "invalid_cursor")
    size = _number(arguments.get("limit") or 100, "invalid_limit")
    if not 0 < size <= 1000:
        raise Refusal("invalid_limit")
    end = start + min(size, largest)
    return items[start:end], str(end) if end < len(items) else ""


def _number(value: object, error: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise Refusal(error) from None


def top_level(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the messages a channel shows: all but the replies that were not broadcast to it."""
    return (item for item in messages if item.get("thread_ts") in (None, item["ts"]) or item.get("subtype"))
