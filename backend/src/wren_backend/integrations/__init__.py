"""The installed integrations, as programs of an operator ask for them by documented names."""

from wren_backend.integrations.installed import get_integration, list_integrations

__all__ = ["get_integration", "list_integrations"]
