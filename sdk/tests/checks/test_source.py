import pytest

from wren.checks.finding import Code
from wren.checks.source import MAX_BYTES, ScriptUnreadable, Source, parse_script, read_script
from wren_core.protocol.findings import ScriptFinding


def refusal(content: bytes) -> ScriptFinding:
    found = parse_script(content, "daily.py")
    assert isinstance(found, ScriptFinding)
    return found


def test_a_script_that_parses_keeps_its_text():
    source = parse_script("x = 'ä'\r\ny = 2\n".encode(), "daily.py")

    assert isinstance(source, Source)
    assert source.text == "x = 'ä'\r\ny = 2\n"


def test_a_byte_order_mark_is_dropped():
    source = parse_script(b"\xef\xbb\xbfx = 1\n", "daily.py")

    assert isinstance(source, Source)
    assert source.text == "x = 1\n"


def test_a_syntax_error_has_line_and_column():
    found = refusal(b"x = 1\ndef f(:\n")

    assert (found.code, found.place) == (Code.SYNTAX_ERROR, "daily.py:2:7")
    assert found.hint == "in: def f(:"


def test_what_only_the_compiler_refuses_is_found_too():
    found = refusal(b"x = 1\nreturn x\n")

    assert (found.code, found.line) == (Code.SYNTAX_ERROR, 2)
    assert "return" in found.message


def test_a_script_of_one_mebibyte_is_taken_and_one_byte_more_is_not():
    fitting = b"#" * MAX_BYTES

    assert isinstance(parse_script(fitting, "daily.py"), Source)
    assert refusal(fitting + b"#").code == Code.SCRIPT_TOO_LARGE


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xef\xbb\xbf\n"])
def test_an_empty_script_is_reported_as_empty(content):
    assert refusal(content).code == Code.SCRIPT_EMPTY


def test_a_nul_byte_is_named_with_its_line():
    found = refusal(b"x = 1\ny = '\0'\n")

    assert (found.code, found.line) == (Code.SCRIPT_NUL, 2)


def test_text_that_is_not_utf8_is_named_with_its_line():
    found = refusal(b"x = 1\ny = '\xe4'\n")

    assert (found.code, found.line) == (Code.SCRIPT_NOT_UTF8, 2)
    assert "0xe4" in found.message


def test_nesting_beyond_the_compiler_is_a_finding_and_no_crash():
    found = refusal(b"x = " + b"(" * 5000 + b")" * 5000)

    assert found.code == Code.SYNTAX_ERROR


def test_an_unknown_escape_in_a_string_is_not_an_error():
    assert isinstance(parse_script(b"x = '\\d'\n", "daily.py"), Source)


def test_columns_count_characters_and_not_bytes():
    source = parse_script("x = 'äöü'; y\n".encode(), "daily.py")

    assert isinstance(source, Source)
    assert source.column(1, len("x = 'äöü'; ".encode())) == 12


def test_lines_end_where_python_ends_them():
    source = parse_script("x = '\x0c\u2028'\r\ny = 'ä'; z\n".encode(), "daily.py")

    assert isinstance(source, Source)
    assert source.column(2, len("y = 'ä'; ".encode())) == 10


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ScriptUnreadable, match=r"nowhere\.py"):
        read_script(tmp_path / "nowhere.py")


def test_a_folder_is_not_a_script(tmp_path):
    with pytest.raises(ScriptUnreadable):
        read_script(tmp_path)


def test_no_more_is_read_than_can_be_deployed(tmp_path):
    (tmp_path / "big.py").write_bytes(b"#" * (MAX_BYTES + 100))

    assert len(read_script(tmp_path / "big.py")) == MAX_BYTES + 1
