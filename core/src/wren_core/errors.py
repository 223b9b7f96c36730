"""Every failure Wren knows, as one tree.

    WrenError
    |-- AgentFixableError            the script or its arguments are wrong: the message says what and where
    |   |-- InvalidInput             an argument does not fit (author verdict)
    |   |-- NotFound                 the provider has no such thing (author verdict)
    |   |-- Rejected                 the provider understood and refused (author verdict)
    |   |-- RateLimited              too many requests; try again after `retry_after` seconds (author verdict)
    |   |-- Unavailable              the provider is down or too slow; try again later (author verdict)
    |   |-- IntegrationUnknown       no installed distribution offers this integration
    |   |-- MethodUnknown            the integration has no such method
    |   |-- ConfigInvalid            `.init(...)` got a value that its config schema refuses
    |   `-- DefinitionInvalid        a definition of an integration does not fit its shape
    |-- UserFacingConfigError        a person must act: connect, consent, install, pay
    |   |-- AuthFailed               the provider refused the credential (author verdict)
    |   |-- CredentialMissing        no credential is stored or set for the integration
    |   `-- PluginFailed             the plugin is installed but could not be loaded
    `-- InternalError                ours: logged in full, shown only with a correlation id
        |-- OutputInvalid            a method returned what its own output schema refuses
        `-- HostUnavailable          the method needs a host service and runs without a host

The class alone tells a host what to do; the message tells a reader what happened and the next step.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

ErrorType = Literal["AgentFixableError", "UserFacingConfigError", "InternalError"]


class WrenError(Exception):
    """Carry one failure with its code, its audience and its next step.

    Args:
        message: what happened and what to do about it; never holds a secret.
        code: stable upper-case identifier; the class's own where left out.
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
        """Replace every one of `secrets` by `***` in the message and the details."""
        for secret in secrets:
            self.message = self.message.replace(secret, "***")
            self.details = {key: _without(value, secret) for key, value in self.details.items()}
        self.args = (self.message,)


class AgentFixableError(WrenError):
    """The script or its arguments are wrong; whoever wrote them can fix it."""

    type = "AgentFixableError"
    code = "AGENT_FIXABLE"


class UserFacingConfigError(WrenError):
    """A person must act before this can work."""

    type = "UserFacingConfigError"
    code = "CONFIGURATION_REQUIRED"


class InternalError(WrenError):
    """Something of ours failed; a retry by the caller cannot help."""

    type = "InternalError"
    code = "INTERNAL"


class InvalidInput(AgentFixableError):
    """An argument does not fit; `details` names the JSON pointer, what was expected and what was got."""

    code = "INVALID_INPUT"


class NotFound(AgentFixableError):
    """The provider has no object of that name or id."""

    code = "NOT_FOUND"


class Rejected(AgentFixableError):
    """The provider understood the request and refused it."""

    code = "REJECTED"


class RateLimited(AgentFixableError):
    """The provider asks for a pause.

    Args:
        message: what was limited.
        retry_after: seconds to wait, as the provider said; None where it did not say.
    """

    code = "RATE_LIMITED"
    can_retry = True

    def __init__(self, message: str, retry_after: float | None = None, **extra: Any) -> None:
        extra.setdefault("retry_after_ms", milliseconds(retry_after))
        super().__init__(message, **extra)

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait; None where the provider did not say."""
        return None if self.retry_after_ms is None else self.retry_after_ms / 1000


class Unavailable(AgentFixableError):
    """The provider is down, unreachable or too slow; nothing is wrong with the call."""

    code = "PROVIDER_UNAVAILABLE"
    can_retry = True


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
    """A renewal was tried for this refusal already; whoever else sees it must not try again."""


class CredentialMissing(UserFacingConfigError):
    """No credential is stored or set for the integration; connect it first."""

    code = "CREDENTIAL_MISSING"


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
        *(InvalidInput, NotFound, Rejected, RateLimited, Unavailable, IntegrationUnknown, MethodUnknown),
        *(ConfigInvalid, DefinitionInvalid, AuthFailed, CredentialMissing, PluginFailed),
        *(OutputInvalid, HostUnavailable),
    )
}


def error_from_wire(body: Mapping[str, Any]) -> WrenError:
    """Rebuild an error from its wire form.

    Whatever the other side sent gives an error: what is missing or of a wrong type is left out, and an unknown code,
    or one that belongs to another type, keeps the class of its `type`.
    """
    code, kind, retry_after_ms = body.get("code"), body.get("type"), body.get("retry_after_ms")
    by_type = _BY_TYPE.get(kind, InternalError) if isinstance(kind, str) else None
    by_code = _BY_CODE.get(code) if isinstance(code, str) else None
    cls = by_code if by_code and (by_type is None or issubclass(by_code, by_type)) else by_type or InternalError
    error = cls(
        _text(body.get("message")) or "",
        code=_text(code),
        action_url=_text(body.get("action_url")),
        docs_url=_text(body.get("docs_url")),
        retry_after_ms=retry_after_ms if isinstance(retry_after_ms, int) and retry_after_ms >= 0 else None,
        details=body["details"] if isinstance(body.get("details"), Mapping) else None,
    )
    error.can_retry = bool(body.get("can_retry", cls.can_retry))
    return error


def milliseconds(seconds: float | None) -> int | None:
    """Return a pause in milliseconds; None for none, and for one that is no number of seconds."""
    if seconds is None or not math.isfinite(seconds):
        return None
    return round(max(0.0, seconds) * 1000)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _without(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, "***")
    if isinstance(value, Mapping):
        return {key: _without(item, secret) for key, item in value.items()}
    return [_without(item, secret) for item in value] if isinstance(value, list | tuple) else value
