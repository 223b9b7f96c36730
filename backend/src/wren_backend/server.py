"""One process with everything in it: services, application and HTTP server."""

import errno
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

import uvicorn

from wren_backend.app import create_app
from wren_backend.build import build_services
from wren_backend.http.limits import HttpLimits
from wren_backend.http.protocol import limited_protocol
from wren_backend.services import Services
from wren_backend.settings import Settings
from wren_backend.tenancy.auth import bootstrap
from wren_core.errors import UserFacingConfigError
from wren_core.plugins.policy import REFUSAL_CODES
from wren_core.terminal import as_line

# Files, pipes and connections of the database, of runs and of integrations.
_LEAST_RESERVED = 40
_LEAST_CONNECTIONS = 8
_WANTED_DESCRIPTORS = 2048
# What a plugin gives as its reason is shown in one line of the operator's terminal.
_MAX_LINE = 800


class PortTaken(UserFacingConfigError):
    """Another process listens on the address."""

    code = "PORT_TAKEN"


class AddressUnusable(UserFacingConfigError):
    """The system does not let this process listen on the address."""

    code = "ADDRESS_UNUSABLE"


def run_server(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Build the backend, report it to the operator, and serve until a signal arrives.

    Args:
        settings: read once, by `main`.
        say: shows one line to the operator.

    Raises:
        WrenError: the server must not start; the message names the fix.
    """
    services = build_services(settings)
    config = uvicorn.Config(
        create_app(services),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Live log streams do not end by themselves: the process waits this long for them.
        timeout_graceful_shutdown=5,
        http=limited_protocol(fit_descriptors(settings.http.to_limits(), _open_descriptors())),
        ws="none",
    )
    try:
        listener = config.bind_socket()
    except SystemExit as exc:  # uvicorn's form of the system's error
        raise _listen_error(settings, exc.__context__) from None
    _report_start(services, say)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit_cleanly)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        listener.close()


def fit_descriptors(limits: HttpLimits, descriptors: int) -> HttpLimits:
    """Return the limits with no more connections than the process can open, and some left for all other work."""
    reserved = max(_LEAST_RESERVED, descriptors // 4)
    most = min(limits.connections, max(_LEAST_CONNECTIONS, descriptors - reserved))
    return replace(
        limits,
        connections=most,
        connections_per_address=min(limits.connections_per_address, most),
        connections_per_workspace=min(limits.connections_per_workspace, max(1, most // 2)),
    )


def _open_descriptors() -> int:
    """Return how many files this process may open; first raise that as far as connections need and the system lets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _WANTED_DESCRIPTORS
    wanted = _WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_WANTED_DESCRIPTORS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def _listen_error(settings: Settings, reason: BaseException | None) -> UserFacingConfigError:
    place = f"{settings.host}:{settings.port}"
    if not isinstance(reason, OSError) or reason.errno == errno.EADDRINUSE:
        return PortTaken(f"{place} is in use; choose another with --port")
    return AddressUnusable(f"{place} cannot be listened on: {reason.strerror}; choose another with --host or --port")


def _exit_cleanly(_number: int, _frame: object) -> None:
    """Exit with 0. uvicorn handles the signals while it serves, and raises them again after its shutdown."""
    sys.exit(0)


def _report_start(services: Services, say: Callable[[str], None]) -> None:
    first = bootstrap(services.database, now=services.clock.now())
    settings, status = services.settings, services.sandbox.status()
    say(f"Wren listens on {settings.address}")
    say(f"  data       {settings.data_dir}")
    say(f"  sandbox    {services.sandbox.isolation}" + (f": {status.reason}" if status.reason else ""))
    say(f"  plugins    {', '.join(services.registry.names()) or 'none'}")
    for failed in services.registry.failed.values():
        word = "refused   " if failed.code in REFUSAL_CODES else "failed    "
        say(
            as_line(f"  {word} {failed.name} ({failed.distribution} {failed.version}): {failed.reason}", most=_MAX_LINE)
        )
    if first is not None:
        say(f"  first API key, shown this once: {first.plain.get_secret_value()}")
        say(f"  next       wren login --url {settings.address}")
