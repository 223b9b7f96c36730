"""The provider's account behind a connection, read from a token answer or a userinfo answer."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LONGEST_LABEL = 200


@dataclass(frozen=True, kw_only=True)
class ProviderAccount:
    """The provider's account behind a connection."""

    id: str | None = None
    """The provider's own identifier, to notice a reconnect to another account."""
    label: str | None = None
    """How a person recognises it."""

    @property
    def is_known(self) -> bool:
        """Tell whether anything identifies it."""
        return self.id is not None or self.label is not None

    def differs_from(self, other: "ProviderAccount") -> bool:
        """Tell whether the two are certainly not the same account."""
        if self.id is not None and other.id is not None:
            return self.id != other.id
        return self.label is not None and other.label is not None and self.label != other.label


def account_of_token(answer: Mapping[str, Any]) -> ProviderAccount:
    """Return the account a token answer names: in an OpenID id_token, or in the nested objects team and user."""
    claims = _read_id_token(answer.get("id_token"))
    if claims:
        return account_of_userinfo(claims)
    team, user = _read_mapping(answer.get("team")), _read_mapping(answer.get("authed_user"))
    if not team:
        return ProviderAccount()
    # Where the token acts as the user, two users of a team are two accounts; a bot is the same for both.
    acts_as_user = "access_token" not in answer and bool(user.get("id"))
    owner = f"{team.get('id')}/{user.get('id')}" if acts_as_user else team.get("id")
    return ProviderAccount(id=_read_text(owner), label=_read_text(team.get("name")))


def account_of_userinfo(claims: Mapping[str, Any]) -> ProviderAccount:
    """Return the account that OpenID claims, or a userinfo answer like them, describe."""
    return ProviderAccount(
        id=_first_text(claims, ("sub", "id", "user_id")),
        label=_first_text(claims, ("email", "login", "preferred_username", "name")),
    )


def _read_id_token(token: Any) -> Mapping[str, Any]:
    # Not verified: it comes straight from the token endpoint (OpenID Connect Core 3.1.3.7, 6), and decides only the
    # label a person sees and whether the account changed.
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        return {}
    try:
        return _read_mapping(json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))))
    except (binascii.Error, ValueError, RecursionError):
        return {}


def _read_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _first_text(claims: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := _read_text(claims.get(name)))), None)


def _read_text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    printable = "".join(char for char in str(value) if char.isprintable()).strip()
    return printable[:_LONGEST_LABEL] or None
