"""The addresses a person's browser visits: `/integrations/{name}/setup`, `/callback` and `/reauthorize`.

Pages redirect to the provider alone, so none takes the address of a next page.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from wren_backend.connections.authorization.departures import Departure
from wren_backend.connections.authorization.links import Submission
from wren_backend.connections.build import ConnectionServices, services_of
from wren_backend.connections.errors import ConnectionTestFailed, CredentialsInvalid, FlowRefused
from wren_backend.connections.oauth.flow import cookie_name, read_callback
from wren_backend.connections.schemas import is_alias
from wren_backend.tenancy.auth import authenticate
from wren_core.errors import ConfigInvalid, WrenError

_MAX_FORM_BYTES = 128 * 1024
_MAX_FIELDS = 100
# Names that other software uses for the next page; a client that sends one expects a redirect, which is refused.
_ONWARD = frozenset({"next", "return_to", "redirect", "redirect_uri", "redirect_to", "url"})
_CAN_BE_CORRECTED = (CredentialsInvalid, ConfigInvalid, ConnectionTestFailed)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """Answers failures with a page instead of JSON."""

    def get_route_handler(self) -> Handler:
        """Return the handler."""
        handle = super().get_route_handler()

        async def handle_with_pages(request: Request) -> Response:
            try:
                _refuse_onward(request)
                return await handle(request)
            except WrenError as exc:
                return _problem(await services_of(request), request.path_params.get("name"), exc)

        return handle_with_pages


router = APIRouter(prefix="/integrations/{name}", route_class=PageRoute, include_in_schema=False)
Services = Annotated[ConnectionServices, Depends(services_of)]


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a posted form: limited in size, and only from Wren's own pages."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise FlowRefused("the form was sent from another site")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _MAX_FORM_BYTES:
            raise FlowRefused("the form is too large")
    try:
        fields = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise FlowRefused("the form cannot be read") from None
    return dict(fields)


Form = Annotated[Mapping[str, str], Depends(read_form)]


@router.api_route("/setup", methods=["GET", "HEAD"])
def open_setup(name: str, request: Request, services: Services) -> Response:
    """Show what a connect link is for, or how to get one; changes nothing."""
    return _open(name, request, services, again=False)


@router.api_route("/reauthorize", methods=["GET", "HEAD"])
def open_reauthorize(name: str, request: Request, services: Services) -> Response:
    """Show what a connect link is for, or how to get one; changes nothing."""
    return _open(name, request, services, again=True)


@router.post("/setup")
def submit_setup(name: str, request: Request, form: Form, services: Services) -> Response:
    """Use a link up, or take an API key of Wren to make one."""
    return _submit(name, request, form, services, again=False)


@router.post("/reauthorize")
def submit_reauthorize(name: str, request: Request, form: Form, services: Services) -> Response:
    """Use a link up, or take an API key of Wren to make one."""
    return _submit(name, request, form, services, again=True)


@router.get("/callback")
def take_callback(name: str, request: Request, services: Services) -> Response:
    """Take the provider's answer."""
    answer = read_callback(request.query_params.multi_items())
    try:
        page = services.pages.done(services.authorization.finish(name, answer, request.cookies))
    except WrenError as exc:
        page = _problem(services, name, exc)
    return services.pages.forget(page, cookie_name(answer.state))


def _open(name: str, request: Request, services: ConnectionServices, *, again: bool) -> Response:
    link = request.query_params.get("link")
    if link is None:
        return services.pages.start(services.context.registry.spec(name), again=again)
    return services.pages.invite(services.links.open(name, link), link=link)


def _submit(
    name: str, request: Request, form: Mapping[str, str], services: ConnectionServices, *, again: bool
) -> Response:
    link = form.get("link") or request.query_params.get("link")
    if link and "wren_key" not in form:
        return _submit_link(name, link, form, services)
    return _submit_key(name, request, form, services, again=again)


def _submit_link(name: str, link: str, form: Mapping[str, str], services: ConnectionServices) -> Response:
    submission = Submission(fields=form, is_test_skipped="untested" in form)
    try:
        done = services.links.submit(name, link, submission)
    except _CAN_BE_CORRECTED as exc:
        return services.pages.invite(services.links.open(name, link), link=link, problem=exc, typed=form)
    if isinstance(done, Departure):
        return services.pages.depart(done, seconds=services.context.state_lifetime.total_seconds())
    return services.pages.done(done)


def _submit_key(
    name: str, request: Request, form: Mapping[str, str], services: ConnectionServices, *, again: bool
) -> Response:
    spec, alias, now = services.context.registry.spec(name), form.get("alias", "").strip(), services.context.clock.now()
    caller = request.client.host if request.client else ""
    services.attempts.check(caller, now=now)
    if alias and not is_alias(alias):
        problem = "an alias has lower-case letters, digits, - and _"
        return services.pages.start(spec, again=again, problem=problem, status=422)
    subject = authenticate(services.context.database, form.get("wren_key", "").strip(), now=now)
    if subject is None:
        services.attempts.fail(caller, now=now)
        problem = "this API key is unknown, expired or revoked"
        return services.pages.start(spec, again=again, problem=problem, alias=alias, status=401)
    link = services.connections.link(subject, spec.name, alias=alias or None).link or ""
    return services.pages.invite(services.links.open(name, link), link=link)


def _refuse_onward(request: Request) -> None:
    if _ONWARD.intersection(request.query_params):
        raise FlowRefused("this page redirects nowhere; leave the address of the next page out")


def _problem(services: ConnectionServices, name: object, exc: WrenError) -> Response:
    known = name if isinstance(name, str) and name in services.context.registry else None
    return services.pages.problem(exc, integration=known)
