"""`wren connect`."""

import json
import os
import sys
import webbrowser
from collections.abc import Mapping
from getpass import getpass
from typing import Any

from wren.api.client import Client
from wren.api.records import ApiConnection, ApiConnectionStarted
from wren.cli.commands.connection_wait import wait_until_connected
from wren.cli.exit_codes import UsageInvalid
from wren.cli.screen import Screen
from wren.cli.server import open_client
from wren_core.errors import error_from_wire
from wren_core.terminal import is_web_link

_DEFAULT_ALIAS = "default"
_DESKTOP_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY")
# The server's codes for a connection that a person must authorise again.
_CURED_BY_A_PERSON = frozenset(
    {"CONNECTION_NEEDS_REAUTH", "INTEGRATION_NOT_CONFIGURED", "OAUTH_SCOPE_MISSING", "OAUTH_TOKEN_EXPIRED"}
)


def connect_integration(
    integration: str,
    *,
    alias: str | None,
    values: list[str],
    settings: list[str],
    again: bool,
    opens_browser: bool,
    wait_seconds: float | None,
    as_json: bool,
) -> None:
    """Connect an integration: a working connection is kept, a broken one is authorised again.

    Args:
        integration: its name.
        alias: the name of the connection; needed where the user has several.
        values: credentials as typed, `KEY=TEXT` or `KEY`.
        settings: configuration as typed, `KEY=VALUE`; the connection's other settings are kept.
        again: authorise a working connection again.
        opens_browser: open the page where a person consents.
        wait_seconds: how long to wait for the consent; None prints the link and returns.
        as_json: print JSON.
    """
    screen = Screen(as_json=as_json)
    given, config = dict(map(_read_value, values)), dict(map(_read_setting, settings))
    with open_client() as client:
        existing = _find_connection(client, integration, alias)
        if existing is not None and config:
            existing = client.configure(existing.id, {**existing.config, **config})
        if (
            existing is not None
            and existing.status == "active"
            and not again
            and not given
            and _is_usable(client, existing)
        ):
            _show_connected(screen, existing, already=True)
            return
        started = _start_connection(client, integration, alias=alias, values=given, config=config, existing=existing)
        is_done = started.status == "active" and started.connect_url is None
        if not is_done:
            _show_link(screen, started, opens_browser=opens_browser, is_link_in_json=wait_seconds is None)
        if wait_seconds is None and not is_done:
            _show_started(screen, started)
            return
        connection = wait_until_connected(screen, client, started, before=existing, seconds=wait_seconds or 0)
    _show_connected(screen, connection)


def _find_connection(client: Client, integration: str, alias: str | None) -> ApiConnection | None:
    """Return the connection with the alias; without an alias, the only one or `default`."""
    found = [item for item in client.connections() if item.integration == integration]
    if alias is None and len(found) == 1:
        return found[0]
    return next((item for item in found if item.alias == (alias or _DEFAULT_ALIAS)), None)


def _is_usable(client: Client, existing: ApiConnection) -> bool:
    """Tell whether the server could use an active connection in a run."""
    for item in client.validate([existing.integration]).errors:
        error = error_from_wire(item)
        if error.code in _CURED_BY_A_PERSON and error.details.get("alias", existing.alias) == existing.alias:
            return False
    return True


def _start_connection(
    client: Client,
    integration: str,
    *,
    alias: str | None,
    values: Mapping[str, str],
    config: Mapping[str, Any],
    existing: ApiConnection | None,
) -> ApiConnectionStarted:
    if existing is None:
        return client.connect(integration, alias=alias, config=config, values=values)
    if existing.status == "pending":
        return client.connect(integration, alias=existing.alias, values=values)
    return client.reauthorize(existing.id, values=values)


def _show_started(screen: Screen, started: ApiConnectionStarted) -> None:
    screen.answer(started.to_wire())
    screen.line(f"{started.integration} ({started.connection_id}, {started.alias}) waits for consent at that page")


def _show_connected(screen: Screen, connection: ApiConnection, *, already: bool = False) -> None:
    screen.answer({"connection_id": connection.id, **connection.to_wire()})
    account = f" as {connection.account}" if connection.account else ""
    what = f"{connection.integration} is {'already ' if already else ''}connected{account}"
    screen.line(f"{what} ({connection.id}, {connection.alias})", style="green")
    if already:
        screen.line("`--again` authorises it again, `--alias NAME` connects another account")


def _read_value(text: str) -> tuple[str, str]:
    """Return a value's key and text; asks for a missing text, which then appears in no process list."""
    key, separator, value = text.partition("=")
    if not key:
        raise UsageInvalid(f"--value {text!r} names no key; write KEY or KEY=TEXT")
    if separator:
        return key, value
    asked = getpass(f"{key}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not asked:
        raise UsageInvalid(f"no text for --value {key}; type it, or send it on standard input")
    return key, asked


def _read_setting(text: str) -> tuple[str, Any]:
    """Return a setting's key and value, read as JSON where possible, else as text."""
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise UsageInvalid(f"--config {text!r} is not a setting; write KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _show_link(screen: Screen, started: ApiConnectionStarted, *, opens_browser: bool, is_link_in_json: bool) -> None:
    if not started.connect_url or (screen.as_json and is_link_in_json):
        return
    screen.note(f"connect {started.integration} here: {started.connect_url}", style="bold")
    if opens_browser and not screen.as_json and _has_desktop() and is_web_link(started.connect_url):
        webbrowser.open(started.connect_url)


def _has_desktop() -> bool:
    """Tell whether a browser would open in a window, not in this terminal."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in _DESKTOP_VARIABLES)
