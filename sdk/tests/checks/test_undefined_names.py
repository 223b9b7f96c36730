import pytest

from wren.checks.finding import Code
from wren.checks.source import parse_script
from wren.checks.undefined_names import check_names


def found(text: str) -> list[tuple[str, int, int]]:
    return [(item.code.value, item.line, item.column) for item in check_names(parse_script(text.encode(), "daily.py"))]


def test_an_undefined_name_is_found_inside_a_function():
    assert found("def daily():\n    print(totl)\n") == [(Code.UNDEFINED_NAME, 2, 11)]


def test_the_nearest_defined_name_is_offered():
    text = "total = 1\ndef daily():\n    print(totl)\n"

    [finding] = check_names(parse_script(text.encode(), "daily.py"))

    assert finding.hint == "did you mean 'total'?"


def test_a_trigger_of_an_undefined_function_is_found():
    assert found('import wren\nwren.on_schedule("@daily")(dailly)\n') == [(Code.UNDEFINED_NAME, 2, 28)]


@pytest.mark.parametrize(
    "text",
    [
        "def a():\n    return b()\ndef b(): ...\n",
        "print(__file__, __name__)\n",
        "try:\n    fancy\nexcept NameError:\n    fancy = 1\n",
        "def f(*rows, **more):\n    return [row for row in rows if (n := row)], more, n\n",
        "import os.path\nprint(os.path)\n",
        "class A:\n    x: 'A'\n    def f(self): return __class__\n",
        "match 1:\n    case {'a': a, **rest}:\n        print(a, rest)\n",
    ],
)
def test_names_python_would_find_are_not_reported(text):
    assert found(text) == []


def test_a_local_used_before_it_is_assigned_is_found():
    assert found("total = 1\ndef f():\n    print(total)\n    total = 2\n") == [(Code.UNDEFINED_NAME, 3, 11)]


def test_a_function_that_replaces_another_is_a_warning():
    [finding] = check_names(parse_script(b"def daily(): ...\ndef daily(): ...\n", "daily.py"))

    assert (finding.code, finding.severity, finding.line) == (Code.FUNCTION_REDEFINED, "warning", 2)
    assert "line 1" in finding.message
