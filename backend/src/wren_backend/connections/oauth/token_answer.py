"""Reading the answer of a token endpoint: pure, and suspicious of every field."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from wren_backend.connections.requirements import access_key, refresh_key
from wren_core.contract.spec import IntegrationSpec

# For a token that can be refreshed and does not say when it ends: most providers expect an hourly refresh.
DEFAULT_LIFETIME = timedelta(hours=1)
_LONGEST_LIFETIME = timedelta(days=3650)
# Larger than any lifetime in seconds (31 years), smaller than any present moment in seconds since 1970.
_FIRST_MOMENT = 1e9
_NESTS = ("authed_user", "data", "token", "result")
_SCOPES = ("scope", "scopes")
_LONGEST_TOKEN = 16_384
# Visible ASCII characters only: what is allowed in an Authorization header (RFC 6750) and in an environment variable.
_TOKEN_FORM = re.compile(r"[\x21-\x7e]+")


class TokenAnswerInvalid(Exception):
    """The answer claims success but holds no usable token; the message gives the reason and quotes nothing."""


@dataclass(frozen=True, kw_only=True)
class TokenAnswer:
    """The tokens in a successful answer, with their lifetime and scopes."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    """None for a token that does not expire."""
    scopes: tuple[str, ...] | None = None
    """As granted; None where the answer does not say, which means as asked for (RFC 6749, 5.1)."""


def read_token_answer(answer: Mapping[str, Any], *, scope_separator: str, now: datetime) -> TokenAnswer:
    """Return the tokens in a successful answer.

    Some providers nest the token that acts as the user in `authed_user`, or every field in `data`; a nested one is used
    where there is no other.

    Raises:
        TokenAnswerInvalid: there is no usable access token, or it has already ended.
    """
    body = _find_tokens(answer)
    access = _token(body.get("access_token"))
    if access is None:
        raise TokenAnswerInvalid("the answer has no usable access_token")
    refresh = _token(body.get("refresh_token"))
    return TokenAnswer(
        access_token=access,
        refresh_token=refresh,
        expires_at=_expiry(_lifetime(body, now), refreshable=refresh is not None, now=now),
        scopes=read_scopes(next((body[key] for key in _SCOPES if key in body), None), scope_separator),
    )


def holds_token(answer: Mapping[str, Any]) -> bool:
    """Tell whether there is an access token in the answer, usable or not."""
    return bool(_find_tokens(answer).get("access_token"))


def credential_values(spec: IntegrationSpec, answer: TokenAnswer) -> dict[str, str]:
    """Return the tokens as credential values by key; without a new refresh token the stored one stays."""
    values = {access_key(spec): answer.access_token}
    return values if answer.refresh_token is None else {**values, refresh_key(spec): answer.refresh_token}


def read_scopes(value: Any, separator: str) -> tuple[str, ...] | None:
    """Return the scopes of a `scope` field, each once; None where the field is absent."""
    if isinstance(value, str):
        # Some ask for scopes with spaces and answer with commas.
        parts = re.split(rf"[\s{re.escape(separator.strip())}]+", value.strip())
        value = [part.strip(",") for part in parts] if len(parts) > 1 else value.split(",")
    if not isinstance(value, list):
        return None
    return tuple(dict.fromkeys(str(scope) for scope in value if scope))


def _token(value: Any) -> str | None:
    fits = isinstance(value, str) and len(value) <= _LONGEST_TOKEN and _TOKEN_FORM.fullmatch(value)
    return value if fits else None


def _find_tokens(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    if answer.get("access_token"):
        return answer
    nested = (answer.get(key) for key in _NESTS)
    return next((item for item in nested if isinstance(item, Mapping) and item.get("access_token")), answer)


def _lifetime(body: Mapping[str, Any], now: datetime) -> float | None:
    """Return the seconds until the token ends, by whichever name the provider uses; None where it does not say."""
    for key in ("expires_in_sec", "expires_in", "expires", "expires_at", "expires_on", "expiry"):
        seconds = _seconds(body.get(key), now=now)
        if seconds is not None:
            return seconds
    return None


def _expiry(seconds: float | None, *, refreshable: bool, now: datetime) -> datetime | None:
    if seconds is None or (seconds <= 0 and refreshable):
        return now + DEFAULT_LIFETIME if refreshable else None
    if seconds <= 0:
        raise TokenAnswerInvalid("the answer says that its token has ended already")
    return now + timedelta(seconds=min(seconds, _LONGEST_LIFETIME.total_seconds()))


def _seconds(value: Any, *, now: datetime) -> float | None:
    """Return the seconds from now on; what is too large for a lifetime is a moment since 1970, in s or ms."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _seconds_until(value, now)
    if not math.isfinite(number):
        return None
    if number < _FIRST_MOMENT:
        return number
    return (number / 1000 if number >= _FIRST_MOMENT * 100 else number) - now.timestamp()


def _seconds_until(value: Any, now: datetime) -> float | None:
    try:
        moment = datetime.fromisoformat(value.strip())
    except (AttributeError, ValueError):
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
