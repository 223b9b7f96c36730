from pathlib import Path
from typing import Annotated

import pytest

from wren_core import Integration, IntegrationSpec, method
from wren_core.schemas.sample import sample
from wren_core.testing.examples import example_arguments, files_in_example, find_call


def made(example: str) -> type[Integration]:
    class Chat(Integration):
        """Chat."""

        spec = IntegrationSpec(name="chat", display_name="Chat")

        @method(example=example)
        def post(
            self,
            text: Annotated[str, "Text"],
            to: Annotated[list[str] | None, "Whom"] = None,
            path: Annotated[Path | None, "File"] = None,
        ) -> None:
            """Post."""

    return Chat


def arguments(example: str, **known):
    chat = made(example)
    return example_arguments(chat, chat.full_spec().methods[0], {key.replace("__", "."): known[key] for key in known})


@pytest.mark.parametrize(
    "example",
    ['chat.post("Hi")', 'for x in []:\n    chat.post("Hi")', 'print(chat.post(text="Hi"))', "chat.post('Hi')\n"],
)
def test_the_call_in_an_example_is_found_in_any_statement(example):
    assert arguments(example).values == {"text": "Hi"}


@pytest.mark.parametrize("example", ["", "chat.send('Hi')", "chat.post(", "chat.post()", "chat.post(words='Hi')"])
def test_an_example_that_cannot_be_called_has_no_arguments(example):
    assert arguments(example) is None


def test_names_in_an_example_get_the_values_of_the_fake():
    found = arguments("chat.post(old.text, to=[old . author, 'bob'])", old__text="Hello", old__author="ann")

    assert found.values == {"text": "Hello", "to": ["ann", "bob"]}
    assert found.unknown == ()


def test_an_unknown_name_is_reported_and_gets_a_sample():
    found = arguments("chat.post(old.text, to=[old.author, other])")

    assert found.unknown == ("old.text", "old.author", "other")
    assert found.values == {"text": "example", "to": []}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "example"),
        ({"type": "string", "pattern": r"^\d+\.\d+$"}, "1.5"),
        ({"type": "string", "pattern": "@"}, "a@example.com"),
        ({"type": "integer", "minimum": 1}, 1),
        ({"type": "boolean"}, True),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "string", "format": "duration"}, "PT1H"),
        ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000000"),
        ({"type": "string", "format": "unheard-of"}, "example"),
        ({"type": "array", "minItems": 1}, ["example"]),
        ({"$ref": "#/$defs/Kind"}, "1"),
        ({"type": "string", "pattern": "^never$"}, None),
    ],
)
def test_a_sample_fits_its_schema(schema, expected):
    assert sample({"properties": {"x": schema}, "$defs": {"Kind": {"enum": ["1", "2"]}}}, "x") == expected


def test_files_in_an_example_are_found():
    chat = made("chat.post('report.pdf', path='report.pdf')")
    spec = chat.full_spec().methods[0]

    assert list(files_in_example(spec, {"text": "other.txt", "path": "report.pdf"})) == ["report.pdf"]
    assert list(files_in_example(spec, {"path": "folder"})) == []


def test_a_call_of_another_integration_is_ignored():
    chat = made("mail.post('Hi')")

    assert find_call(chat, chat.full_spec().methods[0]) is None
