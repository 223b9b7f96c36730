"""The HTTP application: the routers of all features over one set of services."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from wren_backend import health
from wren_backend.connections import browser
from wren_backend.connections import router as connections
from wren_backend.definitions import router as definitions
from wren_backend.deployments import router as deployments
from wren_backend.http.errors import install_error_handlers
from wren_backend.http.guard import HttpGuard
from wren_backend.http.reference_page import add_reference_page
from wren_backend.ids import new_id
from wren_backend.integrations import router as integrations
from wren_backend.messages import router as messages
from wren_backend.runs import router as runs
from wren_backend.services import Services
from wren_backend.spending import router as spending
from wren_backend.tenancy.auth import authenticate

# JSON can need six bytes for one of the script; the rest is for metadata and name.
_BODY_FACTOR = 6
_BODY_REST = 256 * 2**10
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

_TAGS = [
    {"name": "deployments", "description": "Scripts that the platform runs, with their versions and triggers"},
    {"name": "runs", "description": "What was run, how it ended, and what it wrote"},
    {"name": "connections", "description": "Your authorised links to integrations"},
    {"name": "integrations", "description": "What is installed, how it is used, and whether you can use it"},
    {"name": "definitions", "description": "What integrations declare, in the form that is exported and imported"},
    {"name": "messages", "description": "The workspace's own inbox"},
    {"name": "spending", "description": "What models cost, and the budget that limits it"},
    {"name": "operations", "description": "For load balancers, operators and Prometheus; no API key"},
]


def create_app(services: Services) -> FastAPI:
    """Return the application; its lifespan starts and stops the worker and the scheduler."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(services.start)
        try:
            yield
        finally:
            await run_in_threadpool(services.stop)

    app = FastAPI(
        title="Wren",
        summary="Deploy scripts, connect integrations, watch runs",
        version=version("wren-backend"),
        openapi_tags=_TAGS,
        lifespan=lifespan,
        redoc_url=None,
        docs_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    install_error_handlers(app)
    for part in (deployments, runs, connections, browser, integrations, definitions, messages, spending, health):
        app.include_router(part.router)
    add_reference_page(app)
    limit = services.settings.max_script_bytes * _BODY_FACTOR + _BODY_REST
    app.add_middleware(
        HttpGuard,
        limits=services.settings.http.to_limits(),
        script_body_bytes=limit,
        metrics=services.metrics,
        authenticate=lambda key: authenticate(services.database, key, now=services.clock.now()),
    )
    app.add_middleware(
        CorrelationIdMiddleware,
        header_name="X-Correlation-ID",
        generator=lambda: new_id("corr"),
        validator=lambda value: _CORRELATION_ID.fullmatch(value) is not None,
        transformer=None,
    )
    return app
