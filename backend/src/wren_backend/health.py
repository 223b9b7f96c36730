"""Liveness, readiness and metrics: for load balancers, operators and Prometheus."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from wren_backend.executor.limit_strength import describe_limits
from wren_backend.http.auth import key_of_header
from wren_backend.http.wire import ResponseBody
from wren_backend.services import Services
from wren_backend.storage.database import Database
from wren_backend.storage.disk import find_disk_problem
from wren_backend.storage.migration import current_revision, head_revision
from wren_backend.tenancy.auth import authenticate, has_key_form
from wren_core.plugins.policy import REFUSAL_CODES
from wren_core.terminal import as_line

router = APIRouter(tags=["operations"])
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Health(ResponseBody):
    """Liveness: the process answers."""

    status: str


class PluginFailure(ResponseBody):
    """One plugin that is installed and could not be loaded."""

    name: str
    distribution: str
    code: str
    reason: str | None
    """The plugin's own words; shown to callers with an API key."""


class UnconfiguredIntegration(ResponseBody):
    """One integration that no user can connect before the operator sets variables."""

    integration: str
    variables: list[str]


class Readiness(ResponseBody):
    """Whether the process can do its work; each check has `ok` and, where it failed, a reason."""

    status: str
    checks: dict[str, dict[str, Any]]
    failed_plugins: list[PluginFailure]
    unconfigured: list[UnconfiguredIntegration]


@router.get("/healthz", operation_id="health", summary="Check that the process is alive")
async def health() -> Health:  # in the event loop: it needs no thread, and answers while all are taken
    """Return 200 as long as the process answers at all; restart it when it does not."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="readiness",
    summary="Check whether the process can do its work, check by check",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not ready: a check failed"}},
)
def readiness(request: Request) -> JSONResponse:
    """Return 200 when every check passes, else 503; what failed or is not configured is shown and does not count."""
    services: Services = request.app.state.services
    is_known = _run_check(lambda: {"ok": _has_valid_key(request, services)})["ok"]
    checks = {
        "database": _run_check(lambda: _check_database(services.database)),
        "disk": _run_check(lambda: _check_disk(services.settings.data_dir)),
        "sandbox": _run_check(lambda: _check_sandbox(services)),
        "worker": {"ok": services.worker.is_alive()},
        "scheduler": {"ok": services.scheduler.is_alive()},
    }
    failed = [
        PluginFailure(
            name=as_line(item.name),
            distribution=as_line(item.distribution),
            code=item.code,
            reason=item.reason if is_known else None,
        )
        for item in services.registry.failed.values()
        if item.code not in REFUSAL_CODES  # the operator's own choice: not a failure
    ]
    is_ready = all(check["ok"] for check in checks.values())
    unconfigured = [
        UnconfiguredIntegration(integration=name, variables=variables)
        for name, variables in services.integrations.unconfigured.items()
    ]
    status = "ready" if is_ready else "not ready"
    body = Readiness(status=status, checks=checks, failed_plugins=failed, unconfigured=unconfigured)
    return JSONResponse(body.model_dump(), status_code=200 if is_ready else 503)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Read metrics in Prometheus' text format",
    response_class=PlainTextResponse,
)
def metrics(request: Request) -> Response:
    """Return what this process has counted since it started."""
    services: Services = request.app.state.services
    return Response(services.metrics.render(), media_type=_METRICS_TYPE)


def _has_valid_key(request: Request, services: Services) -> bool:
    key = key_of_header(request.headers.get("authorization", ""))
    return has_key_form(key) and authenticate(services.database, key, now=services.clock.now()) is not None


def _run_check(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return check()
    except Exception as exc:  # noqa: BLE001 - a check that raises has failed
        return {"ok": False, "reason": type(exc).__name__}


def _check_database(database: Database) -> dict[str, Any]:
    revision = current_revision(database)
    return {"ok": revision == head_revision(), "revision": revision}


def _check_disk(folder: Path) -> dict[str, Any]:
    problem = find_disk_problem(folder)
    return {"ok": problem is None, "reason": problem or ""}


def _check_sandbox(services: Services) -> dict[str, Any]:
    sandbox = services.sandbox
    status = sandbox.status()
    return {
        "ok": status.available,
        "isolation": sandbox.isolation,
        "reason": status.reason,
        "landlock_abi": status.landlock_abi,
        "limits": describe_limits(services.settings.limits.to_limits(), sandbox.isolation),
    }
