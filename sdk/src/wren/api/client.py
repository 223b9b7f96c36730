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
    ApiConnection,
    ApiConnectionStarted,
    ApiDeployed,
    ApiDeployment,
    ApiHealth,
    ApiIntegrations,
    ApiLogLine,
    ApiLogPage,
    ApiRecord,
    ApiRun,
    ApiSpending,
    ApiUndeployed,
    ApiValidation,
)
from wren.api.transport import AnswerInvalid, Transport

_Reply = TypeVar("_Reply", bound=ApiRecord)
_PAGE_ROWS = 200


class Client:
    """Talks to one server as one user; every method raises the server's WrenError, or ServerUnreachable.

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
    ) -> ApiValidation:
        """Ask whether these integrations are connected, authorised and within quota; names only are sent.

        Args:
            integrations: the names.
            uses_ai: the script also asks the connected ai integration.
            accounts: the aliases the script names, by integration.
        """
        body: dict[str, Any] = {"integrations": list(integrations)}
        body.update({"uses_ai": True} if uses_ai else {})
        body.update({"accounts": {name: list(aliases) for name, aliases in accounts.items()}} if accounts else {})
        return self._post(ApiValidation, "/v1/integrations/validate", body)

    def validate_script(self, script: str, *, name: str) -> ApiValidation:
        """Ask whether a script could be deployed: the server checks it as a deploy does, and stores nothing."""
        return self._post(ApiValidation, "/v1/scripts/validate", {"script": script, "name": name})

    def deploy(
        self,
        script: str,
        *,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        take_over: bool = False,
    ) -> ApiDeployed:
        """Store a script and register its triggers; under a name that exists it becomes the next version.

        With `take_over` also where another user deployed it: its runs then use the accounts of this one.
        """
        body: dict[str, Any] = {"script": script}
        body.update({"name": name} if name is not None else {})
        body.update({"metadata": dict(metadata)} if metadata is not None else {})
        body.update({"take_over": True} if take_over else {})
        return self._post(ApiDeployed, "/v1/scripts/deploy", body)

    def deployments(self) -> list[ApiDeployment]:
        """List all deployments of the workspace, newest first."""
        return self._get_pages(ApiDeployment, "/v1/deployments", "deployments")

    def deployment(self, deployment_id: str) -> ApiDeployment:
        """Return one deployment."""
        return self._get(ApiDeployment, f"/v1/deployments/{_quote_segment(deployment_id)}")

    def undeploy(self, deployment_id: str) -> ApiUndeployed:
        """Remove a deployment and its triggers."""
        return self._parse(
            ApiUndeployed, self._transport.request("DELETE", f"/v1/deployments/{_quote_segment(deployment_id)}")
        )

    def start_run(
        self, deployment_id: str, *, func: str | None = None, payload: Mapping[str, Any] | None = None
    ) -> ApiRun:
        """Queue a run now. `func` is needed unless exactly one function has triggers."""
        body: dict[str, Any] = {} if func is None else {"func": func}
        body.update({"payload": dict(payload)} if payload is not None else {})
        return self._post(ApiRun, f"/v1/deployments/{_quote_segment(deployment_id)}/run", body)

    def runs(self, deployment_id: str | None = None) -> list[ApiRun]:
        """List the latest runs, newest first: of one deployment, or of the workspace."""
        path = f"/v1/deployments/{_quote_segment(deployment_id)}/runs" if deployment_id else "/v1/runs"
        return self._get_list(ApiRun, path, "runs")

    def run(self, run_id: str) -> ApiRun:
        """Return one run with its result or error and the calls it made."""
        return self._get(ApiRun, f"/v1/runs/{_quote_segment(run_id)}")

    def cancel(self, run_id: str) -> ApiRun:
        """Stop a run."""
        return self._post(ApiRun, f"/v1/runs/{_quote_segment(run_id)}/cancel", {})

    def logs(self, run_id: str, *, after: int | None = None) -> ApiLogPage:
        """Return lines of a run's log, those after line `after` where it is given."""
        params = None if after is None else {"after": after}
        return self._get(ApiLogPage, f"/v1/runs/{_quote_segment(run_id)}/logs", params)

    def log_text(self, run_id: str) -> str:
        """Return a run's log as plain text."""
        return str(self._transport.request("GET", f"/v1/runs/{_quote_segment(run_id)}/logs", text=True))

    def follow(self, run_id: str, *, after: int | None = None) -> Iterator[ApiLogLine | ApiRun]:
        """Yield log lines and states of a run as they arrive, until the run ends; a broken stream is resumed."""
        return follow_run(self._transport, f"/v1/runs/{_quote_segment(run_id)}/logs", after=after)

    def connect(
        self,
        integration: str,
        *,
        alias: str | None = None,
        config: Mapping[str, Any] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> ApiConnectionStarted:
        """Start a connection: the answer has the URL of the consent page, or is active at once."""
        body: dict[str, Any] = {"integration": integration}
        optional = {"alias": alias, "config": config, "values": values}
        body.update({key: value for key, value in optional.items() if value})
        return self._post(ApiConnectionStarted, "/v1/connections", body)

    def reauthorize(self, connection_id: str, *, values: Mapping[str, str] | None = None) -> ApiConnectionStarted:
        """Authorise a connection again, in place: the answer has the URL of the consent page, or is active at once."""
        path = f"/v1/connections/{_quote_segment(connection_id)}/reauthorize"
        return self._post(ApiConnectionStarted, path, {"values": dict(values)} if values else {})

    def configure(self, connection_id: str, config: Mapping[str, Any]) -> ApiConnection:
        """Replace a connection's configuration."""
        answer = self._transport.request(
            "PATCH", f"/v1/connections/{_quote_segment(connection_id)}", body={"config": dict(config)}
        )
        return self._parse(ApiConnection, answer)

    def connections(self) -> list[ApiConnection]:
        """List the user's connections."""
        return self._get_list(ApiConnection, "/v1/connections", "connections")

    def connection(self, connection_id: str) -> ApiConnection:
        """Return one connection."""
        return self._get(ApiConnection, f"/v1/connections/{_quote_segment(connection_id)}")

    def disconnect(self, connection_id: str) -> None:
        """Delete a connection and its stored credentials."""
        self._transport.request("DELETE", f"/v1/connections/{_quote_segment(connection_id)}")

    def spending(self, month: str | None = None) -> ApiSpending:
        """Return what models cost in a month such as `2026-03`. Default: the current month."""
        return self._get(ApiSpending, "/v1/spending", None if month is None else {"month": month})

    def set_budget(self, monthly_usd: float | None) -> ApiSpending:
        """Limit what the workspace spends on models in a month; None removes the limit."""
        answer = self._transport.request("PUT", "/v1/spending/budget", body={"monthly_usd": monthly_usd})
        return self._parse(ApiSpending, answer)

    def integrations(self) -> ApiIntegrations:
        """Return what the server offers, and the plugins it could not load."""
        return self._get(ApiIntegrations, "/v1/integrations")

    def definition(self, integration: str) -> Any:
        """Return the definition of one integration, as JSON."""
        return self._transport.request("GET", f"/v1/definitions/{_quote_segment(integration)}")

    def health(self) -> ApiHealth:
        """Tell whether the server is alive."""
        return self._get(ApiHealth, "/healthz")

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
        return self._parse(shape, self._transport.request("GET", path, params=params))

    def _get_list(self, shape: type[_Reply], path: str, key: str) -> list[_Reply]:
        return self._get_page(shape, path, key, {})[0]

    def _get_pages(self, shape: type[_Reply], path: str, key: str) -> list[_Reply]:
        found, cursor = self._get_page(shape, path, key, {"limit": _PAGE_ROWS})
        while cursor:
            more, cursor = self._get_page(shape, path, key, {"limit": _PAGE_ROWS, "cursor": cursor})
            found += more
        return found

    def _get_page(
        self, shape: type[_Reply], path: str, key: str, params: Mapping[str, Any]
    ) -> tuple[list[_Reply], str | None]:
        answer = self._transport.request("GET", path, params=params)
        if not isinstance(answer, dict) or not isinstance(answer.get(key), list):
            raise self._shape_error(path, f"no list {key!r}")
        return [self._parse(shape, item) for item in answer[key]], answer.get("next_cursor")

    def _post(self, shape: type[_Reply], path: str, body: Any) -> _Reply:
        return self._parse(shape, self._transport.request("POST", path, body=body))

    def _parse(self, shape: type[_Reply], answer: Any) -> _Reply:
        try:
            return shape.model_validate(answer)
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise self._shape_error(shape.__name__, f"{place}: {first['msg']}") from exc

    def _shape_error(self, what: str, reason: str) -> AnswerInvalid:
        return AnswerInvalid(
            f"{self.url} answered in a shape this client does not know ({what}: {reason}); update wren-sdk",
            details={"url": self.url},
        )


def _quote_segment(value: str) -> str:
    """Return `value` as one path segment, with every special character quoted."""
    return quote(value, safe="", errors="replace")
