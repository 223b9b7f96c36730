"""The pages a person sees while connecting: without scripts, and with a strict content security policy."""

import secrets
from collections.abc import Mapping
from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.authorization.service import Arrival, Departure, ValuesWanted
from wren_backend.connections.requirements import accepts_token, missing_scopes, typed_credentials
from wren_backend.http.errors import STATUS_BY_CODE, STATUS_BY_TYPE
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import InternalError, WrenError

_SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Where a browser gets another status than an API client.
_STATUS_OF_PAGES = {"OAUTH_FLOW_REFUSED": 400, "INTEGRATION_UNKNOWN": 404}


class Pages:
    """Renders pages and redirects, each with the headers that keep it private."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._templates = Environment(
            loader=PackageLoader("wren_backend.connections.authorization", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
        )

    def start(
        self, spec: IntegrationSpec, *, again: bool, problem: str = "", alias: str = "", status: int = 200
    ) -> Response:
        """Show how to connect, with a form for an API key of Wren."""
        return self._page("start.html", status, spec=spec, again=again, problem=problem, alias=alias)

    def continue_to(self, spec: IntegrationSpec, *, owner: str, url: str) -> Response:
        """Show the connect link."""
        return self._page("continue.html", 200, spec=spec, owner=owner, url=url)

    def values(self, wanted: ValuesWanted, *, link: str, problem: str = "", status: int = 200) -> Response:
        """Ask for credentials."""
        credentials = wanted.spec.credentials if accepts_token(wanted.spec) else typed_credentials(wanted.spec)
        return self._page(
            "values.html",
            status,
            spec=wanted.spec,
            owner=wanted.owner,
            credentials=credentials,
            link=link,
            problem=problem,
        )

    def done(self, arrival: Arrival) -> Response:
        """Show the connection that works now."""
        missing = missing_scopes(arrival.spec, arrival.connection.scopes)
        return self._page(
            "done.html",
            200,
            spec=arrival.spec,
            connection=arrival.connection,
            owner=arrival.owner,
            missing=missing,
        )

    def problem(self, error: WrenError, *, integration: str | None) -> Response:
        """Show what went wrong and how to start again."""
        is_ours = isinstance(error, InternalError)
        message = "The server failed; try again in a moment." if is_ours else error.message
        return self._page(
            "problem.html",
            _status_of(error),
            message=message,
            code=error.code,
            quote=error.details.get("provider_said", ""),
            command=f"wren connect {integration}" if integration else "",
        )

    def depart(self, departure: Departure, *, seconds: float) -> Response:
        """Send the browser to the provider."""
        response = RedirectResponse(departure.url, status_code=303, headers=_SAFE_HEADERS)
        response.set_cookie(
            departure.cookie_name,
            departure.cookie_value,
            max_age=int(seconds),
            path=self._addresses.cookie_path,
            secure=self._addresses.is_https,
            httponly=True,
            samesite="lax",
        )
        return response

    def forget(self, response: Response, cookie: str) -> Response:
        """Delete the flow's cookie."""
        response.delete_cookie(
            cookie,
            path=self._addresses.cookie_path,
            secure=self._addresses.is_https,
            httponly=True,
            samesite="lax",
        )
        return response

    def _page(self, template: str, status: int, **values: Any) -> Response:
        nonce = secrets.token_urlsafe(16)
        content = self._templates.get_template(template).render(nonce=nonce, **values)
        return HTMLResponse(content, status_code=status, headers={**_SAFE_HEADERS, **_content_security_policy(nonce)})


def _content_security_policy(nonce: str) -> Mapping[str, str]:
    directives = (
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return {"Content-Security-Policy": "; ".join(directives)}


def _status_of(error: WrenError) -> int:
    return _STATUS_OF_PAGES.get(error.code) or STATUS_BY_CODE.get(error.code) or STATUS_BY_TYPE[error.type]
