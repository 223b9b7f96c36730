"""A provider's token, revocation and userinfo endpoints, within Wren's limits."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from wren_backend.connections.oauth.answer_body import read_fields
from wren_backend.connections.oauth.client_auth import KnownMethods, make_proof
from wren_backend.connections.oauth.failures import (
    ClientRefused,
    GrantDead,
    GrantRefused,
    ProviderFailed,
    ProviderUnavailable,
    Unauthorized,
)
from wren_backend.connections.oauth.provider_http import DEADLINE, TIMEOUT, BoundedTransport
from wren_backend.connections.oauth.providers import Provider
from wren_backend.connections.oauth.refusals import is_failure, make_failure
from wren_backend.connections.oauth.token_answer import holds_token
from wren_core.http_status import parse_retry_after

_BUSY = frozenset({408, 425, 429})


class TokenEndpoint:
    """Exchanges codes, refreshes and revokes tokens. Thread-safe; holds no lock and no transaction."""

    def __init__(self, transport: BoundedTransport | None = None) -> None:
        self._transport = transport or BoundedTransport()
        self._methods = KnownMethods()

    def exchange(self, provider: Provider, *, code: str, code_verifier: str, redirect_uri: str) -> dict[str, Any]:
        """Return the answer to an authorization code.

        Raises:
            ProviderFailed: the subclass says who can act: a person, the operator, or a later attempt.
        """
        form = {"code": code, "code_verifier": code_verifier, "redirect_uri": redirect_uri}
        return self._ask_for_token(provider, {"grant_type": "authorization_code", **form})

    def refresh(self, provider: Provider, refresh_token: str) -> dict[str, Any]:
        """Return the answer to a refresh token, which stays good where no other comes. Raises as `exchange` does."""
        answer = self._ask_for_token(provider, {"grant_type": "refresh_token", "refresh_token": refresh_token})
        return answer if answer.get("refresh_token") else {**answer, "refresh_token": refresh_token}

    def revoke(self, provider: Provider, token: str) -> None:
        """Revoke a token at the provider. Raises as `exchange` does."""
        if provider.revoke_url is None:
            raise ProviderFailed(f"{provider.name} has no revocation endpoint")
        # The bearer header is for dialects that revoke the token they are called with.
        headers = {"Authorization": f"Bearer {token}"}
        self._post(provider, provider.revoke_url, {"token": token}, read=_read_revocation, headers=headers)

    def userinfo(self, provider: Provider, access_token: str) -> dict[str, Any]:
        """Return the claims about the token's user. Raises as `exchange` does."""
        if provider.userinfo_url is None:
            raise ProviderFailed(f"{provider.name} has no userinfo endpoint")
        headers = {"Authorization": f"Bearer {access_token}"}
        return _read_success(self._send("GET", provider.userinfo_url, headers=headers))

    def dispose(self) -> None:
        """Close the connections; at the end of the process."""
        self._transport.dispose()

    def _ask_for_token(self, provider: Provider, form: Mapping[str, str]) -> dict[str, Any]:
        return self._post(provider, provider.token_url, form, read=_read_tokens)

    def _post(
        self,
        provider: Provider,
        url: str,
        form: Mapping[str, str],
        *,
        read: Callable[[httpx2.Response], dict[str, Any]],
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a form and read the answer; where the client is refused, send it with the next way to authenticate.

        All attempts share one deadline: a claim on a refresh must outlive them.
        """
        deadline = time.monotonic() + self._transport.total_seconds
        refused: ProviderFailed | None = None
        for method in self._methods.order(provider):
            proof = make_proof(provider, method)
            sent = {**(headers or {}), **proof.headers}
            response = self._send("POST", url, headers=sent, form={**form, **proof.fields}, deadline=deadline)
            try:
                answer = read(response)
            except (ClientRefused, Unauthorized) as exc:
                refused = refused or exc
                continue
            except GrantDead:
                self._methods.remember(provider, method)  # the client was accepted
                raise
            except GrantRefused as exc:  # "invalid request" from a server that does not know the second way
                raise refused or exc from None
            self._methods.remember(provider, method)
            return answer
        raise refused or ProviderFailed("the request could not be made")

    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> httpx2.Response:
        extensions = {} if deadline is None else {DEADLINE: deadline}
        headers = {"Accept": "application/json", **headers}
        try:
            with httpx2.Client(transport=self._transport, timeout=TIMEOUT, follow_redirects=False) as client:
                return client.request(method, url, headers=headers, data=form, extensions=extensions)
        except (httpx2.TransportError, httpx2.InvalidURL) as exc:
            raise ProviderUnavailable(f"the provider did not answer ({type(exc).__name__})") from exc


def _read_tokens(response: httpx2.Response) -> dict[str, Any]:
    body = _read_success(response)
    # Some dialects refuse with a 200; what names no reason at all is judged by `read_token_answer`.
    failure = None if holds_token(body) else make_failure(response.status_code, body)
    if failure is not None and type(failure) is not GrantRefused:
        raise failure
    return body


def _read_revocation(response: httpx2.Response) -> dict[str, Any]:
    is_done = response.status_code < 300 and not response.content.strip()  # RFC 7009: the body is ignored
    return {} if is_done else _read_success(response)


def _read_success(response: httpx2.Response) -> dict[str, Any]:
    """Return the fields of a success; some dialects answer 200 with `ok: false` or with an `error`."""
    status = response.status_code
    if status >= 500 or status in _BUSY:
        retry_after = parse_retry_after(response.headers.get("retry-after"))
        raise ProviderUnavailable(f"the provider answered {status}", retry_after=retry_after)
    if 300 <= status < 400:
        raise ProviderFailed(f"the provider answered {status}, a redirect; is the address of the endpoint right?")
    body = read_fields(response.content)
    if body is None:
        raise _make_unreadable(status, is_empty=not response.content.strip())
    if status >= 300 or is_failure(body):
        raise make_failure(status, body)
    return body


def _make_unreadable(status: int, *, is_empty: bool) -> ProviderFailed:
    said = "with nothing" if is_empty else "with something that is neither JSON nor a form"
    message = f"the provider answered {status} {said}"
    if status == 401:
        return Unauthorized(message)
    if status == 400:
        return GrantRefused(message)
    return ProviderUnavailable(f"{message}; is the address of the endpoint right?")
