import pytest

from wren_core.declarative.serialization import form, pairs, segment, text


@pytest.mark.parametrize(
    ("value", "style", "explode", "expected"),
    [
        ("a b", "form", True, [("p", "a b")]),
        (5, "form", True, [("p", "5")]),
        (True, "form", True, [("p", "true")]),
        (None, "form", True, []),
        (["a", "b"], "form", True, [("p", "a"), ("p", "b")]),
        (["a", None, 2], "form", False, [("p", "a,2")]),
        (["a", "b"], "spaceDelimited", False, [("p", "a b")]),
        (["a", "b"], "pipeDelimited", False, [("p", "a|b")]),
        ([{"a": 1}], "form", True, [("p", '{"a": 1}')]),
        ({"a": 1, "b": None, "c": "x"}, "form", True, [("a", "1"), ("c", "x")]),
        ({"a": 1, "c": "x"}, "form", False, [("p", "a,1,c,x")]),
        ({"a": {"b": [1, {"c": False}]}}, "deepObject", True, [("p[a][b][0]", "1"), ("p[a][b][1][c]", "false")]),
        ({"a": None}, "deepObject", True, []),
        ({"a": [1]}, "json", True, [("p", '{"a": [1]}')]),
        ([], "form", True, []),
    ],
)
def test_each_style_writes_a_value_its_way(value, style, explode, expected):
    assert pairs("p", value, style, explode=explode) == expected


def test_a_form_is_percent_encoded():
    assert form([("a b", "ä&="), ("c", "")]) == b"a+b=%C3%A4%26%3D&c="


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("%2e", "%252e"), ("ä", "%C3%A4"), (["a", "b"], "a%2Cb"), (7, "7")],
)
def test_a_segment_of_a_path_keeps_to_itself(value, expected):
    assert segment(value) == expected


def test_an_object_as_text_is_its_names_and_values():
    assert text({"a": 1, "b": None, "c": [1, 2]}) == "a,1,c,1,2"
