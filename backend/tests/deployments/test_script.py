import pytest

from wren_backend.deployments.script import check_script


@pytest.mark.parametrize("script", ["x = 1\n", "# ü 😀\n", "x" * 1000, "\ufeffx = 1"])
def test_text_that_fits_is_let_through(script):
    check_script(script, max_bytes=1000)


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        ("", "SCRIPT_NOT_TEXT", "the script is empty"),
        (" \n\t", "SCRIPT_NOT_TEXT", "the script is empty"),
        ("x = 1\x00", "SCRIPT_NOT_TEXT", "the script holds NUL or a lone surrogate, which Python does not read either"),
        ("# \ud800", "SCRIPT_NOT_TEXT", "the script holds NUL or a lone surrogate, which Python does not read either"),
        ("x" * 1001, "SCRIPT_TOO_LARGE", "the script has 1001 bytes; 1000 is the most"),
        ("ü" * 501, "SCRIPT_TOO_LARGE", "the script has 1002 bytes; 1000 is the most"),
    ],
)
def test_what_no_version_can_hold_is_refused(script, code, message):
    with pytest.raises(Exception, match=message) as caught:
        check_script(script, max_bytes=1000)

    assert (caught.value.type, caught.value.code) == ("AgentFixableError", code)
