"""Connections over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from wren_backend.connections.build import ConnectionServices, services_of
from wren_backend.connections.schemas import (
    ConnectAnswer,
    ConnectBody,
    ConnectionChange,
    ConnectionList,
    ConnectionRead,
    DisconnectAnswer,
    ReauthorizeBody,
    reveal_values,
)
from wren_backend.connections.service import ConnectionService
from wren_backend.http.auth import CurrentSubject
from wren_backend.http.wire import ANSWERS_OF_API, ANSWERS_TO_BODY, documented

router = APIRouter(prefix="/v1/connections", tags=["connections"], responses=ANSWERS_OF_API)


async def connection_service(services: Annotated[ConnectionServices, Depends(services_of)]) -> ConnectionService:
    """Return the service of this app."""
    return services.connections


Connections = Annotated[ConnectionService, Depends(connection_service)]
ConnectionId = Annotated[str, Path(description="Id of the connection", examples=["conn_5mVbQ9tLw2Ye"])]


@router.post(
    "",
    operation_id="create_connection",
    summary="Connect an integration, or get the link where a person does",
    status_code=201,
    response_model_exclude_none=True,
    responses={**ANSWERS_TO_BODY, **documented(409)},
)
def create_connection(body: ConnectBody, subject: CurrentSubject, service: Connections) -> ConnectAnswer:
    """Make a connection: active where its credentials came along, else pending with a connect link."""
    return ConnectAnswer.of(service.create(subject, body.to_request()))


@router.get("", operation_id="list_connections", summary="List your connections")
def list_connections(subject: CurrentSubject, service: Connections) -> ConnectionList:
    """Return the caller's connections, by integration and alias."""
    return ConnectionList(connections=[ConnectionRead.of(row) for row in service.list_all(subject)])


@router.get("/{connection_id}", operation_id="get_connection", summary="Show one connection", responses=documented(404))
def get_connection(connection_id: ConnectionId, subject: CurrentSubject, service: Connections) -> ConnectionRead:
    """Return a connection of the caller."""
    return ConnectionRead.of(service.get(subject, connection_id))


@router.patch(
    "/{connection_id}",
    operation_id="change_connection",
    summary="Change a connection's alias or configuration",
    responses={**ANSWERS_TO_BODY, **documented(404, 409)},
)
def change_connection(
    connection_id: ConnectionId, body: ConnectionChange, subject: CurrentSubject, service: Connections
) -> ConnectionRead:
    """Change what the body names and return the connection."""
    return ConnectionRead.of(service.change(subject, connection_id, alias=body.alias, config=body.config))


@router.post(
    "/{connection_id}/reauthorize",
    operation_id="reauthorize_connection",
    summary="Authorise a connection again, in place",
    response_model_exclude_none=True,
    responses={**ANSWERS_TO_BODY, **documented(404, 409)},
)
def reauthorize_connection(
    connection_id: ConnectionId, subject: CurrentSubject, service: Connections, body: ReauthorizeBody | None = None
) -> ConnectAnswer:
    """Replace the credentials by those given, or return the link where a person authorises the same connection."""
    values = reveal_values(body.values) if body else None
    return ConnectAnswer.of(service.reauthorize(subject, connection_id, values=values))


@router.delete(
    "/{connection_id}", operation_id="disconnect", summary="Disconnect permanently", responses=documented(404)
)
def disconnect(connection_id: ConnectionId, subject: CurrentSubject, service: Connections) -> DisconnectAnswer:
    """Destroy the stored credentials, revoke them at the provider, and return its outcome."""
    return DisconnectAnswer.of(service.disconnect(subject, connection_id))
