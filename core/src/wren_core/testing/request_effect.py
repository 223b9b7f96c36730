"""What a request does to the provider, from its verb and its own marks. Pure."""

from typing import Literal

from wren_core.testing.fake_provider import FakeRequest
from wren_core.testing.request_kind import effect_of

_READS = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "QUERY", "REPORT", "SEARCH", "TRACE"})


def declared_by(request: FakeRequest) -> Literal["read", "write", "unknown"]:
    """Tell what a request does: by its verb, a POST by the operation that it names, or as a request for a token."""
    if request.method in _READS:
        return "read"
    if request.method != "POST":
        return "write"
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return "read" if is_form and "grant_type" in request.form() else effect_of(request)
