"""What `wren plugin new` and `wren plugin check` can be told, for the command line's help."""

from enum import Enum


class Auth(Enum):
    """How people connect an integration."""

    OAUTH2 = "oauth2"
    APIKEY = "apikey"
    BASIC = "basic"
    TOKEN = "token"  # noqa: S105 - the name of a way to connect
    CUSTOM = "custom"
    NONE = "none"


class Type(Enum):
    """What an integration is."""

    INTEGRATION = "integration"
    AI = "ai"
    DOCUMENTS = "documents"
    DATABASE = "database"


class TierName(Enum):
    """What `wren plugin check` can ask for."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"
