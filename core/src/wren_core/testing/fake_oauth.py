"""OAuth pages and endpoints for a fake provider: consent form, code with PKCE, token, refresh, revoke.

It checks what real providers check: the client's id and secret, the redirect URI, the verifier, and that a code is used
once. It adds its routes to the given provider, at the paths of that provider.
"""

import base64
import hashlib
import html
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_plus, urlencode

from wren_core.contract.auth import ClientAuthMethod
from wren_core.testing.fake_provider import FakeProvider, FakeRequest, FakeResponse, route


@dataclass(frozen=True, kw_only=True)
class FakeUser:
    """A user who can consent."""

    email: str
    name: str = ""


@dataclass(kw_only=True)
class _Grant:
    user: FakeUser
    scopes: list[str]
    redirect_uri: str = ""
    challenge: str = ""
    expires_at: float = field(default_factory=lambda: time.time() + 600)


class FakeOAuth:
    """An authorization server for one client.

    Args:
        provider: the fake that gets its routes.
        users: who may consent; the form offers each user, and to deny.
        authorize_path: path of the consent page; the form posts back to it.
        token_path: path of the token endpoint.
        revoke_path: path of the revocation endpoint.
        token_lifetime: seconds until an access token expires; None omits `expires_in` and issues no refresh token.
        rotate: issue a new refresh token on every refresh and refuse the old one.
        token_endpoint_auth_method: the only way that the client may authenticate; both ways where left out.
        answers_with_form: answer the token endpoint form-encoded, as older servers do, not with JSON.
    """

    def __init__(
        self,
        provider: FakeProvider,
        *,
        users: list[FakeUser],
        authorize_path: str,
        token_path: str,
        revoke_path: str,
        client_id: str = "fake-client",
        client_secret: str = "fake-client-secret",  # noqa: S107 - the published secret of a fake
        token_lifetime: float | None = 3600,
        rotate: bool = False,
        token_endpoint_auth_method: ClientAuthMethod | None = None,
        answers_with_form: bool = False,
    ) -> None:
        self.users = users
        self.authorize_path = authorize_path
        self.token_path = token_path
        self.revoke_path = revoke_path
        self.client_id = client_id
        self.client_secret = client_secret
        self.token_lifetime = token_lifetime
        self.rotate = rotate
        self.token_endpoint_auth_method = token_endpoint_auth_method
        self.answers_with_form = answers_with_form
        self.token_requests = 0
        self._codes: dict[str, _Grant] = {}
        self._access: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}
        provider.mount(_routes(self, authorize_path, token_path, revoke_path))
        provider.issuer = lambda scopes: {"access_token": str(self.issue(self.users[0], scopes)["access_token"])}

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of its pages and endpoints, which need no token."""
        return (self.authorize_path, self.token_path, self.revoke_path)

    def user_of(self, token: str | None) -> FakeUser | None:
        """Return the owner of a valid access token, or None."""
        grant = self._access.get(token or "")
        return grant.user if grant and grant.expires_at > time.time() else None

    def scopes_of(self, token: str | None) -> list[str]:
        """Return the scopes of a valid access token."""
        return self._access[token].scopes if token and self.user_of(token) else []

    def issue(self, user: FakeUser, scopes: list[str]) -> dict[str, Any]:
        """Issue tokens without a consent page; returns the token response."""
        return self.token_body(_Grant(user=user, scopes=scopes))

    def expire_access_tokens(self) -> None:
        """Expire every access token; refresh tokens still work."""
        for grant in self._access.values():
            grant.expires_at = 0

    def revoke_everything(self) -> None:
        """Revoke every token, as when a person withdraws consent."""
        self._access.clear()
        self._refresh.clear()

    def token_body(self, grant: _Grant, *, refresh_token: str | None = None) -> dict[str, Any]:
        """Return the body of a successful token response; override it for another format."""
        access = f"fake-access-{secrets.token_urlsafe(24)}"
        lifetime = self.token_lifetime
        expires_at = time.time() + (lifetime if lifetime is not None else 10**9)
        self._access[access] = _Grant(user=grant.user, scopes=grant.scopes, expires_at=expires_at)
        body: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "scope": " ".join(grant.scopes)}
        if lifetime is None:
            return body
        body["expires_in"] = int(lifetime)
        if refresh_token is None or self.rotate:
            self._refresh.pop(refresh_token or "", None)
            body["refresh_token"] = f"fake-refresh-{secrets.token_urlsafe(24)}"
            self._refresh[body["refresh_token"]] = grant
        return body

    def error(self, status: int, code: str) -> FakeResponse:
        """Return an error of the token endpoint; override it for another format."""
        return FakeResponse(status=status, body={"error": code})

    def consent_page(self, request: FakeRequest) -> FakeResponse:
        """Return one form for each user, or what is wrong with the request."""
        query = request.query
        if query.get("client_id") != self.client_id or not query.get("redirect_uri"):
            return FakeResponse(status=400, body="<h1>Unknown client or missing redirect_uri</h1>")
        if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
            return FakeResponse(status=400, body="<h1>Only S256 is supported</h1>")
        forms = "".join(self._form(query, user.email, f"Continue as {user.email}") for user in self.users)
        forms += self._form(query, "", "Deny")
        title = f"<title>Sign in</title><h1>{html.escape(query.get('scope', ''))}</h1>"
        return FakeResponse(body=f"<!doctype html><meta charset=utf-8>{title}{forms}")

    def consent(self, request: FakeRequest) -> FakeResponse:
        """Accept the posted form and redirect the browser with a code."""
        form = request.form()
        user = next((item for item in self.users if item.email == form.get("email")), None)
        answer = {"state": form.get("state", "")}
        if user is None:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(16)
            scopes = form.get("scope", "").replace(",", " ").split()
            self._codes[answer["code"]] = _Grant(
                user=user, scopes=scopes, redirect_uri=form["redirect_uri"], challenge=form.get("code_challenge", "")
            )
        return FakeResponse(status=302, headers={"location": f"{form['redirect_uri']}?{urlencode(answer)}"})

    def token(self, request: FakeRequest) -> FakeResponse:
        """Exchange a code or a refresh token."""
        self.token_requests += 1
        answer = self._token(request)
        return _encode_as_form(answer) if self.answers_with_form else answer

    def _token(self, request: FakeRequest) -> FakeResponse:
        form = {**_basic_credentials(request), **request.form()}
        used = "client_secret_basic" if "authorization" in request.headers else "client_secret_post"
        if self.token_endpoint_auth_method not in (None, used):
            return self.error(401, "invalid_client")
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            return self.error(401, "invalid_client")
        if form.get("grant_type") == "refresh_token":
            grant = self._refresh.get(form.get("refresh_token", ""))
            if grant is None:
                return self.error(400, "invalid_grant")
            return FakeResponse(body=self.token_body(grant, refresh_token=form["refresh_token"]))
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.redirect_uri != form.get("redirect_uri") or not _is_verified(grant.challenge, form):
            return self.error(400, "invalid_grant")
        return FakeResponse(body=self.token_body(grant))

    def revoke(self, request: FakeRequest) -> FakeResponse:
        """Revoke a token."""
        token = {**request.query, **request.form()}.get("token", "")
        self._access.pop(token, None)
        self._refresh.pop(token, None)
        return FakeResponse(body={})

    def _form(self, query: dict[str, str], email: str, label: str) -> str:
        kept = ("client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")
        fields = {"email": email, **{key: query.get(key, "") for key in kept}}
        inputs = "".join(
            f'<input type="hidden" name="{key}" value="{html.escape(value)}">' for key, value in fields.items()
        )
        button = f"<button>{html.escape(label)}</button>"
        return f'<form method="post" action="{self.authorize_path}">{inputs}{button}</form>'


def _routes(server: FakeOAuth, authorize_path: str, token_path: str, revoke_path: str) -> object:
    """Bind the endpoints of a server to its paths."""

    class Routes:
        @route("GET", authorize_path)
        def page(self, request: FakeRequest) -> FakeResponse:
            return server.consent_page(request)

        @route("POST", authorize_path)
        def consent(self, request: FakeRequest) -> FakeResponse:
            return server.consent(request)

        @route("POST", token_path)
        def token(self, request: FakeRequest) -> FakeResponse:
            return server.token(request)

        @route("POST", revoke_path)
        def revoke(self, request: FakeRequest) -> FakeResponse:
            return server.revoke(request)

    return Routes()


def _is_verified(challenge: str, form: dict[str, str]) -> bool:
    if not challenge:
        return True
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return secrets.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


def _basic_credentials(request: FakeRequest) -> dict[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    client_id, _, secret = base64.b64decode(value).decode().partition(":")
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def _encode_as_form(answer: FakeResponse) -> FakeResponse:
    if not isinstance(answer.body, dict):
        return answer
    headers = {**answer.headers, "content-type": "application/x-www-form-urlencoded"}
    return replace(answer, body=urlencode(answer.body), headers=headers)
