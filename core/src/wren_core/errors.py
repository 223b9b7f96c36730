"""Every failure Wren knows, as one tree.

    WrenError
    |-- AgentFixableError            the script or its arguments are wrong: the message says what and where
    |   |-- InvalidInput             an argument does not fit (author verdict)
    |   |-- NotFound                 the provider has no such thing (author verdict)
    |   |-- Rejected                 the provider understood the request and refused it (author verdict)
    |   |-- IntegrationUnknown       no installed distribution offers this integration
    |   |-- MethodUnknown            the integration has no such method
    |   |-- ConfigInvalid            `.init(...)` got a value that its config schema refuses
    |   `-- DefinitionInvalid        a definition of an integration does not fit its shape
    |-- TransientError               nothing is wrong with the call: the same call can work later
    |   |-- RateLimited              too many requests; try again after `retry_after` seconds (author verdict)
    |   `-- Unavailable              the provider is down or too slow (author verdict)
    |-- UserFacingConfigError        a person must act: connect, consent, install, pay
    |   |-- AuthFailed               the provider refused the credential (author verdict)
    |   |-- CredentialMissing        no credential is stored or set for the integration
    |   |-- ConnectionUnknown        the user has no connection with the alias that the script names
    |   `-- PluginFailed             the plugin is installed but could not be loaded
    `-- InternalError                a fault of Wren or of a plugin: logged in full, shown only with a correlation id
        |-- OutputInvalid            a method returned what its own output schema refuses
        `-- HostUnavailable          the method needs a host service and runs without a host

The class alone tells a host what to do; the message tells a reader what happened and the next step.

The wire form has three types. A TransientError is sent as `AgentFixableError` with `can_retry` true: the reader is the
same, the script or the agent that made the call.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

ErrorType = Literal["AgentFixableError", "UserFacingConfigError", "InternalError"]


class WrenError(Exception):
    """One failure with its code, its audience and its next step.

    Args:
        message: what happened and what to do about it; never holds a secret.
        code: stable upper-case identifier; by default that of the class.
        action_url: page where a person can fix it.
        docs_url: page that explains it.
        retry_after_ms: milliseconds after which a retry makes sense.
        details: JSON values that help to fix it (pointer, expected, got, nearest ...).
    """

    type: ClassVar[ErrorType] = "InternalError"
    code: str = "INTERNAL"
    can_retry: bool = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        action_url: str | None = None,
        docs_url: str | None = None,
        retry_after_ms: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.action_url = action_url
        self.docs_url = docs_url
        self.retry_after_ms = retry_after_ms
        self.details: dict[str, Any] = dict(details or {})

    def to_wire(self, correlation_id: str | None = None) -> dict[str, Any]:
        """Return the error object of the wire form; optional keys are left out when they are empty."""
        wire: dict[str, Any] = {"type": self.type, "code": self.code, "message": self.message}
        optional = {
            "action_url": self.action_url,
            "docs_url": self.docs_url,
            "correlation_id": correlation_id,
            "retry_after_ms": self.retry_after_ms,
            "details": dict(self.details) or None,
        }
        wire.update({key: value for key, value in optional.items() if value is not None})
        wire["can_retry"] = self.can_retry
        return wire

    def hide(self, secrets: Iterable[str]) -> None:
        """Replace each of `secrets` by `***` in the message and the details."""
        for secret in secrets:
            self.message = self.message.replace(secret, "***")
            self.details = {key: _mask(value, secret) for key, value in self.details.items()}
        self.args = (self.message,)


class AgentFixableError(WrenError):
    """The script or its arguments are wrong; their author can fix them."""

    type = "AgentFixableError"
    code = "AGENT_FIXABLE"


class TransientError(WrenError):
    """A temporary failure: nothing is wrong with the call, and the same call can work later.

    `can_retry` is true for the class. Where a method that writes fails with it, `execution.call` says that the request
    may have been carried out and sets `can_retry` to False, unless the error says `nothing_done`.

    Args:
        message: what happened.
        retry_after: seconds to wait, from the provider; None where it names none.
        nothing_done: the provider certainly did nothing that a repeated request would double: it was not reached, it
            refused, or it only reads. None for what the class says.
    """

    type = "AgentFixableError"
    code = "TRANSIENT_FAILURE"
    can_retry = True
    nothing_done: bool = False

    def __init__(
        self, message: str, retry_after: float | None = None, *, nothing_done: bool | None = None, **extra: Any
    ) -> None:
        extra.setdefault("retry_after_ms", milliseconds(retry_after))
        super().__init__(message, **extra)
        if nothing_done is not None:
            self.nothing_done = nothing_done

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait; None where the provider names none."""
        return None if self.retry_after_ms is None else self.retry_after_ms / 1000


class UserFacingConfigError(WrenError):
    """A person must act before this can work."""

    type = "UserFacingConfigError"
    code = "CONFIGURATION_REQUIRED"


class InternalError(WrenError):
    """Wren or a plugin has a fault; the caller cannot fix it."""

    type = "InternalError"
    code = "INTERNAL"


class InvalidInput(AgentFixableError):
    """An argument does not fit; `details` names the JSON pointer, the expected and the given value."""

    code = "INVALID_INPUT"


class NotFound(AgentFixableError):
    """The provider has no object of that name or id."""

    code = "NOT_FOUND"


class Rejected(AgentFixableError):
    """The provider understood the request and refused it."""

    code = "REJECTED"


class RateLimited(TransientError):
    """The provider asks for a pause; it refused the request and did nothing."""

    code = "RATE_LIMITED"
    nothing_done = True


class Unavailable(TransientError):
    """The provider is down, unreachable or too slow."""

    code = "PROVIDER_UNAVAILABLE"


class IntegrationUnknown(AgentFixableError):
    """No installed distribution offers this integration."""

    code = "INTEGRATION_UNKNOWN"


class MethodUnknown(AgentFixableError):
    """The integration has no method of that id."""

    code = "METHOD_UNKNOWN"


class ConfigInvalid(AgentFixableError):
    """A configuration value is unknown, mistyped or missing; `details` names the field."""

    code = "CONFIG_INVALID"


class DefinitionInvalid(AgentFixableError):
    """A definition of an integration cannot be read; `details` names the pointer, the reason and the nearest key."""

    code = "DEFINITION_INVALID"


class AuthFailed(UserFacingConfigError):
    """The provider refused the credential.

    Raise it only when the refused request changed nothing: a host may renew the credential and call the
    method once more.
    """

    code = "AUTH_FAILED"
    renewed: bool = False
    """A host already tried to renew the credential for this refusal; no other host may try again."""


class CredentialMissing(UserFacingConfigError):
    """No credential is stored or set for the integration; connect it first."""

    code = "CREDENTIAL_MISSING"


class ConnectionUnknown(UserFacingConfigError):
    """The user has no connection with that alias; `details` lists the aliases there are."""

    code = "CONNECTION_UNKNOWN"


class PluginFailed(UserFacingConfigError):
    """The plugin is installed but could not be loaded; the message says why."""

    code = "PLUGIN_FAILED"


class OutputInvalid(InternalError):
    """A method returned a value that its own output schema refuses: a fault of the plugin."""

    code = "OUTPUT_INVALID"


class HostUnavailable(InternalError):
    """The method needs a service of a host (an inbox, say) and runs without one."""

    code = "HOST_UNAVAILABLE"


_BY_TYPE: dict[str, type[WrenError]] = {
    "AgentFixableError": AgentFixableError,
    "UserFacingConfigError": UserFacingConfigError,
    "InternalError": InternalError,
}
_BY_CODE: dict[str, type[WrenError]] = {
    cls.code: cls
    for cls in (
        *(InvalidInput, NotFound, Rejected, IntegrationUnknown, MethodUnknown, ConfigInvalid, DefinitionInvalid),
        *(TransientError, RateLimited, Unavailable, AuthFailed, CredentialMissing, ConnectionUnknown, PluginFailed),
        *(OutputInvalid, HostUnavailable),
    )
}


def error_from_wire(body: Mapping[str, Any]) -> WrenError:
    """Rebuild an error from its wire form.

    Any body gives an error. A field that is missing or of a wrong type is left out. An unknown code, or one that
    belongs to another type, gives the base class of the body's `type`: TransientError where an AgentFixableError says
    `can_retry`.
    """
    code, retry_after_ms = body.get("code"), body.get("retry_after_ms")
    base = _base_class(body)
    known = _BY_CODE.get(code) if isinstance(code, str) else None
    cls = known if known and (base is None or known.type == base.type) else base or InternalError
    error = cls(
        _read_text(body.get("message")) or "",
        code=_read_text(code),
        action_url=_read_text(body.get("action_url")),
        docs_url=_read_text(body.get("docs_url")),
        retry_after_ms=retry_after_ms if isinstance(retry_after_ms, int) and retry_after_ms >= 0 else None,
        details=body["details"] if isinstance(body.get("details"), Mapping) else None,
    )
    error.can_retry = bool(body.get("can_retry", cls.can_retry))
    return error


def milliseconds(seconds: float | None) -> int | None:
    """Return a pause in milliseconds; None where there is no pause, or the number is not finite."""
    if seconds is None or not math.isfinite(seconds):
        return None
    return round(max(0.0, seconds) * 1000)


def _base_class(body: Mapping[str, Any]) -> type[WrenError] | None:
    kind = body.get("type")
    if not isinstance(kind, str):
        return None
    if kind == TransientError.type and body.get("can_retry"):
        return TransientError
    return _BY_TYPE.get(kind, InternalError)


def _read_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _mask(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, "***")
    if isinstance(value, Mapping):
        return {key: _mask(item, secret) for key, item in value.items()}
    return [_mask(item, secret) for item in value] if isinstance(value, list | tuple) else value
