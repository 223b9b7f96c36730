"""An integration connected to its fake provider, the way a host connects it to the real one."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from wren_core.contract.integration import Integration
from wren_core.contract.spec import CredentialType
from wren_core.schemas.sample import sample
from wren_core.testing.fake_provider import FakeProvider, FakeRequest
from wren_core.testing.network_watch import is_loopback
from wren_core.testing.serving import serve
from wren_core.testing.tcp_provider import FakeTcpProvider


class FakeSession:
    """One server, one fake at a time behind it, and instances of the integration that talk to it.

    A fake with a function `request` is also the host of the instances.

    Args:
        integration: the class.
        make_fake: makes a new fake; without it, a provider that answers 404 to everything is used.
        config: values for `create` that the fake does not give.
    """

    def __init__(
        self, integration: type[Integration], *, make_fake: Callable[[], Any] | None, config: Mapping[str, Any]
    ) -> None:
        self.integration = integration
        self.spec = integration.full_spec()
        self.make_fake: Callable[[], Any] = make_fake or FakeProvider
        self.fake: Any = None
        self.url = ""
        self.secrets: set[str] = set()
        """Every credential value that was given to an instance."""
        self._config = dict(config)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request to the current fake, by ASGI."""
        await self.fake(scope, receive, send)

    @contextmanager
    def serve_fakes(self) -> Iterator["FakeSession"]:
        """Serve the fakes of the block on one port, where they are web APIs."""
        self.fake = self.make_fake()
        if isinstance(self.fake, FakeTcpProvider):
            yield self  # each has a separate server
        else:
            with serve(self) as self.url:
                yield self

    @contextmanager
    def use_unserved_fake(self) -> Iterator["FakeSession"]:
        """Use a fake without a server, to test what must happen before the first request."""
        self.fake = self.make_fake()
        self.url = f"{getattr(self.fake, 'scheme', 'http')}://127.0.0.1:9"
        yield self

    @contextmanager
    def new_fake(self) -> Iterator[Mapping[str, Any]]:
        """Replace the current fake by a new one; yields the values of the names in its examples."""
        self.fake = self.make_fake()
        if isinstance(self.fake, FakeTcpProvider):
            with serve(self.fake) as self.url:
                yield _example_values(self.fake)
        else:
            yield _example_values(self.fake)

    @property
    def has_provider(self) -> bool:
        """Whether the integration declares a provider."""
        spec = self.spec
        return bool(spec.base_url or spec.hosts or spec.config_hosts or spec.credentials)

    @property
    def speaks_http(self) -> bool:
        """Whether the fake answers with HTTP statuses."""
        return isinstance(self.fake, FakeProvider)

    @property
    def can_fail(self) -> bool:
        """Whether the fake can be made to answer with an HTTP status, or with what its protocol has for one."""
        return isinstance(self.fake, FakeProvider | FakeTcpProvider)

    @property
    def can_stall(self) -> bool:
        """Whether the fake can drop connections and delay answers."""
        return hasattr(self.fake, "drop_next") and hasattr(self.fake, "delay_next")

    @property
    def requests(self) -> tuple[FakeRequest, ...]:
        """The requests that the current fake received."""
        return tuple(getattr(self.fake, "requests", ()))

    @property
    def connections(self) -> int:
        """The number of clients that connected to a fake without HTTP, whatever sockets they use."""
        return int(getattr(self.fake, "connections", 0))

    def is_fake_address(self, address: str) -> bool:
        """Tell whether `host:port` is the fake; a fake without HTTP may listen on several ports."""
        return is_loopback(address) if isinstance(self.fake, FakeTcpProvider) else address == urlsplit(self.url).netloc

    def connect(
        self,
        *,
        scopes: Iterable[str] | None = None,
        credentials: Mapping[str, str] | None = None,
        shortest_limits: bool = False,
    ) -> Integration:
        """Return an instance that talks to the fake.

        Args:
            scopes: of its token; by default all that a connection asks for.
            credentials: by default those that the fake gives.
            shortest_limits: set each configuration field with `timeout` in its name to its minimum.
        """
        wanted = self.spec.required_scopes if scopes is None else scopes
        values = self.credentials(wanted) if credentials is None else credentials
        self.secrets.update(_secret_parts(self.integration, values))
        config = {**self._configuration(), **(self._shortest_limits() if shortest_limits else {})}
        host = self.fake if hasattr(self.fake, "request") else None
        return self.integration.create(config, credentials=values, base_url=self._base_url(), host=host)

    def credentials(self, scopes: Iterable[str]) -> dict[str, str]:
        """Return the fake's credentials; a required one that the fake does not give gets a placeholder."""
        issuer = getattr(self.fake, "issuer", None)
        given = dict(issuer(list(scopes)) if issuer else self.fake.credentials())
        for credential in self.spec.credentials:
            if credential.type is CredentialType.OAUTH2 and credential.key not in given and "access_token" in given:
                given[credential.key] = given.pop("access_token")
        return {**{key: value for key, value in self.placeholder_credentials().items() if key not in given}, **given}

    def placeholder_credentials(self, *, suffix: str = "") -> dict[str, str]:
        """Return a value for each required credential that no provider accepts.

        Args:
            suffix: added to each value; it does not count as part of the secret.
        """
        needed = [credential for credential in self.spec.credentials if credential.required]
        plain = {item.key: f"{_user_prefix(item.type)}wren-check-{item.key}-{uuid.uuid4().hex}" for item in needed}
        self.secrets.update(_secret_parts(self.integration, plain))
        return {key: value + suffix for key, value in plain.items()}

    def wrong_credentials(self) -> dict[str, str]:
        """Return the fake's credentials with wrong secrets; empty where the integration requires none."""
        wrong = self.placeholder_credentials()
        public = {item.key for item in self.spec.credentials if not item.secret}
        right = self.fake.credentials()
        return {key: right.get(key, value) if key in public else value for key, value in wrong.items()}

    def _configuration(self) -> dict[str, Any]:
        schema = self.spec.config_schema
        given = {**self._config, **self.fake.configuration(self.url)}
        missing = [name for name in schema.get("required", ()) if name not in given]
        return {**{name: sample(schema, name) for name in missing}, **given}

    def _shortest_limits(self) -> dict[str, Any]:
        fields = self.spec.config_schema.get("properties", {})
        limits = {name: field for name, field in fields.items() if "timeout" in name}
        return {name: field.get("minimum", 1) for name, field in limits.items() if _is_number(field)}

    def _base_url(self) -> str | None:
        if isinstance(self.fake, FakeTcpProvider):
            return None
        # The path belongs to the API: /api/v2 stays the same on another host.
        return self.url + urlsplit(self.spec.base_url or "").path


def _example_values(fake: Any) -> Mapping[str, Any]:
    values = getattr(fake, "example_values", None)
    return values() if callable(values) else {}


def _user_prefix(kind: CredentialType) -> str:
    return "wren-check-user:" if kind is CredentialType.BASIC_AUTH else ""


def _secret_parts(integration: type[Integration], values: Mapping[str, str]) -> Iterator[str]:
    known = {credential.key: credential for credential in integration.spec.credentials}
    for key, value in values.items():
        is_pair = key in known and known[key].type is CredentialType.BASIC_AUTH and ":" in value
        if key not in known or known[key].secret:
            yield value.partition(":")[2] if is_pair else value


def _is_number(field: Mapping[str, Any]) -> bool:
    return field.get("type") in ("integer", "number")
