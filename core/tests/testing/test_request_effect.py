import json

import pytest

from wren_core.testing import FakeRequest
from wren_core.testing.request_effect import declared_by


@pytest.mark.parametrize(
    ("method", "body", "effect"),
    [
        ("GET", b"", "read"),
        ("PROPFIND", b"<a/>", "read"),
        ("QUERY", b"a", "read"),
        ("PUT", b"{}", "write"),
        ("DELETE", b"", "write"),
        ("MOVE", b"", "write"),
        ("POST", b"", "unknown"),
        ("POST", b"\xff", "unknown"),
        ("POST", json.dumps({"query": "{ viewer { login } }"}).encode(), "read"),
        ("POST", json.dumps({"query": "mutation { close(id: 1) { ok } }"}).encode(), "write"),
        ("POST", json.dumps({"query": "fragment F on A { id } mutation M { close { ...F } }"}).encode(), "write"),
    ],
)
def test_a_request_shows_what_it_does(method, body, effect):
    assert declared_by(FakeRequest(method=method, path="/", body=body)) == effect


@pytest.mark.parametrize(("body", "effect"), [(b"grant_type=refresh_token&a=1", "read"), (b"text=Hi", "unknown")])
def test_a_request_for_a_token_writes_nothing(body, effect):
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert declared_by(FakeRequest(method="POST", path="/token", headers=headers, body=body)) == effect
