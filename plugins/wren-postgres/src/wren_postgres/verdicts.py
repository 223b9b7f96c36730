"""Convert PostgreSQL's errors to errors that say who can fix them, by SQLSTATE, which is not localised."""

import re

import psycopg

from wren_core import AuthFailed, InvalidInput, Rejected, Unavailable, UserFacingConfigError, WrenError

# The longest matching prefix of the SQLSTATE decides: https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_STATE: dict[str, type[WrenError]] = {
    **dict.fromkeys(("40", "53", "55P03", "58"), Unavailable),
    **dict.fromkeys(("", "08P01", "21", "22", "26", "34", "3D", "3F", "42"), InvalidInput),
    "28": AuthFailed,
    "42501": Rejected,
}
_STEPS = {
    "": "cast it to text, which Python can represent",
    "25006": "query() only reads; execute() changes data if the connection allows it",
    "42P01": "postgres.tables() lists the tables",
    "42703": "postgres.describe(table) lists the columns",
}
_UNKNOWN = "40003"  # statement_completion_unknown
_BROKEN = frozenset({"", "08000", "08003", "08006"})
# While connecting, libpq passes on only the server's message.
_REFUSED = re.compile(r"authentication failed|password|role .* does not exist|not permitted to log in|pg_hba")
_MISCONFIGURED = re.compile(r"database .* does not exist|SSL|certificate|sslmode")


def verdict(exc: psycopg.Error, *, seconds: int, wrote: bool) -> WrenError:
    """Return the error for psycopg's exception; `wrote`: a change was in progress and may have been made."""
    state, message = exc.sqlstate or "", exc.diag.message_primary or " ".join(str(exc).split())
    if isinstance(exc, psycopg.OperationalError) and (state in _BROKEN or state[:3] == "57P"):
        return Unavailable(f"the connection broke during the change: {message}") if wrote else _connect_error(message)
    position = exc.diag.statement_position
    details = {"sqlstate": state, "position": int(position) if position else None, "hint": exc.diag.message_hint}
    if state == "57014":
        text = f"the statement took longer than {seconds} s; narrow it, or raise statement_timeout_seconds"
        return Rejected(text, code="STATEMENT_TIMEOUT", details=details)
    place = f" (at character {position})" if position else ""
    more = filter(None, [exc.diag.message_detail, exc.diag.message_hint, _STEPS.get(state)])
    known = [_BY_STATE[prefix] for prefix in (state[:5], state[:3], state[:2]) if prefix in _BY_STATE]
    error = (known or [Rejected])[0]("; ".join([f"PostgreSQL: {message}{place}", *more]), details=details)
    if isinstance(error, Unavailable):
        error.nothing_done = state != _UNKNOWN  # the transaction of a statement that failed is rolled back
    return error


def _connect_error(message: str) -> WrenError:
    if _MISCONFIGURED.search(message):
        return UserFacingConfigError(f"{message}; correct the configuration", code="CONNECTION_MISCONFIGURED")
    if _REFUSED.search(message):
        return AuthFailed(f"{message}; run `wren connect postgres`")
    return Unavailable(message, nothing_done=True)
