import pytest

from wren_core.declarative.pointer import MISSING, find, put

DOCUMENT = {"a": [{"b": 1}], "": 0, "c/d": 2, "e~f": 3, "n": None}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("", DOCUMENT), ("/a/0/b", 1), ("/", 0), ("/c~1d", 2), ("/e~0f", 3), ("/n", None)],
)
def test_a_pointer_finds_its_place(pointer, found):
    assert find(DOCUMENT, pointer) == found


@pytest.mark.parametrize("pointer", ["/x", "/a/1", "/a/-1", "/a/b", "/n/x", "/a/0/b/c", "/a/²"])
def test_a_pointer_that_leads_nowhere_says_so(pointer):
    assert find(DOCUMENT, pointer) is MISSING


def test_putting_makes_the_objects_on_the_way():
    document = {"a": {"b": 1}}

    put(document, "/a/c/d~1e", 2)

    assert document == {"a": {"b": 1, "c": {"d/e": 2}}}


def test_putting_does_not_go_through_a_value():
    with pytest.raises(ValueError, match="no object"):
        put({"a": 1}, "/a/b", 2)
