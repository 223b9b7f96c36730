"""Builds the use cases of integrations."""

from collections.abc import Callable

from wren_backend.connections.build import ConnectionServices
from wren_backend.ground import Ground
from wren_backend.integrations.ai_choice import AIChoice
from wren_backend.integrations.service import IntegrationService
from wren_backend.tenancy.auth import Subject
from wren_core.errors import WrenError


def build_integrations(
    ground: Ground,
    connections: ConnectionServices,
    *,
    find_quota_problem: Callable[[Subject], WrenError | None],
) -> IntegrationService:
    """Return the use cases of integrations; `find_quota_problem` tells what keeps a subject from deploying a script."""
    addresses, credentials = connections.context.addresses, connections.credentials
    return IntegrationService(
        registry=ground.registry,
        credentials=credentials,
        addresses=addresses,
        providers=ground.settings.providers,
        ai=AIChoice(registry=ground.registry, addresses=addresses, connected=credentials.list_connected),
        find_quota_problem=find_quota_problem,
    )
