"""A run's live log: one sequence of lines and states, across reconnects."""

from collections.abc import Iterator
from dataclasses import dataclass

from httpx2 import ServerSentEvent
from pydantic import ValidationError

from wren.api.records import ApiLogLine, ApiRun
from wren.api.transport import AnswerInvalid, Transport
from wren_core.errors import WrenError

# Connections in a row that brought nothing new; a server that restarts is back before they are used up.
MAX_FRUITLESS_CONNECTIONS = 8
# For a server that has never answered: a mistyped address must be reported soon.
_MAX_FIRST_CONNECTIONS = 2


def follow_run(transport: Transport, path: str, *, after: int | None = None) -> Iterator[ApiLogLine | ApiRun]:
    """Yield what a run prints and each change of its state until the server says that it ended.

    After a broken connection it continues from the last line seen, so no line is lost or repeated.

    Raises:
        ServerUnreachable: the server stayed away.
        WrenError: the server refused.
    """
    cursor = _Cursor(last_seq=after)
    fruitless = 0
    while True:
        seen = cursor.events
        try:
            yield from cursor.read(transport, path)
            if cursor.is_ended:
                return
            failure: WrenError = transport.unreachable_error("the event stream ended before the run did")
        except WrenError as exc:
            if not exc.can_retry:
                raise
            failure = exc
        fruitless = 1 if cursor.events > seen else fruitless + 1
        if fruitless > (MAX_FRUITLESS_CONNECTIONS if transport.has_answered else _MAX_FIRST_CONNECTIONS):
            raise failure
        transport.pause(fruitless)


@dataclass(kw_only=True)
class _Cursor:
    """How far the log was read."""

    last_seq: int | None
    events: int = 0
    is_ended: bool = False

    def read(self, transport: Transport, path: str) -> Iterator[ApiLogLine | ApiRun]:
        """Read one connection from where the one before it stopped."""
        with transport.open_events(path, last_event_id=None if self.last_seq is None else str(self.last_seq)) as source:
            for event in source:
                self.events += 1
                if event.event == "end":
                    self.is_ended = True
                    return
                item = _parse_event(event)
                if item is not None and self._is_new(item):
                    yield item

    def _is_new(self, item: ApiLogLine | ApiRun) -> bool:
        if isinstance(item, ApiRun):
            return True
        if self.last_seq is not None and item.seq <= self.last_seq:
            return False
        self.last_seq = item.seq
        return True


def _parse_event(event: ServerSentEvent) -> ApiLogLine | ApiRun | None:
    shapes: dict[str, type[ApiLogLine] | type[ApiRun]] = {"log": ApiLogLine, "status": ApiRun}
    shape = shapes.get(event.event)
    if shape is None:
        return None  # a kind a newer server added
    try:
        return shape.model_validate_json(event.data)
    except ValidationError as exc:
        raise AnswerInvalid(f"the server sent an event {event.event!r} that cannot be read; update wren-sdk") from exc
