import pytest

from wren_core.terminal import as_line, escape_controls, is_web_link


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext, Grüße €", "plain\n\ttext, Grüße €"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("a\rb\bc\x7f\0", "a\\rb\\x08c\\x7f\\x00"),
        ("user\u202egpj.exe", "user\\u202egpj.exe"),
        ("\u2066\u2069\u200b\ufeff\u2028", "\\u2066\\u2069\\u200b\\ufeff\\u2028"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_could_change_a_terminal_is_escaped(text, shown):
    assert escape_controls(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("it failed\nerror: all is well", "it failed\\nerror: all is well"),
        ("a\tb\x1b[2J", "a\\tb\\x1b[2J"),
        ("x" * 21, "x" * 20 + "... (21 characters)"),
    ],
)
def test_a_text_in_one_line_has_no_line_breaks_and_is_cut(text, shown):
    assert as_line(text, most=20) == shown or as_line(text) == shown


@pytest.mark.parametrize("text", ["https://wren.example/setup?x=1", "http://127.0.0.1:8080/a#b", "https://[::1]/"])
def test_a_web_address_is_a_link(text):
    assert is_web_link(text)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "vscode://x",
        "//evil.example",
        "https://",
        "https://wren.example@evil.example/",
        "https://wren.example/ then run rm",
        "https://wren.example/\x1b[2J",
        "https://wren.example/\u202e",
        "https://[x/",
        "",
    ],
)
def test_any_other_text_is_not_a_link(text):
    assert not is_web_link(text)
