import ast

import pytest

from wren.stubs.declaration import Argument, camel_case, write_class, write_docstring, write_function, write_typed_dict

TEXT = Argument(name="text", annotation="str", description="What to say")
LIMIT = Argument(name="limit", annotation="int", default="5", keyword_only=True)


def test_a_method_is_written_with_its_parameters_and_their_words():
    written = write_function("say", [TEXT, LIMIT], "None", "Say something.", 'mail.say("x")')

    assert written == (
        "def say(self, text: str, *, limit: int = 5) -> None:\n"
        '    """Say something.\n\n    Args:\n        text: What to say\n\n    Example:\n        mail.say("x")\n    """'
    )


def test_a_long_head_takes_a_line_for_each_parameter():
    many = [Argument(name=f"parameter_{number}", annotation="str | None", default="None") for number in range(5)]

    written = write_function("say", many, "None", "Say.")

    assert written.startswith("def say(\n    self,\n    parameter_0: str | None = None,\n")
    assert max(map(len, written.splitlines())) < 60
    ast.parse(written)


@pytest.mark.parametrize(
    "text",
    [
        'ends with "',
        'ends with \\\\"',
        'a """ in it',
        "a \\ and \\n",
        "two\nlines",
        '"""',
        "tab\there",
        "Straße - 日本",
    ],
)
def test_a_docstring_says_exactly_the_text(text):
    module = ast.parse(write_class("X", "", text, []))

    assert ast.get_docstring(module.body[0], clean=True) == text.strip().expandtabs()
    ast.parse(write_docstring(text))


def test_a_class_without_anything_is_still_a_class():
    assert write_class("X", "Y", "", []) == "class X(Y):\n    ..."


def test_a_key_that_is_not_a_name_makes_a_call_of_typed_dict():
    assert write_typed_dict("X", "TypedDict", "", {"a": "int"}) == "class X(TypedDict):\n    a: int"
    assert write_typed_dict("X", "TypedDict", "", {"from": "str", "x-id": "int"}) == (
        "X = TypedDict('X', {'from': str, 'x-id': int})"
    )


def test_words_become_the_name_of_a_class():
    assert camel_case("line_item", "x-y.z", "List") == "LineItemXYZList"
