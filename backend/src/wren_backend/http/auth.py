"""The subject of a request: its API key is read from the Authorization header alone."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from wren_backend.http.errors import Unauthenticated
from wren_backend.tenancy.auth import Subject, authenticate
from wren_core.errors import AgentFixableError

# A key in a URL ends up in logs, histories and referrers, so even a genuine one is refused.
_KEY_PARAMETERS = frozenset({"api_key", "apikey", "key", "token", "access_token"})
# Describes in the OpenAPI document what `bearer_key` reads; it refuses nothing.
_DECLARED = HTTPBearer(
    scheme_name="api_key", description="`Authorization: Bearer wren_...`: an API key of a workspace", auto_error=False
)


def current_subject(request: Request, _declared: Annotated[object, Depends(_DECLARED)]) -> Subject:
    """Return the subject of the request's API key.

    Raises:
        Unauthenticated: no key, or one that is unknown, expired or revoked.
        AgentFixableError: KEY_IN_URL where a key came in the query string.
    """
    if _KEY_PARAMETERS.intersection(request.query_params):
        raise AgentFixableError("send the API key as `Authorization: Bearer ...`, never in the URL", code="KEY_IN_URL")
    services = request.app.state.services
    subject = authenticate(services.database, bearer_key(request), now=services.clock.now())
    if subject is None:
        raise Unauthenticated("the API key is missing, unknown, expired or revoked; run `wren login`")
    return subject


def still_authenticated(request: Request) -> Callable[[], bool]:
    """Return a check that the request's key is still valid, for long answers."""
    services, key = request.app.state.services, bearer_key(request)

    def check() -> bool:
        return authenticate(services.database, key, now=services.clock.now()) is not None

    return check


def bearer_key(request: Request) -> str:
    """Return the key of the Authorization header; empty where there is none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


CurrentSubject = Annotated[Subject, Depends(current_subject)]
StillAuthenticated = Annotated[Callable[[], bool], Depends(still_authenticated)]
