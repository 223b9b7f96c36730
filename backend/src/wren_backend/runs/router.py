"""Runs over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from wren_backend.http.auth import CurrentSubject, StillAuthenticated
from wren_backend.http.wire import ANSWERS_OF_API, Cursor, documented
from wren_backend.runs.models import RunLog, RunStatus
from wren_backend.runs.schemas import LogLineRead, LogList, RunDetail, RunList, RunRead
from wren_backend.runs.service import RunService
from wren_backend.runs.stream import LogStreams

router = APIRouter(prefix="/v1", tags=["runs"], responses=ANSWERS_OF_API)


_OTHER_LOGS = {
    "text/plain": {"schema": {"type": "string"}, "example": "collecting\n12 messages sent\n"},
    "text/event-stream": {
        "schema": {"type": "string", "description": "`log` for each line, `status` for each change, then `end`"},
        "example": 'id: 1\nevent: log\ndata: {"seq":1,"stream":"stdout","text":"collecting","at":"..."}\n\n',
    },
}
# The largest line number that the column holds.
_MAX_LINE = 2**31 - 1


async def run_service(request: Request) -> RunService:
    """Return the service of this app."""
    service: RunService = request.app.state.services.runs
    return service


async def log_streams(request: Request) -> LogStreams:
    """Return the streams of this app."""
    streams: LogStreams = request.app.state.services.log_streams
    return streams


Runs = Annotated[RunService, Depends(run_service)]
Streams = Annotated[LogStreams, Depends(log_streams)]
RunId = Annotated[str, Path(description="Id of the run", examples=["run_2QyPnVdZ8mC1"])]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows of one page")]


@router.get("/runs", operation_id="list_runs", summary="List the runs of the workspace, newest first")
def list_runs(
    subject: CurrentSubject,
    service: Runs,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[RunStatus | None, Query(description="Only runs with this status")] = None,
) -> RunList:
    """Return one page of the runs of all deployments, undeployed ones included."""
    found, following = service.list_page(subject, status=status, limit=limit, cursor=cursor)
    return RunList(runs=[RunRead.of(run) for run in found], next_cursor=following)


@router.get("/runs/{run_id}", operation_id="get_run", summary="Show one run", responses=documented(403, 404))
def get_run(run_id: RunId, subject: CurrentSubject, service: Runs) -> RunDetail:
    """Return a run with its result or error, the calls it made and what models cost it."""
    return RunDetail.from_parts(*service.get(subject, run_id))


@router.post("/runs/{run_id}/cancel", operation_id="cancel_run", summary="Stop a run", responses=documented(403, 404))
def cancel_run(run_id: RunId, subject: CurrentSubject, service: Runs) -> RunRead:
    """Cancel a queued run, or ask a running one to stop within seconds; a finished one does not change."""
    return RunRead.of(service.cancel(subject, run_id))


@router.get(
    "/runs/{run_id}/logs",
    operation_id="get_run_logs",
    summary="Read a run's log: JSON, text, or a live event stream, by the Accept header",
    response_model=LogList,
    responses={200: {"content": _OTHER_LOGS}, **documented(403, 404)},
)
async def get_run_logs(
    run_id: RunId,
    subject: CurrentSubject,
    service: Runs,
    streams: Streams,
    still_authenticated: StillAuthenticated,
    accept: Annotated[
        str, Header(description="`application/json`, `text/plain` or `text/event-stream`")
    ] = "application/json",
    last_event_id: Annotated[str | None, Header(description="Last line of a broken stream; wins over `after`")] = None,
    after: Annotated[int, Query(ge=0, le=_MAX_LINE, description="Number of the last line already read")] = 0,
) -> Response | LogList:
    """Return lines after `after`; a stream ends with the run."""
    if "text/event-stream" in accept:
        start = _line_number(last_event_id, otherwise=after)
        run = await run_in_threadpool(service.find, subject, run_id)  # a missing run is a 404, not an empty stream
        key = subject.key_id or ""
        return EventSourceResponse(streams.follow(subject, run, after=start, key=key, is_allowed=still_authenticated))
    if "text/plain" in accept:
        return PlainTextResponse(await run_in_threadpool(_read_text, service, subject, run_id, after))
    _, lines = await run_in_threadpool(service.logs, subject, run_id, after=after)
    return LogList(run_id=run_id, logs=[LogLineRead.of(line) for line in lines], next_seq=_last_number(lines, after))


def _line_number(text: str | None, *, otherwise: int) -> int:
    """Return the line after which an event stream continues; an id of another form is ignored."""
    is_number = text is not None and text.isascii() and text.isdecimal() and len(text) < len(str(_MAX_LINE))
    return int(text) if text and is_number else otherwise


def _read_text(service: RunService, subject: CurrentSubject, run_id: str, after: int) -> str:
    texts: list[str] = []
    while True:
        _, lines = service.logs(subject, run_id, after=after)
        if not lines:
            return "".join(f"{text}\n" for text in texts)
        texts.extend(line.text for line in lines)
        after = _last_number(lines, after)


def _last_number(lines: list[RunLog], after: int) -> int:
    return lines[-1].seq if lines else after
