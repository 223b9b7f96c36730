"""The base class of every integration.

One class, one truth: an author declares a spec, a config and typed methods; schemas, documents, tool definitions and
validators are derived from them when somebody asks.
"""

import inspect
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from wren_core import execution, schema
from wren_core.credentials import Credentials
from wren_core.errors import ConfigInvalid, HostUnavailable
from wren_core.execution import CallRecord
from wren_core.hookspecs import hookimpl
from wren_core.host import Host, NoHost
from wren_core.method import Method
from wren_core.record import IntegrationConfig
from wren_core.spec import IntegrationSpec


class Integration:
    """A service Wren can talk to.

    Subclass it with a `spec`, optionally a `Config` and `connect()`, and functions marked with `@method`. Hosts and
    scripts make instances with `create`; nothing connects before the first use of `client`.

    Example:
        class Ping(Integration):
            \"\"\"Ask a server whether it is alive.\"\"\"

            spec = IntegrationSpec(name="ping", display_name="Ping", base_url="https://ping.example")

            @method
            def alive(self) -> bool:
                \"\"\"Tell whether the server answers.\"\"\"
                return bool(self.client.get("/").is_success)
    """

    spec: ClassVar[IntegrationSpec]
    Config: ClassVar[type[IntegrationConfig]] = IntegrationConfig

    def __init__(
        self,
        config: IntegrationConfig,
        *,
        credentials: Credentials,
        base_url: str | None = None,
        host: Host | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
    ) -> None:
        self.config = config
        self.credentials = credentials
        self.base_url = base_url or self.spec.base_url or ""
        self.host: Host = host or NoHost()
        self.on_call = on_call
        self._client: Any = None
        self._client_lock = threading.Lock()

    @classmethod
    def create(
        cls,
        config: Mapping[str, Any] | None = None,
        *,
        credentials: Credentials | Mapping[str, str] | None = None,
        base_url: str | None = None,
        host: Host | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
    ) -> Self:
        """Make an instance from plain values; connects to nothing.

        Args:
            config: values for `Config`; defaults are applied.
            credentials: secret values by credential key.
            base_url: replaces the spec's root of the provider's API.
            host: answers requests for platform services.
            on_call: told of every finished method call.

        Raises:
            ConfigInvalid: names the field, the reason and the fields that exist.
        """
        if not isinstance(credentials, Credentials):
            credentials = Credentials(credentials, integration=cls.spec.name)
        checked = cls.check_config(config or {})
        return cls(checked, credentials=credentials, base_url=base_url, host=host, on_call=on_call)

    @classmethod
    def check_config(cls, values: Mapping[str, Any]) -> IntegrationConfig:
        """Return the checked configuration, defaults applied.

        Raises:
            ConfigInvalid: names the field, the reason and the fields that exist.
        """
        try:
            return cls.Config.model_validate(dict(values))
        except ValidationError as exc:
            raise _config_invalid(cls.spec.name, list(cls.Config.model_fields), exc) from exc

    @classmethod
    def methods(cls) -> Mapping[str, Method]:
        """Return the methods by id, in the order they were written; those of base classes first."""
        cached = cls.__dict__.get("_methods")
        if cached is None:
            found: dict[str, Method] = {}
            for base in reversed(cls.__mro__):
                found.update({name: item for name, item in vars(base).items() if isinstance(item, Method)})
            cached = cls._methods = MappingProxyType(found)  # type: ignore[attr-defined]  # per class, see __dict__
        return cached

    @classmethod
    def full_spec(cls) -> IntegrationSpec:
        """Return the declared spec completed with methods, config schema and description; built once."""
        cached = cls.__dict__.get("_full_spec")
        if cached is None:
            cached = cls._full_spec = cls.spec.model_copy(  # type: ignore[attr-defined]  # per class, see __dict__
                update={
                    "description": cls.spec.description or inspect.cleandoc(cls.__doc__ or ""),
                    "methods": tuple(item.spec for item in cls.methods().values()),
                    "config_schema": schema.input_schema(cls.Config),
                }
            )
        return cached

    @classmethod
    @hookimpl
    def wren_integrations(cls) -> list[type["Integration"]]:
        """Answer the registration hook with this class."""
        return [cls]

    @property
    def name(self) -> str:
        """The integration's name."""
        return self.spec.name

    @property
    def client(self) -> Any:
        """What `connect` returned; it is called once, on first use, by one thread."""
        if self._client is None:
            with self._client_lock:
                if self._client is None:
                    self._client = self.connect()
        return self._client

    def connect(self) -> Any:
        """Make the client. Override it; read `self.credentials`, `self.config` and `self.base_url` here."""
        raise NotImplementedError(f"{type(self).__name__}.connect is not written; override it to use self.client")

    def close(self) -> None:
        """Close the client if one was made and has a `close`."""
        client, self._client = self._client, None
        close = getattr(client, "close", None)
        if callable(close):
            close()

    def invoke(self, method_id: str, arguments: Mapping[str, Any]) -> Any:
        """Call a method by id; see `execution.call`."""
        return execution.call(self, method_id, arguments)

    def renew(self) -> bool:
        """Ask the host for fresh credentials and drop the client; tell whether there were any.

        Raises:
            UserFacingConfigError: the host says that a person must reconnect.
        """
        try:
            answer = self.host.request("credentials.refresh", {"integration": self.name})
        except HostUnavailable:
            return False
        env = answer.get("env", {})
        fresh = {key: env[var] for key, var in self.spec.get_env_mapping().items() if var in env}
        if not fresh:
            return False
        self.credentials = Credentials({**self.credentials, **fresh}, integration=self.name)
        self.close()
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} integration {self.name!r}>"


def _config_invalid(integration: str, fields: list[str], exc: ValidationError) -> ConfigInvalid:
    first = exc.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return ConfigInvalid(
        f"{integration}: configuration field {field!r}: {first['msg']}; it has {', '.join(fields) or 'no fields'}",
        details={"integration": integration, "field": field, "reason": first["msg"], "fields": fields},
    )
