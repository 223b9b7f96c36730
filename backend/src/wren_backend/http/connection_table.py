"""Open connections: how many there may be, and which one is closed to make room for a new one.

Connections that carry no request with a valid key are closed first: the oldest, of the address that has the most. So
silent connections, however many, keep no client out. Where all carry one, the workspace that has the most gives way.
"""

from typing import Protocol

# A workspace with less than this part of all connections loses none to a new one.
_FAIR_PART = 8


class ClosableConnection(Protocol):
    """One connection, as the table sees it."""

    @property
    def address(self) -> str:
        """Where it comes from."""
        ...

    def abort(self) -> None:
        """Close it now."""
        ...


class ConnectionTable:
    """The connections of one process; used by its event loop alone.

    Args:
        most: open at once.
        most_of_address: of one address, those without a valid key.
        most_of_workspace: of one workspace, those with one.
    """

    def __init__(self, *, most: int, most_of_address: int, most_of_workspace: int) -> None:
        self._most = most
        self._most_of_address = most_of_address
        self._most_of_workspace = most_of_workspace
        self._strangers = _Groups()
        self._trusted = _Groups()

    def __len__(self) -> int:
        return len(self._strangers) + len(self._trusted)

    def add(self, connection: ClosableConnection) -> bool:
        """Admit a new connection, which may close another; False where there is no room and none can be closed."""
        if self._strangers.size(connection.address) >= self._most_of_address:
            self._strangers.pop_oldest(connection.address).abort()
        elif len(self) >= self._most and not self._make_room():
            return False
        self._strangers.add(connection.address, connection)
        return True

    def trust(self, connection: ClosableConnection, owner: str) -> bool:
        """Keep a connection from being closed for a silent one; False where the owner has too many already.

        Args:
            connection: carries a complete head with a key.
            owner: the workspace of the key; the address, as long as the key is not checked.
        """
        if connection not in self._strangers and connection not in self._trusted:  # closed meanwhile
            return True
        if self._trusted.size(owner) >= self._most_of_workspace:
            return False
        self.remove(connection)
        self._trusted.add(owner, connection)
        return True

    def distrust(self, connection: ClosableConnection) -> None:
        """Let a connection be closed again: its request is answered or refused."""
        if connection in self._trusted:
            self._trusted.remove(connection)
            self._strangers.add(connection.address, connection)

    def remove(self, connection: ClosableConnection) -> None:
        """Forget a connection that is closed."""
        self._strangers.remove(connection)
        self._trusted.remove(connection)

    def _make_room(self) -> bool:
        if len(self._strangers):
            self._strangers.pop_oldest(self._strangers.largest()).abort()
            return True
        largest = self._trusted.largest()
        if self._trusted.size(largest) * _FAIR_PART <= self._most:
            return False
        self._trusted.pop_oldest(largest).abort()
        return True


class _Groups:
    """Connections by the name of their owner, the oldest of each first."""

    def __init__(self) -> None:
        self._members: dict[str, dict[ClosableConnection, None]] = {}
        self._owners: dict[ClosableConnection, str] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def __contains__(self, connection: ClosableConnection) -> bool:
        return connection in self._owners

    def size(self, owner: str) -> int:
        return len(self._members.get(owner, ()))

    def largest(self) -> str:
        return max(self._members, key=self.size)

    def add(self, owner: str, connection: ClosableConnection) -> None:
        self._members.setdefault(owner, {})[connection] = None
        self._owners[connection] = owner

    def remove(self, connection: ClosableConnection) -> None:
        owner = self._owners.pop(connection, None)
        if owner is not None:
            del self._members[owner][connection]
            if not self._members[owner]:
                del self._members[owner]

    def pop_oldest(self, owner: str) -> ClosableConnection:
        oldest = next(iter(self._members[owner]))
        self.remove(oldest)
        return oldest
