"""The base class of every integration.

The class is the only source: an author declares a spec, a config and typed methods; schemas, documents, tool
definitions and validators are derived from them on first use.
"""

import inspect
import threading
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ValidationError

from wren_core.contract import execution
from wren_core.contract.addresses import fill, variables
from wren_core.contract.credentials import Credentials
from wren_core.contract.hookspecs import hookimpl
from wren_core.contract.host import Host, NoHost
from wren_core.contract.integration_class import find_class_fault
from wren_core.contract.methods import Method
from wren_core.contract.record import IntegrationConfig
from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.contract.values import DeclarationInvalid
from wren_core.contract.wire_form import models_in
from wren_core.errors import ConfigInvalid, HostUnavailable
from wren_core.nearest import find_nearest, suggest
from wren_core.protocol.calls import CallRecord
from wren_core.schemas import signature

_UNCONNECTED = object()
INSTANCE_NAMES = frozenset({"account_alias", "base_url", "config", "credentials", "host", "on_call", "spec"})
"""Attributes of every instance; a method cannot have one of these names."""


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
    _methods: ClassVar[Mapping[str, Method]] = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._methods = MappingProxyType(_methods_of(cls))
        fault = find_class_fault(cls)
        if fault is not None:
            raise DeclarationInvalid(f"{cls.__name__}{fault}")

    def __init__(
        self,
        config: IntegrationConfig,
        *,
        credentials: Credentials,
        base_url: str | None = None,
        host: Host | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        account_alias: str | None = None,
    ) -> None:
        self.config = config
        self.credentials = credentials
        self.base_url = base_url or _root_of(self.spec, config)
        self.host: Host = host or NoHost()
        self.on_call = on_call
        self.account_alias = account_alias
        self._client: Any = _UNCONNECTED
        self._retired: list[Any] = []
        self._lock = threading.RLock()

    @classmethod
    def create(
        cls,
        config: Mapping[str, Any] | None = None,
        *,
        credentials: Credentials | Mapping[str, str] | None = None,
        base_url: str | None = None,
        host: Host | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        account_alias: str | None = None,
    ) -> Self:
        """Create an instance from plain values, without a connection.

        Args:
            config: values for `Config`; defaults are applied.
            credentials: secret values by credential key.
            base_url: replaces the spec's root of the provider's API.
            host: answers requests for platform services.
            on_call: receives a record of every finished method call.
            account_alias: alias of the connection that the credentials belong to, where it is known.

        Raises:
            ConfigInvalid: names the field, the reason and the fields that exist.
        """
        if not isinstance(credentials, Credentials):
            credentials = Credentials.of(cls.spec, credentials)
        checked = cls.check_config(config or {})
        return cls(
            checked,
            credentials=credentials,
            base_url=base_url,
            host=host,
            on_call=on_call,
            account_alias=account_alias,
        )

    @classmethod
    def check_config(cls, values: Mapping[str, Any]) -> IntegrationConfig:
        """Return the checked configuration, defaults applied.

        Raises:
            ConfigInvalid: names the field, the reason and the fields that exist.
        """
        try:
            return cls.Config.model_validate(dict(values))
        except ValidationError as exc:
            raise _config_invalid(cls.spec.name, cls.Config, exc) from exc

    @classmethod
    def methods(cls) -> Mapping[str, Method]:
        """Return the methods by id, in the order they were written; those of base classes first."""
        return cls._methods

    @classmethod
    def full_spec(cls) -> IntegrationSpec:
        """Return the declared spec completed with methods, config schema and description; built once.

        Raises:
            ValueError: when the declarations contradict one another.
            TypeError: when a method or the config has no JSON Schema.
        """
        cached = cls.__dict__.get("_full_spec")
        if cached is None:
            declared = {name: getattr(cls.spec, name) for name in IntegrationSpec.model_fields}
            derived = {
                "description": cls.spec.description or inspect.cleandoc(cls.__doc__ or ""),
                "methods": tuple(_fill_name(item.spec, cls.spec.name) for item in cls.methods().values()),
                "config_schema": _config_schema(cls.Config),
            }
            cached = cls._full_spec = IntegrationSpec(**{**declared, **derived})  # type: ignore[attr-defined]  # per class
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
        """The client from `connect`, which is called once, on first use, by one thread."""
        client = self._client
        if client is _UNCONNECTED:
            with self._lock:
                client = self._client
                if client is _UNCONNECTED:
                    client = self._client = self.connect()
        return client

    def connect(self) -> Any:
        """Create the client; override it for a provider with a client library, or without a REST API.

        By default an `HttpClient` for `base_url`, which sends the credential as `spec.auth` declares. Its time limit
        is the setting `timeout_seconds`, where there is one. Read
        `self.credentials`, `self.config` and `self.base_url` here.
        """
        if not self.base_url:
            name = type(self).__name__
            raise NotImplementedError(f"{name} has neither base_url nor {name}.connect; declare one of them")
        from wren_core.contract.authorization import authorization  # here: many integrations have a library instead
        from wren_core.http_client import HttpClient

        sent, seconds = authorization(self.spec, self.credentials), getattr(self.config, "timeout_seconds", None)
        limits: dict[str, Any] = {}
        if seconds is not None:
            limits = {"timeout": float(seconds), "patience": max(60.0, float(seconds))}
        return HttpClient(self.base_url, integration=self.name, headers=sent.headers, query=sent.query, **limits)

    def close(self) -> None:
        """Close the client, if there is one and it has a `close`."""
        with self._lock:
            self._retire()
            clients, self._retired = self._retired, []
        for client in clients:
            client.close()

    def invoke(self, method_id: str, arguments: Mapping[str, Any]) -> Any:
        """Call a method by id; see `execution.call`."""
        return execution.call(self, method_id, arguments)

    def renew(self, refused: Credentials | None = None) -> bool:
        """Ask the host for fresh credentials; the next use of `client` connects with them.

        Args:
            refused: the credentials that did not work. If another thread renewed them already, the host is not asked.

        Returns:
            Whether there are other credentials now.

        Raises:
            UserFacingConfigError: the host says that a person must reconnect.
        """
        with self._lock:
            if refused is not None and self.credentials is not refused:
                return True
            try:
                named = {} if self.account_alias is None else {"account": self.account_alias}
                answer = self.host.request("credentials.refresh", {"integration": self.name, **named})
            except HostUnavailable:
                return False
            env = answer.get("env", {})
            fresh = {key: env[var] for key, var in self.spec.get_env_mapping().items() if var in env}
            if fresh:
                self.credentials = self.credentials.replace(self.spec, fresh)
                self._retire()
            return bool(fresh)

    def _retire(self) -> None:
        """Stop using the client without closing it: another thread may be in the middle of a request."""
        if callable(getattr(self._client, "close", None)):
            self._retired.append(self._client)
        self._client = _UNCONNECTED

    def __repr__(self) -> str:
        return f"<{type(self).__name__} integration {self.name!r}>"


def _methods_of(cls: type[Integration]) -> dict[str, Method]:
    """Collect the methods of a class.

    Raises:
        TypeError: for a name that has another meaning on `Integration`, a method under two names, and an override
            without `@method`.
    """
    found: dict[str, Method] = {}
    for base in reversed(cls.__mro__):
        found.update({name: item for name, item in vars(base).items() if isinstance(item, Method)})
    for name, item in list(found.items()):
        current = inspect.getattr_static(cls, name)
        if name in INSTANCE_NAMES or hasattr(Integration, name):
            raise item.make_error(
                "the name belongs to Integration itself; rename the method", label=f"{cls.__name__}.{name}"
            )
        if item.id != name:
            raise item.make_error(f"{cls.__name__}.{name} is another name for {item.id}; a method has one name")
        if current is None:
            del found[name]
        elif not isinstance(current, Method):
            raise DeclarationInvalid(
                f"{cls.__name__}.{name} replaces a method; mark it with @method, or drop it with None"
            )
    return found


def _fill_name(method: MethodSpec, integration: str) -> MethodSpec:
    """Write the integration's name where the example of an inherited method says `{name}`."""
    if not method.example or "{name}." not in method.example:
        return method
    return method.model_copy(update={"example": method.example.replace("{name}.", f"{integration}.")})


def _root_of(spec: IntegrationSpec, config: IntegrationConfig) -> str:
    """Return the root of the provider's API, its variables filled in from the configuration."""
    if not spec.base_url or not variables(spec.base_url):
        return spec.base_url or ""
    return fill(spec.base_url, config.model_dump(mode="json"), integration=spec.name)


def _config_schema(config: type[IntegrationConfig]) -> dict[str, Any]:
    if config is IntegrationConfig:
        return {"type": "object", "properties": {}, "additionalProperties": False}
    return signature.input_schema(config)


def _config_invalid(integration: str, config: type[BaseModel], exc: ValidationError) -> ConfigInvalid:
    first = exc.errors(include_url=False, include_input=False)[0]
    field, fields = ".".join(str(part) for part in first["loc"]), _fields_at(config, first["loc"][:-1])
    unknown = str(first["loc"][-1]) if first["type"] == "extra_forbidden" else ""
    nearest = find_nearest(unknown, fields)
    reason = "is unknown" if unknown else first["msg"]
    hint = suggest(nearest, otherwise=f"it has {', '.join(fields) or 'no fields'}")
    return ConfigInvalid(
        f"{integration}: configuration field {field!r}: {reason}; {hint}",
        details={"integration": integration, "field": field, "reason": reason, "fields": fields, "nearest": nearest},
    )


def _fields_at(config: type[BaseModel], path: Iterable[int | str]) -> list[str]:
    """Return the fields of the configuration, or of the part of it to which the path leads."""
    for part in path:
        found = config.model_fields.get(str(part))
        inner = list(models_in(found.annotation)) if found else []
        config = inner[0] if len(inner) == 1 else config
    return list(config.model_fields)
