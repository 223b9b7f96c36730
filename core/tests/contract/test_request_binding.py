import pytest
from pydantic import ValidationError

from wren_core.contract.request_binding import Constant, Pagination, Placement, RequestBinding


def test_what_is_not_placed_goes_into_the_path_that_names_it_and_else_where_the_method_has_room():
    reads = RequestBinding(method="GET", path="/things/{id}")
    writes = RequestBinding(method="POST", path="/things/{id}")

    assert [reads.placement(name).place for name in ("id", "page")] == ["path", "query"]
    assert [writes.placement(name).place for name in ("id", "title")] == ["path", "body"]


def test_a_placement_says_otherwise():
    placed = Placement(argument="tenant", place="header", name="X-Tenant")
    binding = RequestBinding(method="GET", path="/things", placements=(placed,))

    assert binding.placement("tenant") is placed
    assert (placed.wire_name, Placement(argument="page", place="query").wire_name) == ("X-Tenant", "page")


@pytest.mark.parametrize(
    "path",
    ["things", "//elsewhere.example/x", "/a?b=c", "/a#b", "/a b", "/{open", "/close}", "/a/../b", "/./a", "/a\nb", ""],
)
def test_a_path_that_is_not_below_the_root_is_refused(path):
    with pytest.raises(ValidationError, match="path"):
        RequestBinding(method="GET", path=path)


@pytest.mark.parametrize("path", ["/", "/a/{b}/c.json", "/v1/{parent}:search", "/{a}{b}", "/a%20b/"])
def test_a_path_below_the_root_is_taken(path):
    assert RequestBinding(method="GET", path=path).path == path


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Cookie", "a b", "a:b", "a\r\nb", ""])
def test_a_header_that_would_change_the_request_is_refused(name):
    with pytest.raises(ValidationError, match="no header that a definition may set"):
        Placement(argument="value", place="header", name=name)
    with pytest.raises(ValidationError, match="no header that a definition may set"):
        Constant(place="header", name=name, value="x")


def test_an_argument_never_becomes_the_authorization():
    with pytest.raises(ValidationError, match="credentials go there"):
        Placement(argument="token", place="header", name="authorization")


@pytest.mark.parametrize("sources", [{}, {"value": "x", "config": "y"}, {"config": "x", "credential": "y"}])
def test_a_constant_has_one_source(sources):
    with pytest.raises(ValidationError, match="exactly one of"):
        Constant(place="query", name="key", **sources)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "page"}, "the name of its parameter"),
        ({"kind": "cursor", "parameter": "after"}, "where the answer holds the cursor"),
        ({"kind": "cursor", "parameter": "after", "next": "next"}, "next"),
        ({"kind": "link", "max_pages": 0}, "max_pages"),
    ],
)
def test_pagination_says_what_it_needs(fields, said):
    with pytest.raises(ValidationError, match=said):
        Pagination(**fields)
