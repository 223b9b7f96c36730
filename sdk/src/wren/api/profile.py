"""The server and the API key of the command line: from the environment, or stored by `wren login`.

The file holds an API key, so it is written 0600 in the user's configuration folder and refused when others can read
it. A stored key is only ever sent to the server it was stored with.
"""

import json
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, field_validator

from wren_core.errors import UserFacingConfigError

DEFAULT_URL = "http://127.0.0.1:8080"
URL_VARIABLE = "WREN_API_URL"
KEY_VARIABLE = "WREN_API_KEY"


class Profile(BaseModel):
    """A server and the key to it; the key is shown by no `repr` and no error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = DEFAULT_URL
    key: SecretStr

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not a server address; write it like {DEFAULT_URL}")
        _ = parts.port  # raises ValueError where it is none
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("the server address must not have a user, query or fragment")
        return url.strip().rstrip("/")

    @field_validator("key")
    @classmethod
    def _check_key(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value().strip()
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("the API key must be one word of ASCII characters, as `wren up` or an operator printed it")
        return SecretStr(text)


def make_profile(url: str | None, key: str) -> Profile:
    """Return a checked profile.

    Raises:
        UserFacingConfigError: PROFILE_INVALID, naming what is wrong with the address or the key.
    """
    try:
        return Profile(url=url or DEFAULT_URL, key=SecretStr(key))
    except ValidationError as exc:
        reason = exc.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise UserFacingConfigError(reason, code="PROFILE_INVALID") from exc


def profile_path(environ: Mapping[str, str]) -> Path:
    """Return where the profile is stored: below XDG_CONFIG_HOME, else below `~/.config`."""
    root = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(root) if Path(root).is_absolute() else Path("~/.config").expanduser()
    return folder / "wren" / "profile.json"


def find_profile(path: Path) -> Profile | None:
    """Read the stored profile, or return None where there is none.

    Raises:
        UserFacingConfigError: the file is readable by others (PROFILE_EXPOSED) or broken (PROFILE_INVALID).
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise UserFacingConfigError(f"{path} cannot be read: {exc}", code="PROFILE_INVALID") from exc
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UserFacingConfigError(
            f"{path} holds an API key and others can read it; run `chmod 600 {path}`", code="PROFILE_EXPOSED"
        )
    try:
        return Profile.model_validate(json.loads(text))
    except ValueError as exc:
        raise UserFacingConfigError(f"{path} is damaged; run `wren login` again", code="PROFILE_INVALID") from exc


def save_profile(profile: Profile, path: Path) -> None:
    """Store the profile atomically, and readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = json.dumps({"url": profile.url, "key": profile.key.get_secret_value()})
    handle, name = tempfile.mkstemp(prefix=".profile-", dir=path.parent)  # created 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(body)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def current_profile(environ: Mapping[str, str]) -> Profile:
    """Return the server and key to use: the environment first, then what `wren login` stored.

    Raises:
        UserFacingConfigError: NOT_LOGGED_IN, or what `find_profile` and `make_profile` raise.
    """
    url, key = environ.get(URL_VARIABLE), environ.get(KEY_VARIABLE)
    if url and key:
        return make_profile(url, key)
    stored = find_profile(profile_path(environ))
    if key:
        return make_profile(stored.url if stored else None, key)
    if stored is not None and (not url or make_profile(url, "unused").url == stored.url):
        return stored
    server = url or DEFAULT_URL
    raise UserFacingConfigError(
        f"no API key for {server}; run `wren login --url {server}`, or set {KEY_VARIABLE}", code="NOT_LOGGED_IN"
    )
