"""What is refused from the head of a request alone."""

from starlette.types import Scope

from wren_backend.http.exchange import Exchange
from wren_backend.tenancy.errors import MissingObject
from wren_core.errors import AgentFixableError

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class MalformedRequest(AgentFixableError):
    """The head of the request can be read in two ways."""

    code = "MALFORMED_REQUEST"


def check_path(scope: Scope) -> None:
    """Refuse a path that PostgreSQL cannot look up.

    Raises:
        MissingObject: it holds a NUL.
    """
    if "\x00" in scope["path"]:
        raise MissingObject("there is nothing at this address")


def check_framing(scope: Scope) -> None:
    """Refuse a request whose end is stated in two ways: a proxy on the way could see another end than Wren does.

    Raises:
        MalformedRequest: names the headers.
    """
    lengths = {value for name, value in scope["headers"] if name == b"content-length"}
    if lengths and any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        raise MalformedRequest("the request has both Content-Length and Transfer-Encoding; send one of them")
    if len(lengths) > 1 or not all(value.isdigit() for value in lengths):
        raise MalformedRequest("Content-Length is not one number; send the length of the body in bytes")


def check_content_type(scope: Scope, exchange: Exchange) -> None:
    """Refuse a body that does not say it is JSON.

    Raises:
        AgentFixableError: CONTENT_TYPE_UNSUPPORTED.
    """
    if scope["method"] not in _WITH_BODY or not exchange.has_body:
        return
    content_type = exchange.headers.get(b"content-type", "").split(";")[0].strip().lower()
    if content_type != "application/json":
        raise AgentFixableError(
            f"send application/json, not {content_type[:100] or 'a body without a content type'}",
            code="CONTENT_TYPE_UNSUPPORTED",
        )
