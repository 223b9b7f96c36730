"""Builds the use cases of spending."""

from wren_backend.connections.addresses import Addresses
from wren_backend.ground import Ground
from wren_backend.spending.service import SpendingService


def build_spending(ground: Ground, addresses: Addresses) -> SpendingService:
    """Return the use cases of spending."""
    return SpendingService(database=ground.database, clock=ground.clock, addresses=addresses)
