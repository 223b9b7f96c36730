"""The formats of the fake: GitHub's errors, its variant of OAuth, and a part of its search syntax."""

import re
from typing import Any

from wren_core.testing import FakeOAuth, FakeResponse

Json = dict[str, Any]
_CODES = {"invalid_client": "incorrect_client_credentials", "invalid_grant": "bad_verification_code"}


class Refused(Exception):
    """The error response to a refused request."""

    def __init__(self, response: FakeResponse) -> None:
        super().__init__(response.status)
        self.response = response


class GitHubOAuth(FakeOAuth):
    """Answers every request with 200, reports an `error` in the body, and separates scopes by commas."""

    def token_body(self, grant: Any, *, refresh_token: str | None = None) -> Json:
        """Return the response to a code, with the token under GitHub's names."""
        plain = super().token_body(grant, refresh_token=refresh_token)
        access = plain["access_token"].replace("fake-access-", "gho_fake")
        self._access[access] = self._access.pop(plain["access_token"])
        return {"access_token": access, "token_type": "bearer", "scope": ",".join(grant.scopes)}

    def error(self, status: int, code: str) -> FakeResponse:  # noqa: ARG002 - GitHub's errors here all have status 200
        """Return an error of the token endpoint."""
        return FakeResponse(body={"error": _CODES.get(code, code), "error_description": "The request was refused."})


def not_found() -> FakeResponse:
    """Return the error for an object that does not exist or that the token may not see."""
    return FakeResponse(status=404, body={"message": "Not Found", "status": "404"})


def validation_failed(resource: str, field: str, code: str) -> FakeResponse:
    """Return the error for an invalid value."""
    error = {"resource": resource, "field": field, "code": code}
    return FakeResponse(status=422, body={"message": "Validation Failed", "errors": [error], "status": "422"})


def matches(query: str, item: Json, text: str) -> bool:
    """Return whether an item matches a search: `repo:`, `is:` and `label:` are known, the rest are words."""
    return all(_matches_one(term, item, text) for term in query.split())


def _matches_one(term: str, item: Json, text: str) -> bool:
    name, _, value = term.rpartition(":")
    if name == "repo":
        return f"/{value}/" in item["html_url"]
    if name == "is":
        kind = "pr" if "head" in item else "issue"
        return value in (kind, item.get("state"))
    if name == "label":
        return value in [label["name"] for label in item.get("labels", ())]
    return re.search(re.escape(term), text, re.IGNORECASE) is not None
