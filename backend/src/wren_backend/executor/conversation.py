"""The channel of one run: the job goes in, frames come out, requests are answered."""

import selectors
import socket
from collections.abc import Callable, Mapping
from typing import Any

from wren_backend.executor.frames import (
    CallFrame,
    ErrorFrame,
    Frame,
    FrameReader,
    MetadataFrame,
    ProtocolViolation,
    RequestFrame,
    ResultFrame,
    encode_job,
)
from wren_backend.executor.masking import Masker
from wren_backend.executor.outbox import Outbox
from wren_backend.executor.port import Call
from wren_backend.executor.request_server import RequestServer, ServeRequest
from wren_backend.executor.storable import storable_json

OnCall = Callable[[Call], None]
Answer = ResultFrame | ErrorFrame | MetadataFrame

_READ_BYTES = 65536
_KEPT_CALLS = 1000


class Conversation:
    """Owns the channel; everything it keeps is masked and storable.

    Raises from `on_readable`:
        ProtocolViolation: the script tampered with the channel.
    """

    def __init__(
        self,
        channel: socket.socket,
        *,
        serve_request: ServeRequest,
        on_call: OnCall,
        masker: Masker,
        correlation_id: str,
    ) -> None:
        self.answer: Answer | None = None
        self.calls: list[Call] = []
        self.calls_dropped = 0
        self._channel = channel
        self._on_call = on_call
        self._masker = masker
        self._reader = FrameReader()
        self._outbox = Outbox()
        self._server = RequestServer(serve_request, self._outbox.put, masker=masker, correlation_id=correlation_id)
        self._selector: selectors.BaseSelector | None = None

    def open(self, selector: selectors.BaseSelector, job: Mapping[str, Any]) -> None:
        """Send the job and take part in the loop of `selector`, whose keys carry their handlers."""
        self._channel.setblocking(False)
        self._selector = selector
        selector.register(self._channel, selectors.EVENT_READ, self._on_channel)
        selector.register(self._outbox.wake, selectors.EVENT_READ, self._on_wake)
        self._outbox.put(encode_job(job))

    def leave_loop(self) -> None:
        """Hear nothing more."""
        if self._selector is None:
            return
        for member in (self._channel, self._outbox.wake):
            if member in self._selector.get_map():
                self._selector.unregister(member)

    def close(self) -> None:
        """Leave the loop and answer nothing more."""
        self._server.close()
        self.leave_loop()
        self._outbox.close()
        self._channel.close()

    def _on_wake(self, _events: int) -> None:
        if self._outbox.take_wake() and self._is_in_loop():
            self._listen_for(selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _on_channel(self, events: int) -> None:
        if events & selectors.EVENT_WRITE and not self._outbox.write_to(self._channel):
            self._listen_for(selectors.EVENT_READ)
        if events & selectors.EVENT_READ:
            self._read()

    def _read(self) -> None:
        try:
            data = self._channel.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.leave_loop()
            return
        for frame in self._reader.feed(data):
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, CallFrame):
            self._take_call(frame)
        elif isinstance(frame, RequestFrame):
            if not self._server.submit(frame.model_copy(update=self._clean(frame))):
                raise ProtocolViolation("too many requests wait for an answer")
        elif self.answer is not None:
            raise ProtocolViolation("a second answer")
        else:
            self.answer = type(frame).model_validate(self._clean(frame))

    def _take_call(self, frame: CallFrame) -> None:
        call = Call(**{name: value for name, value in self._clean(frame).items() if name != "frame"})
        if len(self.calls) < _KEPT_CALLS:
            self.calls.append(call)
        else:
            self.calls_dropped += 1
        self._on_call(call)

    def _clean(self, frame: Frame) -> dict[str, Any]:
        fields: dict[str, Any] = storable_json(self._masker.mask_json(frame.model_dump()))
        return fields

    def _is_in_loop(self) -> bool:
        return self._selector is not None and self._channel in self._selector.get_map()

    def _listen_for(self, events: int) -> None:
        if self._selector is not None:
            self._selector.modify(self._channel, events, self._on_channel)
