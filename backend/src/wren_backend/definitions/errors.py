"""What can be wrong with definitions."""

from wren_core.errors import UserFacingConfigError


class NameTaken(UserFacingConfigError):
    """An installed distribution offers an integration of that name; nothing may come in its place."""

    code = "DUPLICATE_NAME"
