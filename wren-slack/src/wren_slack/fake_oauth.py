"""Slack's variant of OAuth: errors are 200 with `ok: false`, scopes are separated by commas, tokens are nested."""

from typing import Any

from wren_core.testing import FakeOAuth, FakeProvider, FakeRequest, FakeResponse
from wren_slack.fake_workspace import Workspace

_CODES = {"invalid_client": "bad_client_secret", "invalid_grant": "invalid_code"}


class SlackOAuth(FakeOAuth):
    """The pages and endpoints that install a Slack app."""

    def __init__(self, provider: FakeProvider, workspace: Workspace, **options: Any) -> None:
        super().__init__(provider, **options)
        self.workspace = workspace
        self._revoked: set[str] = set()

    def refusal_of(self, token: str) -> str | None:
        """Return Slack's error code for an invalid token, or None for a valid one."""
        if self.user_of(token):
            return None
        if token in self._revoked:
            return "token_revoked"
        return "token_expired" if token in self._access else "invalid_auth"

    def token_body(self, grant: Any, *, refresh_token: str | None = None) -> dict[str, Any]:
        """Return the response of oauth.v2.access, with the token under Slack's names."""
        plain = super().token_body(grant, refresh_token=refresh_token)
        access = plain["access_token"].replace("fake-access-", "xoxb-fake-")
        self._access[access] = self._access.pop(plain["access_token"])
        return {
            "ok": True,
            **plain,
            "access_token": access,
            "token_type": "bot",
            "scope": ",".join(grant.scopes),
            "bot_user_id": self.workspace.app.id,
            "app_id": "A0FAKE",
            "team": {"id": "T0FAKE", "name": "Fake Workspace"},
            "authed_user": {"id": self.workspace.person(grant.user.email).id},
        }

    def error(self, status: int, code: str) -> FakeResponse:  # noqa: ARG002 - Slack's errors all have status 200
        """Return an error in Slack's format."""
        return FakeResponse(body={"ok": False, "error": _CODES.get(code, code)})

    def consent_page(self, request: FakeRequest) -> FakeResponse:
        """Refuse scopes that are not separated by commas, as Slack does."""
        if not request.query.get("scope") or " " in request.query["scope"]:
            return FakeResponse(status=400, body="<h1>Invalid permissions requested</h1>")
        return super().consent_page(request)

    def token(self, request: FakeRequest) -> FakeResponse:
        """Exchange a code or a refresh token; an invalid refresh token has its own error code."""
        answer = super().token(request)
        if request.form().get("grant_type") == "refresh_token" and answer.body.get("error") == "invalid_code":
            return self.error(200, "invalid_refresh_token")
        return answer

    def revoke(self, request: FakeRequest) -> FakeResponse:
        """Revoke the token that was sent, in the header or as a parameter."""
        token = request.token or {**request.query, **request.form()}.get("token", "")
        refusal = self.refusal_of(token)
        if refusal:
            return self.error(200, refusal)
        del self._access[token]
        self._revoked.add(token)
        return FakeResponse(body={"ok": True, "revoked": True})

    def revoke_everything(self) -> None:
        """Revoke every token, as when a person removes the app."""
        self._revoked.update(self._access)
        super().revoke_everything()
