"""A streamed answer: text in pieces, and the whole `Completion` at the end."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from wren_core.ai.dialect import CompletionRequest, Reply
from wren_core.ai.metering import Meter
from wren_core.ai.pricing import usd
from wren_core.ai.records import Completion, Usage
from wren_core.ai.refusals import AnswerLost
from wren_core.ai.tokens import estimate_input, estimate_tokens
from wren_core.errors import AgentFixableError, Unavailable, WrenError

CANCELLED = "CANCELLED"
"""Outcome of a stream that its reader closed before the end."""


class StreamUnfinished(AgentFixableError):
    """The completion of a stream was read before its last piece."""

    code = "STREAM_UNFINISHED"


@dataclass(frozen=True, kw_only=True)
class StreamOwner:
    """The functions of the integration that a stream uses."""

    open: Callable[[CompletionRequest], Iterator[str | Usage | Reply]]
    """Starts the answer; raises the verdicts of the provider."""
    error_of: Callable[[Exception], WrenError]
    """Turns any exception of the dialect into an error that a host can show."""
    on_end: Callable[[float, str], None]
    """Called at the end with the milliseconds, and `ok` or the code of the error."""


class CompletionStream:
    """Yields the pieces of one answer, once. Leave it early with `close()`, or use it in a `with` block.

    Example:
        with ai.stream("Tell me a story") as pieces:
            for piece in pieces:
                print(piece, end="", flush=True)
        print(pieces.completion.cost_usd)
    """

    def __init__(self, request: CompletionRequest, meter: Meter, owner: StreamOwner) -> None:
        self._request = request
        self._meter = meter
        self._owner = owner
        self._usage = Usage()
        self._texts: list[str] = []
        self._completion: Completion | None = None
        self._pieces = self._run()

    @property
    def completion(self) -> Completion:
        """The whole answer with its usage and cost.

        Raises:
            StreamUnfinished: the last piece has not been read.
        """
        if self._completion is None:
            raise StreamUnfinished("the answer has not ended yet; read all of its pieces first")
        return self._completion

    def close(self) -> None:
        """Stop reading, and report the usage so far."""
        self._pieces.close()

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _run(self) -> Generator[str, None, None]:
        started, outcome = time.perf_counter(), CANCELLED
        try:
            self._meter.allow()
            yield from self._read()
            outcome = "ok"
        except GeneratorExit:
            self._charge_part(outcome)
            raise
        except Exception as exc:
            error = self._owner.error_of(exc)
            outcome = error.code
            self._charge_part(outcome, is_lost=isinstance(exc, AnswerLost))
            raise error from exc
        finally:
            self._owner.on_end(round((time.perf_counter() - started) * 1000, 3), outcome)

    def _read(self) -> Generator[str, None, None]:
        parts = self._owner.open(self._request)
        try:
            for part in parts:
                if isinstance(part, str):
                    self._texts.append(part)
                    yield part
                elif isinstance(part, Usage):
                    self._usage = part
                else:
                    self._completion = completed(self._request, part, self._meter)
                    return
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        raise Unavailable(f"{self._meter.integration} ended its answer too early")

    def _charge_part(self, outcome: str, *, is_lost: bool = False) -> None:
        """Report the known usage: what the provider reported, the text that was read, the input that was sent."""
        if self._completion is not None or not (self._texts or self._usage.input_tokens or is_lost):
            return
        read = estimate_tokens("".join(self._texts))
        told = self._usage
        used = told.model_copy(
            update={
                "input_tokens": told.input_tokens or estimate_input(self._request),
                "output_tokens": max(told.output_tokens, read),
                "is_estimated": True,
            }
        )
        with suppress(WrenError):  # the reader must get the reason for the end, not the failed report of its cost
            self._meter.charge(used, outcome=outcome)


def completed(request: CompletionRequest, reply: Reply, meter: Meter) -> Completion:
    """Report the cost of a reply and return the completion."""
    return Completion(
        text=reply.text,
        model=request.model.id,
        stop_reason=reply.stop_reason,
        usage=reply.usage,
        cost_usd=usd(meter.charge(reply.usage)),
        tool_calls=list(reply.tool_calls),
        blocks=[dict(block) for block in reply.blocks],
    )
