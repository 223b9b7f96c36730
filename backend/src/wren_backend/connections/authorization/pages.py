"""The pages a person sees while connecting: without scripts, and with a strict content security policy."""

import secrets
from collections.abc import Mapping
from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.authorization.departures import Arrival, Departure
from wren_backend.connections.authorization.fields import find_problems, with_answers
from wren_backend.connections.authorization.links import Invitation
from wren_backend.connections.errors import ConnectionTestFailed
from wren_backend.connections.requirements import missing_scopes
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
# Browsers apply form-action to every redirect that follows a form, and a provider redirects among hosts that only it
# knows. Plain http is for providers on this machine and in a private network.
_LEADS_TO_PROVIDERS = " https: http:"
_LONGEST_PROBLEM = 600
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

    def invite(
        self,
        invitation: Invitation,
        *,
        link: str,
        problem: WrenError | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        """Show whose account of what is about to be connected, and ask for what it needs."""
        problems = find_problems(problem) if problem is not None else {}
        return self._page(
            "connect.html",
            422 if problem is not None else 200,
            form_targets=_LEADS_TO_PROVIDERS if invitation.goes_to_provider else "",
            invitation=invitation,
            spec=invitation.spec,
            fields=with_answers(invitation.fields, typed or {}, problems),
            link=link,
            problem=_shorten(problem.message) if problem is not None else "",
            is_test_failed=isinstance(problem, ConnectionTestFailed),
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

    def _page(self, template: str, status: int, *, form_targets: str = "", **values: Any) -> Response:
        nonce = secrets.token_urlsafe(16)
        content = self._templates.get_template(template).render(nonce=nonce, **values)
        return HTMLResponse(
            content, status_code=status, headers={**_SAFE_HEADERS, **_content_security_policy(nonce, form_targets)}
        )


def _content_security_policy(nonce: str, form_targets: str) -> Mapping[str, str]:
    directives = (
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        f"form-action 'self'{form_targets}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return {"Content-Security-Policy": "; ".join(directives)}


def _shorten(text: str) -> str:
    """Return a message that a plugin may have written as one readable text."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable if len(printable) <= _LONGEST_PROBLEM else f"{printable[:_LONGEST_PROBLEM]}…"


def _status_of(error: WrenError) -> int:
    return _STATUS_OF_PAGES.get(error.code) or STATUS_BY_CODE.get(error.code) or STATUS_BY_TYPE[error.type]
