"""A provider's token, revocation and userinfo endpoints: authlib's client, within Wren's limits."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx2
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # authlib ships no types
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]  # authlib ships no types
from authlib.oauth2.rfc6749 import OAuth2Token  # type: ignore[import-untyped]  # authlib ships no types

from wren_backend.connections.oauth.provider_http import TIMEOUT, BoundedTransport
from wren_backend.connections.oauth.providers import Provider
from wren_core.http_status import parse_retry_after

_Answer = TypeVar("_Answer")

# Error codes of an invalid grant: the one of RFC 6749, and those of dialects.
_DEAD_GRANT = frozenset(
    {"invalid_grant", "invalid_refresh_token", "bad_refresh_token", "token_revoked", "token_expired", "invalid_code"}
)
_BAD_CLIENT = frozenset({"invalid_client", "unauthorized_client", "invalid_client_id", "bad_client_secret"})
# Temporary failures that some providers report in the body of a 200 or 400.
_TEMPORARY = frozenset({"server_error", "temporarily_unavailable", "ratelimited", "rate_limited", "slow_down"})
_LONGEST_CODE = 60


class ProviderFailed(Exception):
    """The endpoint did not do what was asked.

    The message is safe to show: it holds no token and nothing of the answer but its status and error code.
    """


class GrantDead(ProviderFailed):
    """The code or refresh token is no longer valid; only a person can get another."""


class ClientRefused(ProviderFailed):
    """The provider refuses Wren's own client id or secret; the operator must check them."""


class ProviderUnavailable(ProviderFailed):
    """No usable answer; the same request may work later."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TokenEndpoint:
    """Exchanges codes, refreshes and revokes tokens. Thread-safe; holds no lock and no transaction."""

    def __init__(self, transport: BoundedTransport | None = None) -> None:
        self._transport = transport or BoundedTransport()

    def exchange(self, provider: Provider, *, code: str, code_verifier: str, redirect_uri: str) -> dict[str, Any]:
        """Return the answer to an authorization code.

        Raises:
            ProviderFailed: the subclass says who can act: a person, the operator, or a later attempt.
        """
        client = self._client(provider)
        return _translate_errors(
            lambda: client.fetch_token(
                provider.token_url,
                grant_type="authorization_code",
                code=code,
                code_verifier=code_verifier,
                redirect_uri=redirect_uri,
            )
        )

    def refresh(self, provider: Provider, refresh_token: str) -> dict[str, Any]:
        """Return the answer to a refresh token. Raises as `exchange` does."""
        client = self._client(provider)
        return _translate_errors(lambda: client.refresh_token(provider.token_url, refresh_token=refresh_token))

    def revoke(self, provider: Provider, token: str) -> None:
        """Revoke a token at the provider. Raises as `exchange` does."""
        if provider.revoke_url is None:
            raise ProviderFailed(f"{provider.name} has no revocation endpoint")
        client = self._client(provider)
        # The bearer header is for dialects that revoke the token they are called with.
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Bearer {token}"}
        response = _translate_errors(lambda: client.revoke_token(provider.revoke_url, token=token, headers=headers))
        if response.status_code >= 300 or response.content.strip():
            _read_success(response)

    def userinfo(self, provider: Provider, access_token: str) -> dict[str, Any]:
        """Return the claims about the token's user. Raises as `exchange` does."""
        if provider.userinfo_url is None:
            raise ProviderFailed(f"{provider.name} has no userinfo endpoint")
        url, headers = provider.userinfo_url, {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        with httpx2.Client(transport=self._transport, timeout=TIMEOUT) as client:
            return _read_success(_translate_errors(lambda: client.get(url, headers=headers)))

    def dispose(self) -> None:
        """Close the connections; at the end of the process."""
        self._transport.dispose()

    def _client(self, provider: Provider) -> "_Client":
        # In the body, not as basic auth: every provider takes that, while some take nothing else.
        method = "client_secret_post" if provider.client_secret else "none"
        return _Client(
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            transport=self._transport,
            timeout=TIMEOUT,
            follow_redirects=False,
        )


class _Token(OAuth2Token):  # type: ignore[misc]  # authlib ships no types
    """The answer as received: authlib fails on an `expires_in` that is not a number, and uses its own clock."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        dict.__init__(self, params)


class _Client(OAuth2Client):  # type: ignore[misc]  # authlib ships no types
    def parse_response_token(self, resp: httpx2.Response) -> dict[str, Any]:
        self.token = _Token(_read_success(resp))
        return dict(self.token)


def _translate_errors(call: Callable[[], _Answer]) -> _Answer:
    try:
        return call()
    except (httpx2.TransportError, httpx2.InvalidURL) as exc:
        raise ProviderUnavailable(f"the provider did not answer ({type(exc).__name__})") from exc
    except AuthlibBaseError as exc:
        raise ProviderFailed(f"the request could not be made ({type(exc).__name__})") from exc


def _read_success(response: httpx2.Response) -> dict[str, Any]:
    """Return the JSON object of a success; some dialects answer 200 with `ok: false` or with an `error`."""
    status = response.status_code
    if status >= 500 or status in {408, 425, 429}:
        retry_after = parse_retry_after(response.headers.get("retry-after"))
        raise ProviderUnavailable(f"the provider answered {status}", retry_after=retry_after)
    body = _read_json_object(response)
    if status >= 300 or body.get("ok") is False or body.get("error"):
        raise _make_failure(status, body)
    return body


def _read_json_object(response: httpx2.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ProviderUnavailable(f"the provider answered {response.status_code} with something that is not JSON")
    return body


def _make_failure(status: int, body: Mapping[str, Any]) -> ProviderFailed:
    code = safe_code(body.get("error"))
    message = f"the provider answered {status}: {code or 'no error code'}"
    if code in _DEAD_GRANT:
        return GrantDead(message)
    if code in _BAD_CLIENT:
        return ClientRefused(message)
    return ProviderUnavailable(message) if code in _TEMPORARY else ProviderFailed(message)


def safe_code(value: Any) -> str | None:
    """Return an error code of a provider where it is safe to show, else None."""
    fits = isinstance(value, str) and 0 < len(value) <= _LONGEST_CODE and value.replace("_", "").isascii()
    return value if fits and value.replace("_", "").replace("-", "").isalnum() else None
