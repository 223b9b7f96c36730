"""Builds the use cases of definitions."""

from wren_backend.definitions.service import DefinitionService
from wren_backend.ground import Ground


def build_definitions(ground: Ground) -> DefinitionService:
    """Return the use cases of definitions."""
    return DefinitionService(ground.registry)
