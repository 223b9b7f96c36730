"""What a refusal or a silence of a model's provider means, whatever library it came through."""

from wren_core.errors import Rejected, Unavailable, UserFacingConfigError, WrenError
from wren_core.http_status import verdict_for_status

# What HTTP libraries raise where a request never left this machine.
_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})


class AnswerLost(Unavailable):
    """A request was sent and no whole answer came: the provider may charge what it read all the same."""


def broken_off(exc: Exception, message: str) -> Unavailable:
    """Return the error for a connection that failed: AnswerLost, unless its cause says that nothing was sent."""
    return Unavailable(message) if type(exc.__cause__).__name__ in _NEVER_SENT else AnswerLost(message)


def refusal(
    status: int,
    message: str,
    *,
    integration: str,
    billing_url: str,
    is_about_money: bool = False,
    retry_after: str | None = None,
) -> WrenError:
    """Return the error for an answer that refuses.

    Args:
        status: the HTTP status, 400 or more; what it would have been, for an error in the middle of a stream.
        message: who refused what, as the provider said it.
        integration: name to connect again.
        billing_url: where a person pays the provider.
        is_about_money: the account has no credit left; a 402 says so by itself.
        retry_after: the header.
    """
    if is_about_money or status == 402:
        return UserFacingConfigError(message, code="PROVIDER_BILLING", action_url=billing_url)
    if status == 403:
        hint = "The API key may not do this; use another one or change its rights"
        return UserFacingConfigError(f"{message}. {hint}", code="PERMISSION_DENIED")
    if status == 401:
        message += f". Connect it again with a valid key: `wren connect {integration} --again`"
    return verdict_for_status(status, message=message, retry_after=retry_after) or Rejected(message)
