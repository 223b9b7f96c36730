"""The test data of connections: four integrations made for tests, and the provider of two of them.

A plain module without pytest, because other processes load it too.
"""

import base64
import json
from datetime import timedelta
from typing import Annotated

from pydantic import SecretStr

from wren_backend.clock import Clock
from wren_backend.connections import repository
from wren_backend.connections.addresses import Addresses
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.credentials.refresh import plan_refresh
from wren_backend.connections.models import Connection
from wren_backend.connections.oauth.provider_http import BoundedTransport
from wren_backend.connections.oauth.token_endpoint import TokenEndpoint
from wren_backend.settings import ProviderSettings
from wren_backend.storage.database import Database
from wren_backend.tenancy.auth import Subject
from wren_backend.vault.keyring import GivenKeys
from wren_backend.vault.master_keys import MasterKeyProvider
from wren_backend.vault.service import Vault
from wren_core.contract.integration import Integration
from wren_core.contract.methods import method
from wren_core.contract.record import IntegrationConfig
from wren_core.contract.spec import ApiKeyConfig, CredentialSpec, CredentialType, IntegrationSpec, OAuth2Config
from wren_core.plugins.discovery import FailedPlugin, LoadedPlugin
from wren_core.plugins.registry import Registry
from wren_core.testing import FakeOAuth, FakeProvider, FakeRequest, FakeResponse, FakeUser, route

PUBLIC_URL = "http://127.0.0.1:8080"
ALICE = FakeUser(email="alice@parcel.test", name="Alice")
BOB = FakeUser(email="bob@parcel.test", name="Bob")
SCOPES = ("parcels.read", "parcels.write")


class Parcel(Integration):
    """Track parcels."""

    spec = IntegrationSpec(
        name="parcel",
        display_name="Parcel",
        auth=OAuth2Config(
            provider="parcelco",
            authorization_url="https://parcel.test/authorize",
            token_url="https://parcel.test/token",
            revoke_url="https://parcel.test/revoke",
            scopes=SCOPES,
            additional_parameters={"access_type": "offline", "state": "of the plugin"},
        ),
        credentials=(
            CredentialSpec(
                key="access_token",
                type=CredentialType.OAUTH2,
                env_var="PARCEL_ACCESS_TOKEN",
                refresh_key="refresh_token",
            ),
        ),
        hosts=("parcel.test",),
    )

    class Config(IntegrationConfig):
        warehouse: Annotated[str | None, "Where parcels leave from"] = None
        page_size: int = 10

    @method(effect="read", scopes=["parcels.read"])
    def track(self, number: str) -> str:
        """Tell where a parcel is."""
        return number


class Weather(Integration):
    """Read the weather."""

    spec = IntegrationSpec(
        name="weather",
        display_name="Weather",
        auth=ApiKeyConfig(name="X-Key"),
        credentials=(
            CredentialSpec(
                key="api_key", type=CredentialType.API_KEY, env_var="WEATHER_API_KEY", description="From <x>"
            ),
            CredentialSpec(key="station", type=CredentialType.CUSTOM, env_var="WEATHER_STATION", required=False),
        ),
        docs_url="https://weather.test/docs",
    )


class Ticket(Integration):
    """Sell tickets; a token made at the provider will do too."""

    spec = IntegrationSpec(
        name="ticket",
        display_name="Ticket",
        auth=OAuth2Config(
            provider="parcelco",
            authorization_url="https://parcel.test/authorize",
            token_url="https://parcel.test/token",
            scopes=("tickets.sell",),
            accepts_token=True,
        ),
        credentials=(
            CredentialSpec(
                key="access_token",
                type=CredentialType.OAUTH2,
                env_var="TICKET_ACCESS_TOKEN",
                refresh_key="refresh_token",
            ),
        ),
    )


class Abacus(Integration):
    """Count."""

    spec = IntegrationSpec(name="abacus", display_name="Abacus")


class FakeParcel(FakeProvider):
    """The authorization server of Parcel, with userinfo."""

    name = "parcel"

    def __init__(self, *, rotate: bool = True, lifetime: float | None = 3600) -> None:
        super().__init__()
        self.oauth = FakeOAuth(
            self,
            users=[ALICE, BOB],
            authorize_path="/authorize",
            token_path="/token",
            revoke_path="/revoke",
            rotate=rotate,
            token_lifetime=lifetime,
        )

    @route("GET", "/userinfo")
    def userinfo(self, request: FakeRequest) -> FakeResponse:
        user = self.oauth.user_of(request.token)
        if user is None:
            return FakeResponse(status=401, body={"error": "invalid_token"})
        return FakeResponse(body={"sub": f"id-of-{user.name}", "email": user.email})

    def calls(self, path: str) -> list[FakeRequest]:
        """Return the requests of a path."""
        return [request for request in self.requests if request.path == path]


def registry() -> Registry:
    """Return a registry of the four, and of one that failed to load."""
    loaded = {
        item.spec.name: LoadedPlugin(
            name=item.spec.name, distribution=f"wren-{item.spec.name}", version="1.2.3", integration=item
        )
        for item in (Parcel, Weather, Ticket, Abacus)
    }
    broken = FailedPlugin(
        name="broken", distribution="wren-broken", version="0.1", code="PLUGIN_RAISED", reason="it raised"
    )
    return Registry(loaded=loaded, failed={"broken": broken})


def provider_settings(base_url: str) -> dict[str, ProviderSettings]:
    """Return the operator's settings that lead to a stand-in."""
    return {
        "parcelco": ProviderSettings(
            client_id="fake-client",
            client_secret=SecretStr("fake-client-secret"),
            authorization_url=f"{base_url}/authorize",
            token_url=f"{base_url}/token",
            revoke_url=f"{base_url}/revoke",
            userinfo_url=f"{base_url}/userinfo",
        )
    }


def make_context(
    database: Database, *, clock: Clock, key_line: str, base_url: str, total_seconds: float = 20.0
) -> ConnectionContext:
    """Return the ports of connections over a database and a stand-in."""
    return ConnectionContext(
        database=database,
        vault=Vault(MasterKeyProvider(GivenKeys(key_line, origin="test"))),
        clock=clock,
        registry=registry(),
        addresses=Addresses(public_url=PUBLIC_URL),
        providers=provider_settings(base_url),
        endpoint=TokenEndpoint(BoundedTransport(total_seconds=total_seconds)),
        refresh_margin=timedelta(minutes=5),
    )


def connect_parcel(
    context: ConnectionContext,
    subject: Subject,
    values: dict[str, str],
    *,
    lifetime: timedelta | None = timedelta(hours=1),
    alias: str = "default",
    scopes: tuple[str, ...] = SCOPES,
) -> Connection:
    """Store a connection as an authorization would have left it."""
    now = context.clock.now()
    expires_at = None if lifetime is None else now + lifetime
    with context.database.writing() as session:
        row = repository.create_pending(session, subject, "parcel", alias=alias, now=now)
        context.vault.store(session, row.place, values, now=now)
        grant = repository.Grant(
            scopes=scopes, expires_at=expires_at, account_id="id-of-Alice", account_label=ALICE.email
        )
        active = repository.activate(session, subject, row.id, grant, now=now)
        if active is None:
            raise LookupError("the connection vanished")
        planned = refresh_repository.plan_refresh(session, active, at=plan_refresh(expires_at=expires_at, now=now))
        return planned or active


def tokens_of(provider: FakeParcel, user: FakeUser = ALICE) -> dict[str, str]:
    """Have the provider issue tokens, and return them as they are stored."""
    body = provider.oauth.issue(user, list(SCOPES))
    return {key: body[key] for key in ("access_token", "refresh_token") if key in body}


def id_token(**claims: object) -> str:
    """Return an unsigned OpenID token."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".x"
