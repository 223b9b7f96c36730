"""Builds the use cases of messages."""

from wren_backend.ground import Ground
from wren_backend.messages.service import MessageService


def build_messages(ground: Ground) -> MessageService:
    """Return the use cases of messages."""
    return MessageService(database=ground.database, clock=ground.clock, cursors=ground.cursors)
