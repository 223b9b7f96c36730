"""Logs of the backend itself: one JSON object a line, with the correlation id of the request or run."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog
from asgi_correlation_id import correlation_id

from wren_backend.repeated_logs import WINDOW_SECONDS, RepeatFilter, Repeats, drop_repeats
from wren_core.terminal import escape_controls

LogFormat = Literal["json", "console"]


def configure_logging(*, level: str, log_format: LogFormat) -> None:
    """Send structlog and the standard library's loggers to stderr in one format. Called once, by `main`."""
    repeats = Repeats(_report_repeats)
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_correlation_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.types.Processor = structlog.processors.JSONRenderer()
    if log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=False)
        shared.append(_escape_values)
    structlog.configure(
        processors=[drop_repeats(repeats), *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    handler.addFilter(RepeatFilter(repeats))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx2", "httpcore2", "apscheduler", "alembic", "uvicorn.access"):
        # Access logs carry query strings (OAuth codes); the others repeat what Wren logs itself.
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _report_repeats(event: str, code: str, times: int) -> None:
    structlog.get_logger(__name__).error("outage.repeated", of=event, code=code, times=times, seconds=WINDOW_SECONDS)


def _escape_values(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Escape what could change a terminal: values come from plugins, scripts and clients. JSON escapes them itself."""
    return {name: escape_controls(value) if isinstance(value, str) else value for name, value in event.items()}


def _add_correlation_id(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    current = correlation_id.get()
    if current and "correlation_id" not in event:
        event["correlation_id"] = current
    return event
