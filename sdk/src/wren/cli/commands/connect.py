"""`wren connect`: from an integration's name to a connection that works."""

import json
import os
import sys
import webbrowser
from collections.abc import Mapping
from getpass import getpass
from typing import Any
from urllib.parse import urlsplit

from wren.api.client import Client
from wren.api.records import Connection, ConnectionStarted
from wren.cli.commands.connection_wait import wait_until_connected
from wren.cli.exit_codes import UsageInvalid
from wren.cli.screen import Screen
from wren.cli.server import open_client
from wren_core.errors import error_from_wire

_DEFAULT_ALIAS = "default"
_DESKTOP_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY")
# What the server says of a connection that is there and that a person must authorise again.
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
    """Make sure an integration is connected: what works is left alone, what does not is authorised in place.

    Args:
        integration: its name.
        alias: the connection meant, where the user has several.
        values: credentials as typed, `KEY=TEXT` or `KEY`.
        settings: configuration as typed, `KEY=VALUE`; what a connection has already is kept.
        again: authorise it anew although it works.
        opens_browser: open the page where a person consents.
        wait_seconds: how long to wait for that person; None tells the link and goes.
        as_json: print JSON.
    """
    screen = Screen(as_json=as_json)
    given, config = dict(map(_read_value, values)), dict(map(_read_setting, settings))
    with open_client() as client:
        held = _find(client, integration, alias)
        if held is not None and config:
            held = client.configure(held.id, {**held.config, **config})
        if held is not None and held.status == "active" and not again and not given and _works(client, held):
            _tell_connected(screen, held, already=True)
            return
        started = _start(client, integration, alias=alias, values=given, config=config, held=held)
        is_done = started.status == "active" and started.connect_url is None
        if not is_done:
            _show_link(screen, started, opens_browser=opens_browser, is_told_by_json=wait_seconds is None)
        if wait_seconds is None and not is_done:
            _tell_started(screen, started)
            return
        connection = wait_until_connected(screen, client, started, before=held, seconds=wait_seconds or 0)
    _tell_connected(screen, connection)


def _find(client: Client, integration: str, alias: str | None) -> Connection | None:
    """Return the connection somebody means: that of the alias; without one, `default` or the only one there is."""
    found = [item for item in client.connections() if item.integration == integration]
    if alias is None and len(found) == 1:
        return found[0]
    return next((item for item in found if item.alias == (alias or _DEFAULT_ALIAS)), None)


def _works(client: Client, held: Connection) -> bool:
    """Tell whether the server could use an active connection in a run."""
    for item in client.validate([held.integration]).errors:
        error = error_from_wire(item)
        if error.code in _CURED_BY_A_PERSON and error.details.get("alias", held.alias) == held.alias:
            return False
    return True


def _start(
    client: Client,
    integration: str,
    *,
    alias: str | None,
    values: Mapping[str, str],
    config: Mapping[str, Any],
    held: Connection | None,
) -> ConnectionStarted:
    if held is None:
        return client.connect(integration, alias=alias, config=config, values=values)
    if held.status == "pending":
        return client.connect(integration, alias=held.alias, values=values)
    return client.reauthorize(held.id, values=values)


def _tell_started(screen: Screen, started: ConnectionStarted) -> None:
    screen.answer(started.to_wire())
    screen.line(f"{started.integration} ({started.connection_id}, {started.alias}) waits for a person at that page")


def _tell_connected(screen: Screen, connection: Connection, *, already: bool = False) -> None:
    screen.answer({"connection_id": connection.id, **connection.to_wire()})
    account = f" as {connection.account}" if connection.account else ""
    what = f"{connection.integration} is {'already ' if already else ''}connected{account}"
    screen.line(f"{what} ({connection.id}, {connection.alias})", style="green")
    if already:
        screen.line("`--again` authorises it anew, `--alias NAME` connects another account")


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


def _read_setting(text: str) -> tuple[str, Any]:
    """Return a setting's key and value: JSON where it is some, else text."""
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise UsageInvalid(f"--config {text!r} is no setting; write KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _show_link(screen: Screen, started: ConnectionStarted, *, opens_browser: bool, is_told_by_json: bool) -> None:
    if not started.connect_url or (screen.as_json and is_told_by_json):
        return
    screen.note(f"connect {started.integration} here: {started.connect_url}", style="bold")
    if opens_browser and not screen.as_json and _has_desktop() and _is_web_page(started.connect_url):
        webbrowser.open(started.connect_url)


def _has_desktop() -> bool:
    """Tell whether a browser would open in a window of its own, not in this terminal."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in _DESKTOP_VARIABLES)


def _is_web_page(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https")
