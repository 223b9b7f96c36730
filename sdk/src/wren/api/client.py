"""The server's API in Python: one method for each thing the command line does.

from wren.api.client import Client
from wren.api.profile import current_profile

with Client(current_profile(os.environ)) as client:
    deployed = client.deploy(source, name="daily", metadata=metadata)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from wren.api.log_stream import follow_run
from wren.api.profile import Profile
from wren.api.records import (
    Connection,
    ConnectionStarted,
    Deployed,
    Deployment,
    Health,
    LogLine,
    LogPage,
    OfferedIntegrations,
    Reply,
    Run,
    Spending,
    Undeployed,
    Validation,
)
from wren.api.transport import AnswerInvalid, Transport

_Reply = TypeVar("_Reply", bound=Reply)
_PAGE_ROWS = 200


class Client:
    """Speaks to one server as one user; every method raises the server's WrenError, or ServerUnreachable.

    Args:
        profile: the server and the key.
        options: passed to `Transport`: `correlation_id`, `read_seconds`, `sleep`.
    """

    def __init__(self, profile: Profile, **options: Any) -> None:
        self._transport = Transport(profile, **options)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._transport.url

    @property
    def correlation_id(self) -> str:
        """The id every request of this client carries; the server logs it."""
        return self._transport.correlation_id

    def validate(
        self,
        integrations: Iterable[str],
        *,
        uses_ai: bool = False,
        accounts: Mapping[str, Sequence[str]] | None = None,
    ) -> Validation:
        """Ask whether these integrations are connected, authorised and within quota; names only are sent.

        Args:
            integrations: the names.
            uses_ai: the script asks the connected ai integration besides, whichever that is.
            accounts: the aliases the script names, by integration.
        """
        body: dict[str, Any] = {"integrations": list(integrations)}
        body.update({"uses_ai": True} if uses_ai else {})
        body.update({"accounts": {name: list(aliases) for name, aliases in accounts.items()}} if accounts else {})
        return self._post(Validation, "/v1/integrations/validate", body)

    def deploy(self, script: str, *, name: str | None = None, metadata: Mapping[str, Any] | None = None) -> Deployed:
        """Store a script and register its triggers; under a name that exists it becomes the next version."""
        body: dict[str, Any] = {"script": script}
        body.update({"name": name} if name is not None else {})
        body.update({"metadata": dict(metadata)} if metadata is not None else {})
        return self._post(Deployed, "/v1/scripts/deploy", body)

    def deployments(self) -> list[Deployment]:
        """List all deployments of the workspace, newest first."""
        return self._get_pages(Deployment, "/v1/deployments", "deployments")

    def deployment(self, deployment_id: str) -> Deployment:
        """Return one deployment."""
        return self._get(Deployment, f"/v1/deployments/{_part(deployment_id)}")

    def undeploy(self, deployment_id: str) -> Undeployed:
        """Take a deployment and its triggers away."""
        return self._shaped(Undeployed, self._transport.request("DELETE", f"/v1/deployments/{_part(deployment_id)}"))

    def start_run(
        self, deployment_id: str, *, func: str | None = None, payload: Mapping[str, Any] | None = None
    ) -> Run:
        """Queue a run now; `func` may be left out where one function has triggers."""
        body: dict[str, Any] = {} if func is None else {"func": func}
        body.update({"payload": dict(payload)} if payload is not None else {})
        return self._post(Run, f"/v1/deployments/{_part(deployment_id)}/run", body)

    def runs(self, deployment_id: str | None = None) -> list[Run]:
        """List the latest runs, newest first: of one deployment, or of the workspace."""
        path = f"/v1/deployments/{_part(deployment_id)}/runs" if deployment_id else "/v1/runs"
        return self._get_list(Run, path, "runs")

    def run(self, run_id: str) -> Run:
        """Return one run with its result or error and the calls it made."""
        return self._get(Run, f"/v1/runs/{_part(run_id)}")

    def cancel(self, run_id: str) -> Run:
        """Stop a run."""
        return self._post(Run, f"/v1/runs/{_part(run_id)}/cancel", {})

    def logs(self, run_id: str, *, after: int | None = None) -> LogPage:
        """Return lines of a run's log, those after line `after` where it is given."""
        params = None if after is None else {"after": after}
        return self._get(LogPage, f"/v1/runs/{_part(run_id)}/logs", params)

    def log_text(self, run_id: str) -> str:
        """Return a run's log as plain text."""
        return str(self._transport.request("GET", f"/v1/runs/{_part(run_id)}/logs", text=True))

    def follow(self, run_id: str, *, after: int | None = None) -> Iterator[LogLine | Run]:
        """Yield log lines and states of a run as they come, until it ends; a broken stream is taken up again."""
        return follow_run(self._transport, f"/v1/runs/{_part(run_id)}/logs", after=after)

    def connect(
        self,
        integration: str,
        *,
        alias: str | None = None,
        config: Mapping[str, Any] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> ConnectionStarted:
        """Start a connection: the answer holds the page where a person consents, or is active at once."""
        body: dict[str, Any] = {"integration": integration}
        optional = {"alias": alias, "config": config, "values": values}
        body.update({key: value for key, value in optional.items() if value})
        return self._post(ConnectionStarted, "/v1/connections", body)

    def reauthorize(self, connection_id: str, *, values: Mapping[str, str] | None = None) -> ConnectionStarted:
        """Authorise a connection again, in place: the answer holds the page for a person, or is active at once."""
        path = f"/v1/connections/{_part(connection_id)}/reauthorize"
        return self._post(ConnectionStarted, path, {"values": dict(values)} if values else {})

    def configure(self, connection_id: str, config: Mapping[str, Any]) -> Connection:
        """Replace a connection's configuration."""
        answer = self._transport.request(
            "PATCH", f"/v1/connections/{_part(connection_id)}", body={"config": dict(config)}
        )
        return self._shaped(Connection, answer)

    def connections(self) -> list[Connection]:
        """List the user's connections."""
        return self._get_list(Connection, "/v1/connections", "connections")

    def connection(self, connection_id: str) -> Connection:
        """Return one connection."""
        return self._get(Connection, f"/v1/connections/{_part(connection_id)}")

    def disconnect(self, connection_id: str) -> None:
        """Delete a connection and what is stored of it."""
        self._transport.request("DELETE", f"/v1/connections/{_part(connection_id)}")

    def spending(self, month: str | None = None) -> Spending:
        """Return what models cost in a month such as `2026-03`, the current one if left out."""
        return self._get(Spending, "/v1/spending", None if month is None else {"month": month})

    def set_budget(self, monthly_usd: float | None) -> Spending:
        """Limit what the workspace spends on models in a month; None takes the limit away."""
        answer = self._transport.request("PUT", "/v1/spending/budget", body={"monthly_usd": monthly_usd})
        return self._shaped(Spending, answer)

    def integrations(self) -> OfferedIntegrations:
        """Return what the server offers, and the plugins it could not load."""
        return self._get(OfferedIntegrations, "/v1/integrations")

    def definition(self, integration: str) -> Any:
        """Return the definition of one integration, as JSON."""
        return self._transport.request("GET", f"/v1/definitions/{_part(integration)}")

    def health(self) -> Health:
        """Tell whether the server is alive."""
        return self._get(Health, "/healthz")

    def close(self) -> None:
        """Close the connections to the server."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client {self.url}>"

    def _get(self, shape: type[_Reply], path: str, params: Mapping[str, Any] | None = None) -> _Reply:
        return self._shaped(shape, self._transport.request("GET", path, params=params))

    def _get_list(self, shape: type[_Reply], path: str, key: str) -> list[_Reply]:
        return self._page(shape, path, key, {})[0]

    def _get_pages(self, shape: type[_Reply], path: str, key: str) -> list[_Reply]:
        found, cursor = self._page(shape, path, key, {"limit": _PAGE_ROWS})
        while cursor:
            more, cursor = self._page(shape, path, key, {"limit": _PAGE_ROWS, "cursor": cursor})
            found += more
        return found

    def _page(
        self, shape: type[_Reply], path: str, key: str, params: Mapping[str, Any]
    ) -> tuple[list[_Reply], str | None]:
        answer = self._transport.request("GET", path, params=params)
        if not isinstance(answer, dict) or not isinstance(answer.get(key), list):
            raise self._misshapen(path, f"no list {key!r}")
        return [self._shaped(shape, item) for item in answer[key]], answer.get("next_cursor")

    def _post(self, shape: type[_Reply], path: str, body: Any) -> _Reply:
        return self._shaped(shape, self._transport.request("POST", path, body=body))

    def _shaped(self, shape: type[_Reply], answer: Any) -> _Reply:
        try:
            return shape.model_validate(answer)
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise self._misshapen(shape.__name__, f"{place}: {first['msg']}") from exc

    def _misshapen(self, what: str, reason: str) -> AnswerInvalid:
        return AnswerInvalid(
            f"{self.url} answered in a shape this client does not know ({what}: {reason}); update wren-sdk",
            details={"url": self.url},
        )


def _part(value: str) -> str:
    """Return `value` as one path segment, whatever somebody typed."""
    return quote(value, safe="", errors="replace")
