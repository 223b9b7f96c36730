"""Integrations over HTTP: which are installed, how they are used, and whether the caller can use them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response

from wren_backend.http.auth import CurrentSubject
from wren_backend.http.wire import ANSWERS_OF_API, ANSWERS_TO_BODY, documented
from wren_backend.integrations.schemas import (
    CallerView,
    FailedRead,
    IntegrationDetail,
    IntegrationList,
    IntegrationRead,
    ValidateAnswer,
    ValidateBody,
    ValidationProblem,
)
from wren_backend.integrations.service import IntegrationService
from wren_backend.tenancy.auth import Subject
from wren_core.export.docs import IntegrationDocs
from wren_core.export.rendering import to_markdown

router = APIRouter(prefix="/v1/integrations", tags=["integrations"], responses=ANSWERS_OF_API)


async def integration_service(request: Request) -> IntegrationService:
    """Return the service of this app."""
    service: IntegrationService = request.app.state.services.integrations
    return service


Integrations = Annotated[IntegrationService, Depends(integration_service)]
Name = Annotated[str, Path(description="Name of the integration", examples=["mail"])]


@router.get("", operation_id="list_integrations", summary="List the installed integrations")
def list_integrations(subject: CurrentSubject, service: Integrations) -> IntegrationList:
    """Return the loaded integrations and the failed ones, by name."""
    caller = _view_of(subject, service)
    return IntegrationList(
        integrations=[
            IntegrationRead.of(plugin, service.registry.spec(plugin.name), caller) for plugin in service.loaded()
        ],
        failed=[FailedRead.of(plugin) for plugin in service.failed()],
    )


@router.post(
    "/validate",
    operation_id="validate_integrations",
    summary="Check whether you could run a script with these integrations",
    response_model_exclude_none=True,
    responses=ANSWERS_TO_BODY,
)
def validate_integrations(body: ValidateBody, subject: CurrentSubject, service: Integrations) -> ValidateAnswer:
    """Check that each is loaded, connected, renewable and granted enough, and that there is quota left; always 200."""
    found = service.validate(subject, body.integrations, uses_ai=body.uses_ai, accounts=body.accounts)
    problems = [ValidationProblem.of(error) for error in found]
    warnings = service.warnings(body.integrations)
    return ValidateAnswer(valid=not problems, errors=problems or None, warnings=warnings)


@router.get("/{name}", operation_id="get_integration", summary="Show one integration", responses=documented(404, 409))
def get_integration(name: Name, subject: CurrentSubject, service: Integrations) -> IntegrationDetail:
    """Return an integration with its definition."""
    return IntegrationDetail.from_parts(*service.get(name), _view_of(subject, service))


@router.get(
    "/{name}/docs",
    operation_id="get_integration_docs",
    summary="Read how an integration is used: JSON or Markdown, by the Accept header or `format`",
    response_model=IntegrationDocs,
    responses={200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}, **documented(404, 409)},
)
def get_integration_docs(
    name: Name,
    _subject: CurrentSubject,
    service: Integrations,
    accept: Annotated[str, Header(description="`application/json` or `text/markdown`")] = "application/json",
    as_format: Annotated[
        Literal["json", "markdown"] | None, Query(alias="format", description="Wins over the Accept header")
    ] = None,
) -> Response | IntegrationDocs:
    """Return the documents derived from the integration itself."""
    docs = service.docs(name)
    if as_format == "markdown" or (as_format is None and "text/markdown" in accept):
        return PlainTextResponse(to_markdown(docs), media_type="text/markdown")
    return docs


def _view_of(subject: Subject, service: IntegrationService) -> CallerView:
    return CallerView(addresses=service.addresses, user_id=subject.user_id, connected=service.connected(subject))
