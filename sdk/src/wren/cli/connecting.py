"""`wren connect`: from an integration's name to an active connection."""

import os
import sys
import time
import webbrowser
from getpass import getpass
from urllib.parse import urlsplit

from wren.cli.exit_codes import UsageInvalid
from wren.cli.screen import Screen
from wren.cli.server import open_client
from wren.client import Client
from wren.wire import Connection, ConnectionStarted
from wren_core.errors import UserFacingConfigError

_POLL_SECONDS = 1.0
_DESKTOP_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY")


def connect_integration(
    integration: str,
    *,
    alias: str | None,
    values: list[str],
    opens_browser: bool,
    wait_seconds: float | None,
    as_json: bool,
) -> None:
    """Start a connection, show the page where a person finishes it, and wait for that."""
    screen = Screen(as_json=as_json)
    given = dict(_read_value(value) for value in values)
    with open_client() as client:
        started = client.connect(integration, alias=alias, values=given)
        is_unfinished = started.status != "active"
        if is_unfinished:
            _show_link(screen, started, opens_browser=opens_browser)
        if wait_seconds is None or not is_unfinished:
            _answer(screen, started)
            return
        connection = _wait(client, started, wait_seconds)
    screen.answer(connection.to_wire())
    account = f" as {connection.account}" if connection.account else ""
    screen.line(f"{connection.integration} is connected{account} ({connection.id}, {connection.alias})", style="green")


def _answer(screen: Screen, started: ConnectionStarted) -> None:
    screen.answer(started.to_wire())
    screen.line(f"{started.integration}: {started.connection_id} is {started.status}")


def _read_value(text: str) -> tuple[str, str]:
    """Return a value's key and text; asks for the text where it is not given, so that it is in no process list."""
    key, separator, value = text.partition("=")
    if not key:
        raise UsageInvalid(f"--value {text!r} names no key; write KEY or KEY=TEXT")
    if separator:
        return key, value
    asked = getpass(f"{key}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not asked:
        raise UsageInvalid(f"no text for --value {key}; type it, or send it on standard input")
    return key, asked


def _show_link(screen: Screen, started: ConnectionStarted, *, opens_browser: bool) -> None:
    if not started.connect_url:
        return
    screen.note(f"connect {started.integration} here: {started.connect_url}", style="bold")
    if opens_browser and not screen.as_json and _has_desktop() and _is_web_page(started.connect_url):
        webbrowser.open(started.connect_url)


def _has_desktop() -> bool:
    """Tell whether a browser would open in a window of its own, not in this terminal."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in _DESKTOP_VARIABLES)


def _is_web_page(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https")


def _wait(client: Client, started: ConnectionStarted, wait_seconds: float) -> Connection:
    """Poll until the connection is active, or something else becomes of it than what it was at the start."""
    deadline = time.monotonic() + wait_seconds
    old_error = (connection := client.connection(started.connection_id)).error
    while connection.status != "active":
        if connection.status != started.status or connection.error != old_error:
            raise _failed(connection, started.connect_url)
        if time.monotonic() >= deadline:
            raise _unfinished(started, wait_seconds)
        time.sleep(_POLL_SECONDS)
        connection = client.connection(started.connection_id)
    return connection


def _unfinished(started: ConnectionStarted, wait_seconds: float) -> UserFacingConfigError:
    return UserFacingConfigError(
        f"{started.integration} was not connected within {wait_seconds:g} s; finish it at the link",
        code="CONNECTION_PENDING",
        action_url=started.connect_url,
        details={"connection_id": started.connection_id},
    )


def _failed(connection: Connection, url: str | None) -> UserFacingConfigError:
    reason = connection.error.get("message") if isinstance(connection.error, dict) else connection.error
    return UserFacingConfigError(
        f"{connection.integration} is not connected: {reason or connection.status}; "
        f"run `wren connect {connection.integration}` again",
        code="CONNECTION_FAILED",
        action_url=url,
        details={"connection_id": connection.id},
    )
