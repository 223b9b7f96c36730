"""The reference pages are current, whole, and describe every public name of the contract."""

import re

import pytest

import wren_core
from reference.docstrings import docstring_of, to_markdown
from reference.pages import PAGES, read_stored
from wren_core import testing
from wren_core.testing.rules.registry import RULES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_docstrings_say(name):
    assert read_stored(name) == PAGES[name].text, "write them again with `nox -s reference`"


def test_every_public_name_of_the_contract_and_of_the_kit_is_on_a_page():
    described = {name for page in PAGES.values() for name in page.objects}

    assert set(wren_core.__all__) - described == set()
    assert set(testing.__all__) - described == set()
    assert [rule.id for rule in RULES if f"## `{rule.id}`" not in PAGES["rules.md"].text] == []


def test_every_object_and_every_field_on_a_page_is_described():
    silent = [
        f"{name}: {line}" for name, page in PAGES.items() for line in page.text.splitlines() if line.endswith("|  |")
    ]
    undocumented = [name for page in PAGES.values() for name, item in page.objects.items() if not docstring_of(item)]

    assert (silent, undocumented) == ([], [])


def test_every_function_on_a_page_is_described():
    pages = "\n".join(page.text for page in PAGES.values())
    sections = re.split(r"^#{2,3} ", pages, flags=re.MULTILINE)[1:]
    silent = [
        section.partition("\n")[0]
        for section in sections
        if not re.sub(r"```python\n.*?```", "", section.partition("\n")[2], flags=re.DOTALL).strip()
    ]

    assert silent == []


def test_a_page_does_not_depend_on_the_version_of_python():
    assert [name for name, page in PAGES.items() if "Optional[" in page.text or " object at 0x" in page.text] == []


def test_sections_of_a_docstring_become_lists_and_code():
    text = to_markdown(
        "Do it.\n\nArgs:\n    what: the thing,\n        at length.\n\nReturns:\n    How often.\n\n"
        "Raises:\n    ValueError: it cannot.\n\nExample:\n    do(1)\n    if x:\n        do(2)"
    )

    assert text == (
        "Do it.\n\nArguments:\n\n- `what`: the thing, at length.\n\nReturns: How often.\n\n"
        "Raises:\n\n- `ValueError`: it cannot.\n\n```python\ndo(1)\nif x:\n    do(2)\n```"
    )
