"""Checks of a script's text, before it is described. Pure."""

from wren_backend.storage.storable import storable_text
from wren_core.errors import AgentFixableError


class ScriptTooLarge(AgentFixableError):
    """The script is larger than a deployment may be."""

    code = "SCRIPT_TOO_LARGE"


class ScriptNotText(AgentFixableError):
    """The script is empty, or holds what is not a character."""

    code = "SCRIPT_NOT_TEXT"


def check_script(script: str, *, max_bytes: int) -> None:
    """Refuse a script that cannot be stored.

    Raises:
        ScriptTooLarge: more than `max_bytes` of UTF-8.
        ScriptNotText: it is empty, or holds NUL or a lone surrogate.
    """
    size = len(script.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        raise ScriptTooLarge(f"the script has {size} bytes; {max_bytes} is the most")
    if not script.strip():
        raise ScriptNotText("the script is empty")
    if storable_text(script) != script:
        raise ScriptNotText("the script holds NUL or a lone surrogate, which Python does not read either")
