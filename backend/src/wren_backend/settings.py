"""Settings of the backend, read from the environment once, by `main`.

Every field is a variable: `WREN_PORT`, `WREN_PROVIDERS__ACME__CLIENT_ID`, `WREN_LIMITS__MEMORY_BYTES`. Durations are
seconds or ISO 8601 (`PT5M`), sizes are bytes or `512MiB`. An unknown variable that begins with WREN_ is an error,
because a mistyped limit that is ignored is worse than a start that fails.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    create_model,
)
from pydantic.networks import AnyHttpUrl
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from wren_backend.executor.launcher.policy import Limits
from wren_backend.http.limits import HttpLimits
from wren_core.contract.auth import ClientAuthMethod
from wren_core.errors import UserFacingConfigError
from wren_core.nearest import find_nearest
from wren_core.plugins.policy import DEFAULT_TIME_LIMIT, split_names

_PREFIX = "WREN_"
_DELIMITER = "__"
# A runner needs this many descriptors to start.
_LEAST_LIMITS = {"open_files": 16}
# Variables of the command line and of the agent, which may share an environment with the backend.
_OF_OTHER_PROGRAMS = ("WREN_API_", "WREN_AGENT_", "WREN_TEST_")


class SettingsInvalid(UserFacingConfigError):
    """One or more environment variables are not valid; the message names each."""

    code = "SETTINGS_INVALID"


def _check_http_url(value: str) -> str:
    url = AnyHttpUrl(value)
    if url.username or url.password:
        raise ValueError("must not carry a user name or password")
    return value


def _parse_seconds(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _check_positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than zero")
    return value


def _split_names(value: Any) -> Any:
    return split_names(value) if isinstance(value, str) else value


def _lower_case(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


HttpUrl = Annotated[str, AfterValidator(_check_http_url)]
"""An http or https address, kept as written: a trailing slash matters to some clients."""
Duration = Annotated[timedelta, BeforeValidator(_parse_seconds), AfterValidator(_check_positive)]
Folder = Annotated[Path, AfterValidator(Path.expanduser)]
SandboxName = Annotated[Literal["auto", "sandlock", "none"], BeforeValidator(_lower_case)]
Names = Annotated[frozenset[str], NoDecode, BeforeValidator(_split_names)]
"""Names separated by commas."""
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower_case)]
LogFormat = Annotated[Literal["json", "console"], BeforeValidator(_lower_case)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ProviderSettings(_Group):
    """The operator's registration with an OAuth provider, and addresses that differ from the plugin's."""

    client_id: str | None = None
    client_secret: SecretStr | None = None
    authorization_url: HttpUrl | None = None
    token_url: HttpUrl | None = None
    revoke_url: HttpUrl | None = None
    userinfo_url: HttpUrl | None = None
    token_endpoint_auth_method: ClientAuthMethod | None = None
    """How the token endpoint authenticates this server; found out where left out."""


class IntegrationSettings(_Group):
    """What the operator sets for one integration."""

    base_url: HttpUrl | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    """Default values of the integration's configuration, for every run."""
    pass_refresh_token: bool = False
    """Runs get the refresh token besides the access token; see ADR 24 before setting it."""


def _limit_field(name: str, default: Any) -> Any:
    """Return type and default of a limit as pydantic takes them: durations and sizes can be written in several ways."""
    if isinstance(default, timedelta):
        return Duration, default
    if name.endswith("_bytes"):
        return ByteSize, ByteSize(default)
    return Annotated[int, Field(ge=_LEAST_LIMITS.get(name, 1))], default


_LIMIT_FIELDS: dict[str, Any] = {item.name: _limit_field(item.name, item.default) for item in fields(Limits)}
_HTTP_FIELDS: dict[str, Any] = {item.name: _limit_field(item.name, item.default) for item in fields(HttpLimits)}


class LimitSettings(create_model("_LimitFields", __base__=_Group, **_LIMIT_FIELDS)):  # type: ignore[misc]  # one list
    """What one run may use: the fields and defaults of `Limits`, not a second list of them."""

    def to_limits(self) -> Limits:
        """Return them as the executor takes them."""
        return Limits(**{name: getattr(self, name) for name in type(self).model_fields})


class HttpSettings(create_model("_HttpFields", __base__=_Group, **_HTTP_FIELDS)):  # type: ignore[misc]  # one list
    """What clients may use of the HTTP server: the fields and defaults of `HttpLimits`."""

    def to_limits(self) -> HttpLimits:
        """Return them as the server takes them."""
        return HttpLimits(**{name: getattr(self, name) for name in type(self).model_fields})


class KeepSettings(_Group):
    """How long things are kept, and how many of one workspace; the rest is deleted, the oldest first."""

    logs: Duration = timedelta(days=30)
    runs: Duration = timedelta(days=90)
    messages: Duration = timedelta(days=90)
    runs_per_workspace: int = Field(default=50_000, ge=1)
    messages_per_workspace: int = Field(default=10_000, ge=1)


class Settings(BaseSettings):
    """Everything an operator can set. Build it with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter=_DELIMITER,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Folder = Field(default_factory=lambda: Path.home() / ".wren")
    """Holds the SQLite database and the master key."""
    database_url: SecretStr | None = None
    """`postgresql://...`; a SQLite file in the data directory where left out."""
    master_key: SecretStr | None = None
    """Master keys as text, instead of a file."""
    master_key_file: Folder | None = None
    """`master.key` in the data directory where left out."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: HttpUrl | None = None
    """How browsers and providers reach this server; `http://<host>:<port>` where left out."""
    docs_url: HttpUrl | None = None
    """Where the documentation is served, for links in errors."""

    providers: dict[str, ProviderSettings] = Field(default_factory=dict)
    integrations: dict[str, IntegrationSettings] = Field(default_factory=dict)

    plugins_allow: Names = frozenset()
    """Integrations or distributions that may be loaded; all where left out."""
    plugins_deny: Names = frozenset()
    """Integrations or distributions that may not."""
    plugins_disabled: Names | None = None
    """Integrations that are switched off, instead of those that `wren plugins disable` recorded."""
    plugins_folder: Folder | None = None
    """Where `wren plugins disable` records them; below the Python environment where left out."""
    plugins_safe_mode: bool = False
    """Load only the plugins published with Wren."""
    plugins_time_limit: Duration = DEFAULT_TIME_LIMIT
    """Longest time one plugin may take to load."""

    sandbox: SandboxName = "auto"
    ca_file: Folder | None = None
    """A bundle of certificates that scripts trust instead of the system's, where a proxy has its own authority."""
    limits: LimitSettings = LimitSettings()
    http: HttpSettings = HttpSettings()
    keep: KeepSettings = KeepSettings()
    max_script_bytes: ByteSize = ByteSize(2**20)
    max_deployments: int = Field(default=500, ge=1)
    """Per workspace."""
    min_schedule_interval: Duration = timedelta(seconds=60)

    worker_concurrency: int = Field(default=2, ge=1, le=256)
    worker_concurrency_per_workspace: int | None = Field(default=None, ge=1)
    """Half of the worker where left out, and all of it where there is one workspace."""
    max_queued_runs: int = Field(default=1000, ge=1)
    """Per workspace; a further one cannot be started by hand."""
    worker_lease: Duration = timedelta(seconds=30)
    """A run whose worker sends no heartbeat for this long is lost; heartbeats are three times as frequent."""
    shutdown_grace: Duration = timedelta(seconds=30)

    refresh_margin: Duration = timedelta(minutes=5)
    """Tokens are refreshed this long before they expire: clocks of providers can be off by minutes."""
    oauth_state_lifetime: Duration = timedelta(minutes=10)
    connect_link_lifetime: Duration = timedelta(hours=24)

    log_level: LogLevel = "info"
    log_format: LogFormat = "json"

    @property
    def key_file(self) -> Path:
        """Return where the master key is kept when it is not given as text."""
        return self.master_key_file or self.data_dir / "master.key"

    @property
    def address(self) -> str:
        """Return the public address without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def database_address(self) -> str:
        """Return the database's URL; it may hold a password, so do not log it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'wren.db').absolute()}"


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; `overrides` (the command line's options) win over it.

    Raises:
        SettingsInvalid: names every variable that is unknown or not valid, never its value.
    """
    unknown = list(_list_unknown(os.environ))
    if unknown:
        raise SettingsInvalid("; ".join(unknown))
    try:
        return Settings(**overrides)
    except ValidationError as exc:
        raise SettingsInvalid("; ".join(_format_problem(error) for error in exc.errors(include_input=False))) from None
    except SettingsError:
        raise SettingsInvalid("; ".join(_list_malformed(os.environ))) from None


def _variable_name(location: Iterable[int | str]) -> str:
    return _PREFIX + _DELIMITER.join(str(part).upper() for part in location)


def _format_problem(error: Mapping[str, Any]) -> str:
    variable = _variable_name(error["loc"])
    return f"{variable} is not a setting" if error["type"] == "extra_forbidden" else f"{variable}: {error['msg']}"


def _list_unknown(environ: Mapping[str, str]) -> Iterator[str]:
    known = {_variable_name([name]): name for name in Settings.model_fields}
    for variable in sorted(environ):
        if not variable.startswith(_PREFIX) or variable.startswith(_OF_OTHER_PROGRAMS):
            continue
        name, delimiter, _ = variable.removeprefix(_PREFIX).partition(_DELIMITER)
        if _PREFIX + name not in known or (delimiter and not _has_parts(known[_PREFIX + name])):
            near = find_nearest(variable, known)
            yield f"{variable} is not a setting" + (f"; did you mean {near}?" if near else "")


def _has_parts(field: str) -> bool:
    return field in {"providers", "integrations", "limits", "http", "keep"}


def _list_malformed(environ: Mapping[str, str]) -> Iterator[str]:
    """Name the variables that should hold JSON; the library does not tell which one is malformed."""
    for variable in sorted(environ):
        name = variable.removeprefix(_PREFIX).lower()
        if variable.startswith(_PREFIX) and (_has_parts(name) or name.endswith(f"{_DELIMITER}config")):
            yield f"{variable}: must be a JSON object"
