"""Where an integration meets its fake provider: one server, one fake at a time, connected the way a host connects."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from wren_core.contract.integration import Integration
from wren_core.contract.spec import CredentialType
from wren_core.schemas.sample import sample
from wren_core.testing.contacts import is_loopback
from wren_core.testing.fake_provider import FakeProvider, FakeRequest
from wren_core.testing.fake_server import TcpFake
from wren_core.testing.serving import serve


class Stage:
    """A served fake, and instances of the integration that talk to it; a fake with a `request` is their host, too.

    Args:
        integration: the class.
        make_fake: makes a new fake; where there is none, a provider that knows nothing stands in.
        config: what `create` needs, beside what the fake says.
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
        """Every credential value that was handed out."""
        self._config = dict(config)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Speak ASGI, as the fake of the moment."""
        await self.fake(scope, receive, send)

    @contextmanager
    def served(self) -> Iterator["Stage"]:
        """Serve the fakes of the block on one port, where they are web APIs."""
        self.fake = self.make_fake()
        if isinstance(self.fake, TcpFake):
            yield self  # each has a server of its own
        else:
            with serve(self) as self.url:
                yield self

    @contextmanager
    def dark(self) -> Iterator["Stage"]:
        """Put a fake on the stage that nobody serves: for what must be decided before anything is sent."""
        self.fake = self.make_fake()
        self.url = f"{getattr(self.fake, 'scheme', 'http')}://127.0.0.1:9"
        yield self

    @contextmanager
    def scene(self) -> Iterator[Mapping[str, Any]]:
        """Put a new fake on the stage; yields what the names in examples stand for."""
        self.fake = self.make_fake()
        if isinstance(self.fake, TcpFake):
            with serve(self.fake) as self.url:
                yield _example_values(self.fake)
        else:
            yield _example_values(self.fake)

    @property
    def has_provider(self) -> bool:
        """Whether the integration declares anybody to talk to."""
        spec = self.spec
        return bool(spec.base_url or spec.hosts or spec.config_hosts or spec.credentials)

    @property
    def speaks_http(self) -> bool:
        """Whether the fake can be made to answer with a status; those of other protocols have failures of their own."""
        return isinstance(self.fake, FakeProvider)

    @property
    def can_fall_silent(self) -> bool:
        """Whether the fake can be made to hang up and to stall."""
        return hasattr(self.fake, "drop_next") and hasattr(self.fake, "delay_next")

    @property
    def requests(self) -> tuple[FakeRequest, ...]:
        """What the fake was asked so far."""
        return tuple(getattr(self.fake, "requests", ()))

    @property
    def connections(self) -> int:
        """How many clients came to a fake with a protocol of its own, by whatever sockets."""
        return int(getattr(self.fake, "connections", 0))

    def is_home(self, place: str) -> bool:
        """Tell whether `host:port` is the fake; one with a protocol of its own may listen on several ports."""
        return is_loopback(place) if isinstance(self.fake, TcpFake) else place == urlsplit(self.url).netloc

    def connect(
        self,
        *,
        scopes: Iterable[str] | None = None,
        credentials: Mapping[str, str] | None = None,
        shortest_limits: bool = False,
    ) -> Integration:
        """Return an instance that talks to the fake.

        Args:
            scopes: of its token; all that a connection asks for where left out.
            credentials: instead of those the fake gives.
            shortest_limits: set what the configuration calls a timeout to the least it takes.
        """
        wanted = self.spec.required_scopes if scopes is None else scopes
        values = self.credentials(wanted) if credentials is None else credentials
        self.secrets.update(_secret_parts(self.integration, values))
        config = {**self._configuration(), **(self._shortest_limits() if shortest_limits else {})}
        host = self.fake if hasattr(self.fake, "request") else None
        return self.integration.create(config, credentials=values, base_url=self._base_url(), host=host)

    def credentials(self, scopes: Iterable[str]) -> dict[str, str]:
        """Return credentials of the fake; for a required one it does not know, a value that stands for it."""
        issuer = getattr(self.fake, "issuer", None)
        given = dict(issuer(list(scopes)) if issuer else self.fake.credentials())
        for credential in self.spec.credentials:
            if credential.type is CredentialType.OAUTH2 and credential.key not in given and "access_token" in given:
                given[credential.key] = given.pop("access_token")
        return {**{key: value for key, value in self.stand_ins().items() if key not in given}, **given}

    def stand_ins(self, *, suffix: str = "") -> dict[str, str]:
        """Return a value for each required credential that nobody accepts; a suffix is no part of the secret."""
        needed = [credential for credential in self.spec.credentials if credential.required]
        plain = {item.key: f"{_user(item.type)}wren-check-{item.key}-{uuid.uuid4().hex}" for item in needed}
        self.secrets.update(_secret_parts(self.integration, plain))
        return {key: value + suffix for key, value in plain.items()}

    def _configuration(self) -> dict[str, Any]:
        schema = self.spec.config_schema
        told = {**self._config, **self.fake.configuration(self.url)}
        missing = [name for name in schema.get("required", ()) if name not in told]
        return {**{name: sample(schema, name) for name in missing}, **told}

    def _shortest_limits(self) -> dict[str, Any]:
        fields = self.spec.config_schema.get("properties", {})
        limits = {name: field for name, field in fields.items() if "timeout" in name}
        return {name: field.get("minimum", 1) for name, field in limits.items() if _is_number(field)}

    def _base_url(self) -> str | None:
        if isinstance(self.fake, TcpFake):
            return None
        # A path is part of the API: /api/v2 stays where it is, on another host.
        return self.url + urlsplit(self.spec.base_url or "").path


def _example_values(fake: Any) -> Mapping[str, Any]:
    tell = getattr(fake, "example_values", None)
    return tell() if callable(tell) else {}


def _user(kind: CredentialType) -> str:
    return "wren-check-user:" if kind is CredentialType.BASIC_AUTH else ""


def _secret_parts(integration: type[Integration], values: Mapping[str, str]) -> Iterator[str]:
    known = {credential.key: credential for credential in integration.spec.credentials}
    for key, value in values.items():
        is_pair = key in known and known[key].type is CredentialType.BASIC_AUTH and ":" in value
        if key not in known or known[key].secret:
            yield value.partition(":")[2] if is_pair else value


def _is_number(field: Mapping[str, Any]) -> bool:
    return field.get("type") in ("integer", "number")
