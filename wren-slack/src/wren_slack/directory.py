"""Look up IDs by name: `#general`, `general`, `@alice`, an e-mail address.

Each instance reads the listings once, page by page, and again only for a name that is not in them.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from wren_core import InvalidInput, NotFound
from wren_core.json_pointer import find_or_none
from wren_core.nearest import list_nearest
from wren_slack.records import User

# IDs are upper case and names never are, so they cannot be confused.
_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{7,}")
_USER_ID = re.compile(r"[UW][A-Z0-9]{7,}")
_MENTION = re.compile(r"<[#@]([A-Z0-9]+)(?:\|[^>]*)?>")
_PAGE = 200


class Directory:
    """The channels and people of one workspace, by name.

    Args:
        client: returns the current client; called every time, because a renewed connection has a new client.
    """

    def __init__(self, client: Callable[[], Any]) -> None:
        self._client = client
        self._channels: dict[str, str] = {}
        self._people: list[User] = []
        self._direct: dict[str, str] = {}

    def channel_id(self, reference: str) -> str:
        """Return the ID of a channel, or of the direct conversation with a person.

        Raises:
            NotFound: suggests the nearest names.
        """
        text = _strip_mention(reference)
        if _CHANNEL_ID.fullmatch(text):
            return text
        if text.startswith("@") or _USER_ID.fullmatch(text):
            return self._direct_id(text if _USER_ID.fullmatch(text) else self.user(text).id)
        return self._find_channel(text.removeprefix("#").lower())

    def user(self, reference: str) -> User:
        """Return the person or app with that ID, handle, name or e-mail address.

        Raises:
            NotFound: suggests the nearest handles.
            InvalidInput: several people share the name.
        """
        wanted = _strip_mention(reference).removeprefix("@").lower()
        found = _find_users(self._people, wanted)
        if not found:
            self._people = self.users()
            found = _find_users(self._people, wanted)
        if not found:
            raise _not_found(f"@{wanted}", [f"@{user.name}" for user in self._people])
        if len(found) > 1:
            candidates = {user.id: f"@{user.name} ({user.real_name})" for user in found}
            shown = ", ".join(f"{user_id} {name}" for user_id, name in candidates.items())
            raise InvalidInput(f"{reference!r} is ambiguous: {shown}; pass an ID", details={"candidates": candidates})
        return found[0]

    def users(self) -> list[User]:
        """List all people and apps that are not deactivated."""
        client = self._client()
        raw = client.pages(client.users_list, "members", limit=_PAGE)
        return [User.from_slack(item) for item in raw if not find_or_none(item, "/deleted")]

    def _find_channel(self, name: str) -> str:
        # Public channels first, so that a connection without access to private channels finds them.
        for kind in ("public_channel", "private_channel"):
            if name not in self._channels:
                client = self._client()
                listed = client.pages(client.conversations_list, "channels", types=kind, limit=_PAGE)
                found = [(find_or_none(item, "/name"), find_or_none(item, "/id")) for item in listed]
                self._channels.update((name, key) for name, key in found if isinstance(name, str) and key)
        if name not in self._channels:
            raise _not_found(f"#{name}", [f"#{known}" for known in self._channels])
        return self._channels[name]

    def _direct_id(self, user_id: str) -> str:
        if user_id not in self._direct:
            answer = self._client().conversations_open(users=user_id).data
            self._direct[user_id] = find_or_none(answer, "/channel/id") or user_id
        return self._direct[user_id]


def _strip_mention(reference: str) -> str:
    mention = _MENTION.fullmatch(reference.strip())
    return mention[1] if mention else reference.strip()


def _find_users(users: Iterable[User], wanted: str) -> list[User]:
    """Return the people with this ID, handle or address, which are unique, or else with this display name."""
    unique = [user for user in users if wanted in _lower(user.id, user.name, user.email)]
    return unique or [user for user in users if wanted in _lower(user.display_name, user.real_name)]


def _lower(*names: str | None) -> list[str]:
    """Return names in lower case; Slack may omit any of them."""
    return [str(name).lower() for name in names if name]


def _not_found(name: str, known: Iterable[str]) -> NotFound:
    nearest = list_nearest(name, known, similarity=0.5)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else "a private channel must invite the app first"
    return NotFound(f"the app cannot see {name} in Slack; {hint}", details={"name": name, "nearest": nearest})
