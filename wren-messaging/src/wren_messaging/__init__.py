"""Messages to the inbox of a Wren workspace."""

from wren_messaging.integration import Messaging

__all__ = ["Messaging"]
