"""The errors of using a connection, each with the page where a person can fix it."""

from collections.abc import Sequence
from dataclasses import dataclass

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.errors import (
    ConnectionAmbiguous,
    ConnectionNeedsReauth,
    IntegrationNotConfigured,
    ScopeMissing,
    TokenExpired,
)
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import ConnectionUnknown, Unavailable


@dataclass(frozen=True, kw_only=True)
class Problems:
    """Makes the errors of one integration."""

    spec: IntegrationSpec
    addresses: Addresses

    def not_configured(self, *, user_id: str = "") -> IntegrationNotConfigured:
        """There is no connection."""
        name = self.spec.name
        return IntegrationNotConfigured(
            f"{self.spec.display_name} is not connected; run `wren connect {name}` or open the page in action_url",
            action_url=self.addresses.setup(self.spec, user_id=user_id),
            docs_url=self.addresses.docs(self.spec),
            details={"integration": name},
        )

    def incomplete(self, missing: Sequence[str], *, user_id: str = "") -> IntegrationNotConfigured:
        """The connection lacks a required credential."""
        return IntegrationNotConfigured(
            f"{self.spec.display_name} is connected without {', '.join(missing)}; connect it again",
            action_url=self.addresses.setup(self.spec, user_id=user_id),
            docs_url=self.addresses.docs(self.spec),
            details={"integration": self.spec.name, "missing": list(missing)},
        )

    def ambiguous(self, aliases: Sequence[str]) -> ConnectionAmbiguous:
        """Several connections fit."""
        return ConnectionAmbiguous(
            f"{self.spec.name} has several connections ({', '.join(aliases)}) and none of them is called 'default'; "
            "rename the one to use to 'default'",
            details={"integration": self.spec.name, "aliases": list(aliases)},
        )

    def unknown_alias(self, alias: str, aliases: Sequence[str], *, user_id: str = "") -> ConnectionUnknown:
        """No connection has the alias that a script names."""
        name, known = self.spec.name, f"there are {', '.join(aliases)}" if aliases else "there are none"
        return ConnectionUnknown(
            f"{self.spec.display_name} has no connection {alias!r} ({known}); "
            f"run `wren connect {name} --alias {alias}` or open the page in action_url",
            action_url=self.addresses.setup(self.spec, user_id=user_id),
            docs_url=self.addresses.docs(self.spec),
            details={"integration": name, "alias": alias, "aliases": list(aliases)},
        )

    def needs_reauth(self, alias: str, reason: str) -> ConnectionNeedsReauth:
        """The provider no longer accepts what is stored."""
        return ConnectionNeedsReauth(
            f"{self.spec.display_name} ({alias}) must be authorised again: {reason}",
            action_url=self.addresses.reauthorize(self.spec.name),
            docs_url=self.addresses.docs(self.spec),
            details={"integration": self.spec.name, "alias": alias},
        )

    def token_expired(self, alias: str) -> TokenExpired:
        """The token ended, and there is no refresh token."""
        return TokenExpired(
            f"the access to {self.spec.display_name} ({alias}) has ended and cannot be refreshed; authorise it again",
            action_url=self.addresses.reauthorize(self.spec.name),
            docs_url=self.addresses.docs(self.spec),
            details={"integration": self.spec.name, "alias": alias},
        )

    def scope_missing(self, alias: str, missing: Sequence[str]) -> ScopeMissing:
        """The person granted less than the integration needs."""
        return ScopeMissing(
            f"{self.spec.display_name} ({alias}) was not granted {', '.join(missing)}; "
            "authorise it again and accept what it asks for",
            action_url=self.addresses.reauthorize(self.spec.name),
            docs_url=self.addresses.docs(self.spec),
            details={"integration": self.spec.name, "alias": alias, "missing": list(missing)},
        )

    def refresh_failed(self, alias: str, reason: str, *, retry_after_ms: int | None) -> Unavailable:
        """The token has ended, and the refresh failed for a temporary reason."""
        return Unavailable(
            f"the access to {self.spec.display_name} ({alias}) has ended and could not be refreshed yet: {reason}",
            retry_after_ms=retry_after_ms,
            details={"integration": self.spec.name, "alias": alias},
        )
