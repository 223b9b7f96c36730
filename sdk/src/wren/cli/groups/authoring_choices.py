"""The choices of `wren plugin new` and `wren plugin check`, for the command line's help."""

from enum import Enum


class Auth(Enum):
    """How users connect an integration."""

    OAUTH2 = "oauth2"
    APIKEY = "apikey"
    BASIC = "basic"
    TOKEN = "token"  # noqa: S105 - the name of a way to connect
    CUSTOM = "custom"
    NONE = "none"


class Type(Enum):
    """The type of an integration."""

    INTEGRATION = "integration"
    AI = "ai"
    DOCUMENTS = "documents"
    DATABASE = "database"


class TierName(Enum):
    """The tiers of `wren plugin check`."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"
