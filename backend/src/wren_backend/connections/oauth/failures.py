"""How a provider's endpoint can fail, by who can act: a person, the operator, or a later attempt.

The messages are safe to show: they hold no token and nothing of the answer but its status and error code.
"""


class ProviderFailed(Exception):
    """The endpoint did not do what was asked."""


class GrantDead(ProviderFailed):
    """The code or refresh token is no longer valid; only a person can get another."""


class GrantRefused(ProviderFailed):
    """The endpoint read the request and said no, in words that name no known reason."""


class ClientRefused(ProviderFailed):
    """The provider refuses Wren's own client id or secret; the operator must check them."""


class Unauthorized(GrantRefused):
    """A 401 that does not say whether it is the client or the token that is refused."""


class ProviderUnavailable(ProviderFailed):
    """No usable answer; the same request may work later."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
