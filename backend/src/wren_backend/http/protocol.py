"""The HTTP protocol of the server: uvicorn's, with total times and a table of connections."""

import asyncio
import logging
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from wren_backend.http.connection_table import ConnectionTable
from wren_backend.http.limits import HttpLimits

_REFUSAL = b'{"error":{"type":"InternalError","code":"SERVER_BUSY","message":"too many connections; try again later"}}'
_NO_ROOM = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\nRetry-After: 5\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_REFUSAL), _REFUSAL)
)


class LimitedProtocol(H11Protocol):
    """One connection. Make a class for a server with `limited_protocol`."""

    table: ClassVar[ConnectionTable]
    limits: ClassVar[HttpLimits]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, "connection": self}  # the guard finds it in the scope
        # Errors alone: a line for each malformed request would let strangers fill the log.
        self.logger = logging.getLogger("uvicorn.error.http")
        self.address = ""
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Admit the connection, or answer that there is no room."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if not self.table.add(self):
            transport.write(_NO_ROOM)
            transport.close()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Free what the connection held."""
        self.table.remove(self)
        self._stop(self._head_timer)
        self._stop(self._write_timer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head has one total time, however its bytes come."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._await_head()

    def handle_events(self) -> None:
        """Act on what has arrived."""
        super().handle_events()
        if self.conn.their_state is not h11.IDLE:
            self._stop(self._head_timer)
            self._head_timer = None

    def on_response_complete(self) -> None:
        """Let the connection wait for its next request."""
        self.table.distrust(self)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Give a client that does not read the rest of its time."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.limits.answer_time.total_seconds(), self.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        self._stop(self._write_timer)
        super().resume_writing()

    def trust(self, owner: str) -> bool:
        """Note whose request this is; False where the owner has too many connections."""
        return self.table.trust(self, owner)

    def distrust(self) -> None:
        """Note that the request is refused."""
        self.table.distrust(self)

    def abort(self) -> None:
        """Close the connection now, whatever waits to be written."""
        self.transport.abort()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.limits.head_time.total_seconds(), self.abort)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the request is served as if it had not asked."""

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


def limited_protocol(limits: HttpLimits) -> type[LimitedProtocol]:
    """Return the protocol class of one server."""
    logging.getLogger("uvicorn.error.http").setLevel(logging.ERROR)
    table = ConnectionTable(
        most=limits.connections,
        most_of_address=limits.connections_per_address,
        most_of_workspace=limits.connections_per_workspace,
    )
    return type("ServerProtocol", (LimitedProtocol,), {"table": table, "limits": limits})
