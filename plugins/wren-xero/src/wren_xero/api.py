"""Xero's accounting API: the organisation in a header, names in Pascal case, errors inside the objects they concern."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from pydantic.alias_generators import to_snake

from wren_core import RateLimited, Record, Rejected, UserFacingConfigError, WrenError
from wren_core.http_client import Answer, HttpClient
from wren_core.http_status import parse_retry_after
from wren_core.json_pointer import find_list, find_or_none

R = TypeVar("R", bound=Record)

ONLY = "only"  # instead of a tenant id, if exactly one organisation is connected
_PAGE = 100
_EXACT = {"unitdp": 4}  # Xero rounds prices to two decimal places unless this requests four
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


class XeroApi:
    """A client for one organisation, or for the `ONLY` one. The class of a record selects the kind of object."""

    def __init__(self, base_url: str, token: str, *, tenant_id: str) -> None:
        headers = {"accept": "application/json"}
        self._http = HttpClient(base_url, integration="xero", token=token, headers=headers, verdict=verdict)
        self._tenant_id = tenant_id
        self.close = self._http.close

    def tenants(self) -> dict[str, str]:
        """Read the names of the connected organisations by their id."""
        found = self._http.get("/connections")
        listed = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
        return {str(item["tenantId"]): str(item.get("tenantName") or "") for item in listed if item.get("tenantId")}

    def read(self, record: type[R], key: str = "", **query: Any) -> list[R]:
        """Read a page of objects."""
        return _records(self._get(record, key, **query), record)

    def read_one(self, record: type[R], key: str) -> R:
        """Read one object."""
        return _first(self.read(record, key), record)

    def pages(self, record: type[R], limit: int, **query: Any) -> list[R]:
        """Read up to `limit` objects of a kind, page by page."""
        found: list[R] = []
        page, last = 0, 1
        while page < last and len(found) < limit:
            page += 1
            answer = self._get(record, page=page, pageSize=_PAGE, **query)
            found += _records(answer, record)
            pages = find_or_none(answer.json(), "/pagination/pageCount")
            last = pages if isinstance(pages, int) else page
        return found[:limit]

    def write(self, record: type[R], values: dict[str, Any], key: str = "", *, is_bare: bool = False) -> R:
        """Create an object, or change the one with that key; a repeated request has no further effect at Xero."""
        body = to_xero(values if is_bare else {f"{record.__name__}s": [values]})
        sent = {"json": body, "query": _EXACT, "headers": self._headers, "key_header": "Idempotency-Key"}
        return _first(_records(self._http.request("POST" if key else "PUT", _at(record, key), **sent), record), record)

    def _get(self, record: type[R], key: str = "", **query: Any) -> Answer:
        return self._http.request("GET", _at(record, key), query={**query, **_EXACT}, headers=self._headers)

    @cached_property
    def _headers(self) -> dict[str, str]:
        connected = self.tenants() if self._tenant_id == ONLY else {self._tenant_id: ""}
        if len(connected) == 1:
            return {"xero-tenant-id": next(iter(connected))}
        listing = ", ".join(f"{key} ({name})" for key, name in connected.items()) or "none"
        raise UserFacingConfigError(f"tenant_id must name one of the connected organisations: {listing}")


def to_python(value: Any) -> Any:
    """Convert Xero's JSON: names to snake case, `InvoiceID` to `invoice_id`, and dates to ISO dates."""
    if isinstance(value, dict):
        return {to_snake(name): to_python(item) for name, item in value.items()}
    if isinstance(value, str) and (found := _DATE.fullmatch(value)):
        return _read_date(value, int(found[1]))
    return [to_python(item) for item in value] if isinstance(value, list) else value


def _read_date(value: str, milliseconds: int) -> str:
    """Return an ISO date; one that Python cannot hold stays as Xero wrote it."""
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).date().isoformat()
    except OverflowError:
        return value


def to_xero(value: Any) -> Any:
    """Convert values to Xero's JSON; None is omitted."""
    if isinstance(value, Record):
        value = value.model_dump()
    if isinstance(value, dict):
        return {_pascal(name): to_xero(item) for name, item in value.items() if item is not None}
    if isinstance(value, Decimal):
        return float(value)  # exact: no amount has more than fifteen digits
    if isinstance(value, date):
        return value.isoformat()
    return [to_xero(item) for item in value] if isinstance(value, list | tuple) else value


def verdict(answer: Answer) -> WrenError | None:
    """Return the error for a response whose status alone does not explain it."""
    status, limit = answer.status_code, answer.headers.get("x-rate-limit-problem", "some")
    if status == 429:
        return RateLimited(
            f"xero: too many requests, {limit} limit", parse_retry_after(answer.headers.get("retry-after"))
        )
    if status == 401 and "AuthorizationUnsuccessful" in answer.text:
        message = f"the connection lacks a scope for {answer.request}; run `wren connect xero` and grant it"
        return UserFacingConfigError(message, code="OAUTH_SCOPE_MISSING")
    if status == 403:
        message = "xero: tenant_id is not a connected organisation; list_tenants() lists them"
        return UserFacingConfigError(message, code="TENANT_NOT_CONNECTED")
    faults = _validation_errors(answer) if status == 400 else []
    message = f"xero refused {answer.request}: {'; '.join(faults)}"
    return Rejected(message, details={"validation_errors": faults}) if faults else None


def _validation_errors(answer: Answer) -> list[str]:
    try:
        elements = find_list(answer.json(), "/Elements")
    except WrenError:
        return []
    faults = [find_or_none(fault, "/Message") for item in elements for fault in find_list(item, "/ValidationErrors")]
    return list(dict.fromkeys(str(fault) for fault in faults if fault))


def _at(record: type[Record], key: str = "") -> str:
    return f"/api.xro/2.0/{record.__name__}s/{key}".rstrip("/")


def _records(answer: Answer, record: type[R]) -> list[R]:
    items = find_list(answer.json(parse_float=Decimal), f"/{record.__name__}s")
    return [record.of_answer(to_python(item)) for item in items]


def _first(found: list[R], record: type[R]) -> R:
    """Return the object that a request is about; one without values where the answer has none."""
    return found[0] if found else record.of_answer(None)


def _pascal(name: str) -> str:
    parts = ("ID" if part == "id" else part.capitalize() for part in name.split("_"))
    return name if name[0].isupper() else "".join(parts)
