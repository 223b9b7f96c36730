"""Fakes in a separate process."""

import json
import os
import sys
from pathlib import Path

import httpx2
import pytest

from wren.authoring.child_process import ChildProcess
from wren_core.testing.patience import patience

MODULE = """
from wren_core.testing import FakeOAuth, FakeProvider, FakeUser, route

print("said while it was imported")


class FakeShop(FakeProvider):
    name = "shop"

    def __init__(self):
        super().__init__()
        self.oauth = FakeOAuth(
            self, users=[FakeUser(email="a@b.example")], authorize_path="/a", token_path="/t", revoke_path="/r"
        )

    def configuration(self, url):
        return {"address": url}

    def credentials(self):
        return {"key": "open"}

    @route("GET", "/shelf")
    def shelf(self, request):
        return ["milk"]


class FakePlain(FakeProvider):
    name = "plain"


class FakeBroken(FakeProvider):
    def __init__(self):
        raise ValueError("no shelves")
"""


@pytest.fixture
def serving(tmp_path):
    (tmp_path / "fake_shop.py").write_text(MODULE)
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    child = ChildProcess(
        Path(sys.executable), ["wren.authoring.fake_server"], variables=variables, log=tmp_path / "log", is_read=True
    )
    yield child
    child.stop()


def test_each_fake_says_how_it_wants_to_be_reached_and_a_broken_one_why_it_does_not_run(serving):
    fakes = {"shop": "fake_shop:FakeShop", "plain": "fake_shop:FakePlain", "broken": "fake_shop:FakeBroken"}

    told = json.loads(serving.ask(json.dumps({"fakes": fakes, "ports": dict.fromkeys(fakes, 0)}), seconds=patience(30)))
    url = told["shop"]["url"]

    assert httpx2.get(f"{url}/shelf").json() == ["milk"]
    assert (told["shop"]["credentials"], told["shop"]["configuration"]) == ({"key": "open"}, {"address": url})
    assert told["shop"]["oauth"] == {
        "client_id": "fake-client",
        "client_secret": "fake-client-secret",
        "authorization_url": f"{url}/a",
        "token_url": f"{url}/t",
        "revoke_url": f"{url}/r",
    }
    assert told["plain"]["oauth"] is None
    assert told["broken"] == {"failed": "ValueError: no shelves"}
