"""Reading the answer of a token endpoint: pure, and suspicious of every field."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from wren_backend.connections.requirements import access_key, refresh_key
from wren_core.contract.spec import IntegrationSpec

# For a token that can be refreshed and does not say when it ends: most providers expect an hourly refresh.
DEFAULT_LIFETIME = timedelta(hours=1)
_LONGEST_LIFETIME = timedelta(days=3650)
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

    Some providers nest the token that acts as the user in `authed_user`; it is used where there is no other.

    Raises:
        TokenAnswerInvalid: there is no usable access token, or it has already ended.
    """
    nested = answer.get("authed_user")
    body = answer if answer.get("access_token") or not isinstance(nested, Mapping) else nested
    access = _token(body.get("access_token"))
    if access is None:
        raise TokenAnswerInvalid("the answer has no usable access_token")
    refresh = _token(body.get("refresh_token"))
    return TokenAnswer(
        access_token=access,
        refresh_token=refresh,
        expires_at=_expiry(body.get("expires_in"), refreshable=refresh is not None, now=now),
        scopes=read_scopes(body.get("scope"), scope_separator),
    )


def credential_values(spec: IntegrationSpec, answer: TokenAnswer) -> dict[str, str]:
    """Return the tokens as credential values by key; without a new refresh token the stored one stays."""
    values = {access_key(spec): answer.access_token}
    return values if answer.refresh_token is None else {**values, refresh_key(spec): answer.refresh_token}


def read_scopes(value: Any, separator: str) -> tuple[str, ...] | None:
    """Return the scopes of a `scope` field, each once; None where the field is absent."""
    if isinstance(value, str):
        value = re.split(rf"[\s{re.escape(separator)}]+" if separator.strip() else r"\s+", value)
    if not isinstance(value, list):
        return None
    return tuple(dict.fromkeys(str(scope) for scope in value if scope))


def _token(value: Any) -> str | None:
    fits = isinstance(value, str) and len(value) <= _LONGEST_TOKEN and _TOKEN_FORM.fullmatch(value)
    return value if fits else None


def _expiry(expires_in: Any, *, refreshable: bool, now: datetime) -> datetime | None:
    if expires_in is None:
        return now + DEFAULT_LIFETIME if refreshable else None
    seconds = _seconds(expires_in)
    if seconds is None or seconds <= 0:
        if refreshable:
            return now + DEFAULT_LIFETIME
        raise TokenAnswerInvalid("the answer's expires_in is no positive number of seconds")
    return now + timedelta(seconds=min(seconds, _LONGEST_LIFETIME.total_seconds()))


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None
