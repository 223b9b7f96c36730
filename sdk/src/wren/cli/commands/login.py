"""`wren login`: tests a server and a key, then stores them."""

import os
import sys
from getpass import getpass
from ipaddress import ip_address
from urllib.parse import urlsplit

from wren.api.client import Client
from wren.api.correlation import invocation_id
from wren.api.profile import KEY_VARIABLE, URL_VARIABLE, Profile, find_profile, make_profile, profile_path, save_profile
from wren.cli.exit_codes import UsageInvalid
from wren.cli.screen import Screen
from wren.cli.server import UNAUTHENTICATED
from wren_core.errors import UserFacingConfigError, WrenError


def log_in(*, url: str | None, key: str | None, as_json: bool) -> None:
    """Test a server and a key and store both; nothing is stored when the server refuses or does not answer."""
    screen = Screen(as_json=as_json)
    path = profile_path(os.environ)
    profile = make_profile(url or os.environ.get(URL_VARIABLE) or _find_stored_url(), _read_key(key))
    if profile.url.startswith("http://") and not _is_local(profile.url):
        screen.note("the connection is not encrypted: the key can be read on the network", style="yellow")
    _check_profile(profile)
    save_profile(profile, path)
    screen.answer({"status": "logged_in", "url": profile.url, "stored_in": str(path)})
    screen.line(f"logged in to {profile.url}; the key is in {path}", style="green")
    for name in (URL_VARIABLE, KEY_VARIABLE):
        if os.environ.get(name):
            screen.note(f"{name} is set, and wins over the stored value", style="yellow")


def _check_profile(profile: Profile) -> None:
    """Send the server a request that needs a key.

    Raises:
        UserFacingConfigError: it is not a Wren server (PROFILE_INVALID), or it does not accept the key.
    """
    try:
        with Client(profile, correlation_id=invocation_id()) as client:
            client.integrations()
    except WrenError as exc:
        if exc.code == UNAUTHENTICATED:
            text = f"{profile.url} does not accept this key: it is unknown, expired or revoked; nothing was stored"
            raise UserFacingConfigError(text, code=exc.code) from exc
        if exc.code == "NOT_FOUND":
            text = f"{profile.url} is not the address of a Wren server; use the one `wren up` prints, without a path"
            raise UserFacingConfigError(text, code="PROFILE_INVALID") from exc
        raise


def _find_stored_url() -> str | None:
    stored = find_profile(profile_path(os.environ))
    return stored.url if stored else None


def _read_key(option: str | None) -> str:
    """Return the key from the option, standard input, the environment, or a hidden prompt."""
    if option not in (None, "-"):
        return str(option)
    if option is None and os.environ.get(KEY_VARIABLE):
        return os.environ[KEY_VARIABLE]
    if option is None and sys.stdin.isatty():
        return getpass("API key: ")
    key = sys.stdin.readline().strip()
    if not key:
        raise UsageInvalid(f"no API key: send it on standard input, or set {KEY_VARIABLE}")
    return key


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
