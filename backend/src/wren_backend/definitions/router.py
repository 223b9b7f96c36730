"""Definitions over HTTP: each with an ETag, so that a client that already has it gets no body."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import Response

from wren_backend.definitions.schemas import DefinitionList, DefinitionRead
from wren_backend.definitions.service import DefinitionService, Document
from wren_backend.http.auth import CurrentSubject
from wren_backend.http.wire import ANSWERS_OF_API, documented
from wren_core.contract.spec import IntegrationType

router = APIRouter(prefix="/v1/definitions", tags=["definitions"], responses=ANSWERS_OF_API)

_UNCHANGED: dict[int | str, dict[str, object]] = {304: {"description": "The client has it: the tag is the same"}}
_TAGGED: dict[int | str, dict[str, object]] = {
    200: {"headers": {"ETag": {"description": "Changes with the content", "schema": {"type": "string"}}}}
}


async def definition_service(request: Request) -> DefinitionService:
    """Return the service of this app."""
    service: DefinitionService = request.app.state.services.definitions
    return service


Definitions = Annotated[DefinitionService, Depends(definition_service)]
IntegrationId = Annotated[str, Path(description="Name of the integration", examples=["mail"])]
Kind = Annotated[IntegrationType | None, Query(alias="type", description="Only integrations of this type")]
IfNoneMatch = Annotated[str, Header(description="Tags the client has; a match is answered by 304")]


@router.get(
    "",
    operation_id="list_definitions",
    summary="List the definitions of all integrations",
    response_model=DefinitionList,
    responses={**_TAGGED, **_UNCHANGED},
)
def list_definitions(
    _subject: CurrentSubject, service: Definitions, kind: Kind = None, if_none_match: IfNoneMatch = ""
) -> Response:
    """Return what each integration declares, by name; what could not be loaded is left out."""
    return _answer(service.list_all(kind), if_none_match)


@router.get(
    "/{integration_id}",
    operation_id="get_definition",
    summary="Export the definition of one integration",
    response_model=DefinitionRead,
    responses={**_TAGGED, **_UNCHANGED, **documented(404, 409)},
)
def get_definition(
    integration_id: IntegrationId, _subject: CurrentSubject, service: Definitions, if_none_match: IfNoneMatch = ""
) -> Response:
    """Return a definition that can be imported without loss."""
    return _answer(service.get(integration_id), if_none_match)


def _answer(document: Document, if_none_match: str) -> Response:
    # Every caller sees the same, but only with a key: shared caches must ask each time.
    headers = {"ETag": f'"{document.tag}"', "Cache-Control": "private, no-cache"}
    if _is_known(if_none_match, document.tag):
        return Response(status_code=304, headers=headers)
    return Response(document.text, media_type="application/json", headers=headers)


def _is_known(if_none_match: str, tag: str) -> bool:
    given = (item.strip().removeprefix("W/").strip('"') for item in if_none_match.split(","))
    return any(item in ("*", tag) for item in given)
