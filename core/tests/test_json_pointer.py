import pytest

from wren_core.json_pointer import MISSING, build, find, find_reference, put, restore_keys, split

DOCUMENT = {"a": [{"b": 1}], "": 0, "c/d": 2, "e~f": 3, "n": None}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("", DOCUMENT), ("/a/0/b", 1), ("/", 0), ("/c~1d", 2), ("/e~0f", 3), ("/n", None)],
)
def test_a_pointer_finds_its_place(pointer, found):
    assert find(DOCUMENT, pointer) == found


@pytest.mark.parametrize("pointer", ["/x", "/a/1", "/a/-1", "/a/b", "/n/x", "/a/0/b/c", "/a/²", "/a/" + "9" * 5000])
def test_a_pointer_that_leads_nowhere_says_so(pointer):
    assert find(DOCUMENT, pointer) is MISSING


def test_putting_makes_the_objects_on_the_way():
    document = {"a": {"b": 1}}

    put(document, "/a/c/d~1e", 2)

    assert document == {"a": {"b": 1, "c": {"d/e": 2}}}


def test_putting_does_not_go_through_a_value():
    with pytest.raises(ValueError, match="not an object"):
        put({"a": 1}, "/a/b", 2)


@pytest.mark.parametrize(("pointer", "found"), [("/metadata/13", "thirteen"), ("/items/1", "second")])
def test_a_number_is_a_key_of_an_object_and_an_index_of_an_array(pointer, found):
    document = {"metadata": {"13": "thirteen"}, "items": ["first", "second"]}

    assert find(document, pointer) == found


def test_an_index_has_no_leading_zero():
    assert find(["first", "second"], "/01") is MISSING


@pytest.mark.parametrize("parts", [[], ["a", "0"], ["c/d", "e~f"], ["~1"], [""]])
def test_splitting_undoes_building(parts):
    assert split(build(parts)) == parts


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#", DOCUMENT),
        ("#/a/0", {"b": 1}),
        ("#/c~1d", 2),
        ("#/e%7E0f", 3),
        ("#anchor", MISSING),
        ("a.json#/n", MISSING),
    ],
)
def test_a_reference_leads_to_a_place_in_the_same_document(reference, found):
    assert find_reference(DOCUMENT, reference) == found


@pytest.mark.parametrize(
    ("document", "path", "found", "keys"),
    [
        ({"13": 5}, [13], 5, ["13"]),
        ({"013": 5}, [13], 5, ["013"]),
        ({"013": 5, "13": "x"}, [13], 5, ["013"]),
        ({"+7": [1, {"0": 2}]}, [7, 1, 0], 2, ["+7", 1, "0"]),
        ([{"a": [5]}], [0, "a", 0], 5, [0, "a", 0]),
        ({"a": 1}, [13, "b"], 5, ["13", "b"]),
        ([1], ["x", 0], 5, ["x", 0]),
        ({}, [], {}, []),
    ],
)
def test_a_number_in_a_path_is_the_key_it_stands_for(document, path, found, keys):
    assert restore_keys(document, path, found) == keys
