import base64
import re
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from wren_backend.http.reference_page import render_reference

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Parts(HTMLParser):
    """The tags of a page, and what it refers to."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.links, self.ids = set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in ("href", "src", "action")]
        self.ids += [value for name, value in attributes if name == "id"]


def test_the_reference_loads_nothing_from_elsewhere_and_has_a_policy(client_of):
    answer = client_of(None).get("/docs")

    parts, policy = Parts(answer.text), answer.headers["content-security-policy"]
    style = re.search("<style>(.*?)</style>", answer.text)[1]
    assert answer.status_code == 200
    assert parts.links == ["openapi.json"]
    assert parts.tags.isdisjoint({"script", "link", "img", "iframe", "form"})
    assert "url(" not in style
    assert "@import" not in style
    assert policy.startswith("default-src 'none'; ")
    assert f"'sha256-{base64.b64encode(sha256(style.encode()).digest()).decode()}'" in policy


def test_every_operation_is_on_the_page_at_the_address_that_errors_link_to(client_of):
    client = client_of(None)
    document = client.get("/openapi.json").json()

    ids = Parts(client.get("/docs").text).ids
    operations = [operation for item in document["paths"].values() for operation in item.values()]

    assert len(operations) > 20
    assert {f"/{operation['tags'][0]}/{operation['operationId']}" for operation in operations} <= set(ids)


def test_texts_of_a_document_are_escaped(client_of):
    operation = {
        "tags": ["x"],
        "operationId": '"><script>',
        "summary": "<script>alert(1)</script>",
        "requestBody": {"content": {"application/json": {"schema": {"title": "</pre><script>"}}}},
    }
    document = {
        "info": {"title": "<b>", "version": "1"},
        "tags": [{"name": "x", "description": "<i>"}],
        "paths": {"/<u>": {"get": operation}},
    }

    assert Parts(render_reference(document)).tags.isdisjoint({"script", "i", "u"})


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/v1/runs/", "/v1/runs"),
        ("/v1/runs/?limit=3&status=failed", "/v1/runs?limit=3&status=failed"),
        ("/healthz/", "/healthz"),
        ("/v1/runs/a%0d%0ab/", "/v1/runs/a%0D%0Ab"),
    ],
)
def test_a_slash_too_many_leads_to_the_path_without_it_whatever_the_host(client, path, location):
    answer = client.get(path, headers={"Host": "evil.example"}, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (307, location)


@pytest.mark.parametrize("path", ["/v1/nothing/", "//evil.example/", "/evil.example//", "/"])
def test_an_address_that_leads_nowhere_with_a_slash_leads_nowhere(client, path):
    answer = client.get(f"http://testserver{path}", headers={"Host": "evil.example"}, follow_redirects=False)

    assert answer.status_code == 404
    assert "location" not in answer.headers
