"""From a refusal or a lost answer of a model's provider to an error, for every client library."""

from wren_core.errors import Rejected, Unavailable, UserFacingConfigError, WrenError
from wren_core.http_status import verdict_for_status, was_never_sent


class AnswerLost(Unavailable):
    """A request was sent and no complete answer arrived: the provider may still charge for its input."""


def broken_off(exc: Exception, message: str) -> Unavailable:
    """Return the error for a connection that failed: AnswerLost, unless its cause shows that nothing was sent."""
    return Unavailable(message, nothing_done=True) if was_never_sent(exc) else AnswerLost(message)


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
        status: the HTTP status, 400 or more; for an error in the middle of a stream, the equivalent status.
        message: who refused what, in the provider's words.
        integration: name to connect again.
        billing_url: where a person pays the provider.
        is_about_money: the account has no credit left; a 402 always means that.
        retry_after: the header.
    """
    if is_about_money or status == 402:
        return UserFacingConfigError(message, code="PROVIDER_BILLING", action_url=billing_url)
    if status == 403:
        hint = "The API key lacks the permission; use another one or change its permissions"
        return UserFacingConfigError(f"{message}. {hint}", code="PERMISSION_DENIED")
    if status == 401:
        message += f". Connect it again with a valid key: `wren connect {integration} --again`"
    error = verdict_for_status(status, message=message, retry_after=retry_after) or Rejected(message)
    if isinstance(error, Unavailable):
        error.nothing_done = True  # a provider of models does not charge for an answer that is an error
    return error
