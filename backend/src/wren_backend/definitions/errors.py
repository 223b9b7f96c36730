"""Errors of definitions."""

from wren_core.errors import UserFacingConfigError


class IntegrationNameTaken(UserFacingConfigError):
    """An installed distribution offers an integration of that name, which a definition may not replace."""

    code = "DUPLICATE_NAME"
