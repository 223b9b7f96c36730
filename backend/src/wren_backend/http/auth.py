"""The subject of a request: its API key is read from the Authorization header alone, before anything else of it."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.types import Scope

from wren_backend.http.errors import Unauthenticated
from wren_backend.tenancy.auth import Subject, authenticate
from wren_core.errors import AgentFixableError

# A key in a URL ends up in logs, histories and referrers, so even a genuine one is refused.
_KEY_PARAMETERS = frozenset({"api_key", "apikey", "key", "token", "access_token"})
# Describes in the OpenAPI document what the guard reads; it refuses nothing.
_DECLARED = HTTPBearer(
    scheme_name="api_key", description="`Authorization: Bearer wren_...`: an API key of a workspace", auto_error=False
)


async def current_subject(request: Request, _declared: Annotated[object, Depends(_DECLARED)]) -> Subject:
    """Return the subject that the guard found.

    Raises:
        Unauthenticated: the guard asked for no key here.
    """
    subject = getattr(request.state, "subject", None)
    if not isinstance(subject, Subject):
        raise Unauthenticated("this address takes no API key")
    return subject


def refuse_key_in_url(scope: Scope) -> None:
    """Refuse a key in the query string, even a genuine one.

    Raises:
        AgentFixableError: KEY_IN_URL.
    """
    query = scope["query_string"].decode("latin-1")
    if any(name in _KEY_PARAMETERS for name, _ in parse_qsl(query, keep_blank_values=True)):
        raise AgentFixableError("send the API key as `Authorization: Bearer ...`, never in the URL", code="KEY_IN_URL")


async def still_authenticated(request: Request) -> Callable[[], bool]:
    """Return a check that the request's key is still valid, for long answers."""
    services, key = request.app.state.services, key_of_header(request.headers.get("authorization", ""))

    def check() -> bool:
        return authenticate(services.database, key, now=services.clock.now()) is not None

    return check


def key_of_header(authorization: str) -> str:
    """Return the key of an Authorization header; empty where it has none."""
    scheme, _, key = authorization.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


CurrentSubject = Annotated[Subject, Depends(current_subject)]
StillAuthenticated = Annotated[Callable[[], bool], Depends(still_authenticated)]
