import pytest

from wren_core.contract.request_binding import Pagination
from wren_core.declarative.paging import PageRequest, first_page, next_page, page_constants, relative_address
from wren_core.errors import Rejected

CURSOR = Pagination(kind="cursor", parameter="after", next="/meta/next")
NUMBERED = Pagination(kind="page", parameter="page", size_parameter="limit", size=2)
OFFSET = Pagination(kind="offset", parameter="skip")
LINKED = Pagination(kind="link")


@pytest.mark.parametrize(
    ("pagination", "sent"),
    [
        (CURSOR, {}),
        (NUMBERED, {"page": 1, "limit": 2}),
        (OFFSET, {"skip": 0}),
        (LINKED, {}),
        (NUMBERED.model_copy(update={"first": 0}), {"page": 0, "limit": 2}),
    ],
)
def test_the_first_page_asks_for_what_its_kind_needs(pagination, sent):
    page = first_page(pagination, wanted=100)

    assert {item.name: item.value for item in page_constants(pagination, page)} == sent


def test_a_page_is_no_larger_than_what_is_wanted():
    assert first_page(NUMBERED, wanted=1).size == 1


@pytest.mark.parametrize(
    ("pagination", "page", "document", "items", "following"),
    [
        (CURSOR, PageRequest(), {"meta": {"next": "c1"}}, [1], "c1"),
        (CURSOR, PageRequest(place="c1"), {"meta": {"next": 2}}, [1], "2"),
        (CURSOR, PageRequest(place="c1"), {"meta": {"next": "c1"}}, [1], None),
        (CURSOR, PageRequest(), {"meta": {"next": ""}}, [1], None),
        (CURSOR, PageRequest(), {"meta": {"next": None}}, [1], None),
        (CURSOR, PageRequest(), {}, [1], None),
        (CURSOR, PageRequest(), {"meta": {"next": "c1"}}, [], None),
        (NUMBERED, PageRequest(place=1, size=2), {}, [1, 2], 2),
        (NUMBERED, PageRequest(place=1, size=2), {}, [1], None),
        (OFFSET, PageRequest(place=4), {}, [1, 2, 3], 7),
        (OFFSET, PageRequest(place=4), {}, [], None),
    ],
)
def test_the_next_page_follows_from_the_answer(pagination, page, document, items, following):
    found = next_page(pagination, page, document, items, None)

    assert (found.place if found else None) == following


@pytest.mark.parametrize(("more", "goes_on"), [(True, True), (False, False), (None, False)])
def test_where_the_answer_says_whether_there_is_more_that_decides(more, goes_on):
    pagination = NUMBERED.model_copy(update={"more": "/more"})
    document = {} if more is None else {"more": more}

    found = next_page(pagination, PageRequest(place=1, size=2), document, [1], None)

    assert (found is not None) is goes_on


@pytest.mark.parametrize("link", ["/x?page=2", None])
def test_the_link_of_the_answer_is_the_next_page(link):
    found = next_page(LINKED, PageRequest(), {}, [1], link)

    assert (found.address if found else None) == link


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://api.example/v1/things?page=2&q=a%20b", ("/things", "page=2&q=a%20b")),
        ("https://api.example:443/v1/other", ("/other", "")),
        ("?page=2&ids=1,2%2C3&q=ä b", ("/things", "page=2&ids=1,2%2C3&q=%C3%A4%20b")),
        ("/v1/things?page=3", ("/things", "page=3")),
    ],
)
def test_an_address_at_the_same_api_is_followed(address, expected):
    assert relative_address("https://api.example/v1/", "/things", address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v1/things",
        "http://api.example/v1/things",
        "https://api.example:8443/v1/things",
        "https://api.example/v2/things",
        "https://api.example/v1/../admin",
        "https://api.example/v1//evil.example/x",
        "https://api.example@evil.example/v1/x",
        "//evil.example/v1/things",
        "https://api.example/v1",
    ],
)
def test_an_address_anywhere_else_is_refused(address):
    with pytest.raises(Rejected, match="another address"):
        relative_address("https://api.example/v1", "/things", address)
