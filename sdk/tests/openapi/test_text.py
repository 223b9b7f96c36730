import json

import pytest

from wren.openapi.errors import DocumentInvalid
from wren.openapi.text import read_document


def test_json_and_yaml_say_the_same():
    text = "openapi: 3.0.0\npaths: {/a: {get: {responses: {200: {description: ok}}}}}\n"

    found = read_document(text)

    assert found == read_document(json.dumps(found))
    assert list(found["paths"]["/a"]["get"]["responses"]) == ["200"]


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("2024-01-31", "2024-01-31"),
        ("12:30:45", "12:30:45"),
        ("0123", 123),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ("1.4.0", "1.4.0"),
    ],
)
def test_yaml_means_what_json_can_say(scalar, value):
    assert read_document(f"value: {scalar}\n") == {"value": value}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"openapi": "3.0.0",', "is not JSON"),
        ("a: [1\nb: 2", "neither JSON nor YAML"),
        ("just words", "is not an object"),
        ("[1]", "is not an object"),
        ("", "is not an object"),
        ("a: !!python/object:os.system {}", "neither JSON nor YAML"),
        ("a: !!timestamp 2024-01-01", "holds a date"),
        ("[" * 100_000, "too deep"),
        ('{"a":' * 100_000, "too deep"),
        ('{"a": NaN}', "holds a float"),
    ],
)
def test_text_that_is_not_a_document_is_refused(text, said):
    with pytest.raises(DocumentInvalid, match=said):
        read_document(text)


def test_a_few_lines_that_stand_for_billions_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    with pytest.raises(DocumentInvalid, match="aliases"):
        read_document("\n".join(lines), max_nodes=50_000)
