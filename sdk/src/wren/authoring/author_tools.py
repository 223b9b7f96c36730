"""Libraries that only authors need: the extra `wren-sdk[author]`."""

from importlib import import_module
from types import ModuleType

from wren_core.errors import UserFacingConfigError

INSTALL = "pip install 'wren-sdk[author]'"


class AuthorToolsMissing(UserFacingConfigError):
    """A library that only authors need is not installed."""

    code = "AUTHOR_TOOLS_MISSING"


def import_author_tool(name: str) -> ModuleType:
    """Import a library of the extra.

    Raises:
        AuthorToolsMissing: with the command that installs it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as exc:
        raise AuthorToolsMissing(f"{exc.name or name} is not installed here; run `{INSTALL}`") from None
