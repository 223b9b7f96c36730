"""Values between PostgreSQL, Python and JSON: what a type of Python cannot hold stays text, as the server wrote it."""

import json
import math
import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
import pydantic_core
from psycopg.adapt import Buffer, Loader
from psycopg.types import datetime as times
from psycopg.types.json import Json, Jsonb
from psycopg.types.numeric import FloatLoader, NumericLoader
from psycopg.types.string import TextLoader

# Days and hours are exact; a month has no fixed length, and an infinite interval no end.
_EXACT_INTERVAL = re.compile(rb"(?:[+-]?\d+ days? ?)?(?:[+-]?\d+:\d\d:\d\d(?:\.\d+)?)?")
_RANGES = tuple(
    f"{name}{kind}" for name in ("int4", "int8", "num", "date", "ts", "tstz") for kind in ("range", "multirange")
)
_JSON_TYPES: dict[int, Any] = {114: Json, 3802: Jsonb, 199: Json, 3807: Jsonb}
"""OIDs of json, jsonb and of arrays of them -> the wrapper of a value."""
_JSON_ARRAYS = frozenset({199, 3807})


def register_loaders(connection: psycopg.Connection[Any]) -> None:
    """Let a connection read every value of the common types, also one that Python's type cannot hold."""
    adapters = connection.adapters
    for name, loader in _TIMES.items():
        adapters.register_loader(name, loader)
    for name in ("json", "jsonb"):
        adapters.register_loader(name, _JsonLoader)
    for name in ("float4", "float8"):
        adapters.register_loader(name, _FiniteFloatLoader)
    adapters.register_loader("numeric", _FiniteNumericLoader)
    for name in _RANGES:
        adapters.register_loader(name, TextLoader)


def adapt_params(params: Sequence[Any], types: Sequence[int]) -> list[Any]:
    """Return parameters for psycopg; `types` are the OIDs that the server expects."""
    return [_adapt_param(value, oid) for value, oid in zip(params, types, strict=True)]


def is_container(value: Any) -> bool:
    """Tell whether a value can be an array or JSON, which only the statement decides."""
    return isinstance(value, list | tuple | dict)


def plain(value: Any) -> Any:
    """Return a value that JSON can represent; composite values become text."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if type(value).__module__.startswith("psycopg.") else value


def _adapt_param(value: Any, oid: int) -> Any:
    if not is_container(value):
        return value
    if oid in _JSON_ARRAYS and isinstance(value, list | tuple):
        return [_wrap_json(item, oid) for item in value]
    if oid in _JSON_TYPES or _holds_object(value):
        return _wrap_json(value, oid)
    return [_adapt_param(item, 0) for item in value]


def _holds_object(value: Any) -> bool:
    """Tell whether a value can only be JSON: an array of PostgreSQL has no objects."""
    return isinstance(value, dict) or (isinstance(value, list | tuple) and any(map(_holds_object, value)))


def _wrap_json(value: Any, oid: int) -> Any:
    return None if value is None else _JSON_TYPES.get(oid, Jsonb)(pydantic_core.to_jsonable_python(value))


def _read_number(text: str) -> float | str:
    """Return a JSON number as a float, or as it was written where a float would change it."""
    number = float(text)
    return number if math.isfinite(number) and Decimal(text) == Decimal(repr(number)) else text


_read_json = partial(json.loads, parse_float=_read_number)


class _JsonLoader(Loader):
    def load(self, data: Buffer) -> Any:
        return _read_json(bytes(data))


class _FiniteFloatLoader(FloatLoader):
    def load(self, data: Buffer) -> Any:
        value = super().load(data)
        return value if math.isfinite(value) else bytes(data).decode()


class _FiniteNumericLoader(NumericLoader):
    def load(self, data: Buffer) -> Any:
        value = super().load(data)
        return value if value.is_finite() else bytes(data).decode()


class _IntervalLoader(times.IntervalLoader):
    def load(self, data: Buffer) -> timedelta:
        if not _EXACT_INTERVAL.fullmatch(bytes(data)):
            raise ValueError("an interval without a fixed length")
        return super().load(data)


def _with_text(loader: type[Loader]) -> type[Loader]:
    """Return a loader that keeps the server's text where the given one fails."""

    class TextOtherwise(loader):  # type: ignore[misc,valid-type]  # the class is a parameter
        def load(self, data: Buffer) -> Any:
            try:
                return super().load(data)
            except (psycopg.Error, ValueError, OverflowError):
                return bytes(data).decode()

    return TextOtherwise


_TIMES = {
    "interval": _with_text(_IntervalLoader),
    "date": _with_text(times.DateLoader),
    "time": _with_text(times.TimeLoader),
    "timetz": _with_text(times.TimetzLoader),
    "timestamp": _with_text(times.TimestampLoader),
    "timestamptz": _with_text(times.TimestamptzLoader),
}
