"""Use cases of a connect link: show what it is for, then go to the provider, or store what a person typed in.

Looking at a link changes nothing, however often it is done: chat programs and mail filters open every address they see.
Only a form that a person sends uses the link up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from wren_backend.connections import repository
from wren_backend.connections.authorization import repository as flows
from wren_backend.connections.authorization.departures import Arrival, Departure, configure, depart
from wren_backend.connections.authorization.fields import (
    SETTING,
    VALUE,
    FormField,
    credential_fields,
    read_settings,
    setting_fields,
)
from wren_backend.connections.authorization.proofs import (
    USED_UP,
    connection_of,
    owner_names,
    owner_of,
    subject_of,
)
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.errors import ConnectionTestFailed, FlowRefused
from wren_backend.connections.models import Connection, ConnectLink
from wren_backend.connections.repository import Grant
from wren_backend.connections.requirements import (
    accepts_token,
    access_key,
    check_values,
    gives_token,
    typed_credentials,
    uses_oauth,
)
from wren_backend.storage.database import ReadSession
from wren_core.contract.configuration import check_config
from wren_core.contract.hosts import configured_hosts
from wren_core.contract.spec import IntegrationSpec

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What the page of a link shows."""

    spec: IntegrationSpec
    user: str
    workspace: str
    alias: str
    account: str | None = None
    """The account at the provider, where one is connected already."""
    goes_to_provider: bool
    """The person consents there; otherwise they type credentials in."""
    fields: tuple[FormField, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a person sent."""

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By the names of the form."""
    is_test_skipped: bool = False

    def of(self, prefix: str) -> dict[str, str]:
        """Return the fields whose names begin with `prefix`, without it."""
        return {name.removeprefix(prefix): text for name, text in self.fields.items() if name.startswith(prefix)}


class LinkService:
    """The browser's way in. No request has an API key: the link is the proof."""

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context

    def open(self, integration: str, token: str) -> Invitation:
        """Return what a link is for; the link stays as it is.

        Raises:
            WrenError: FlowRefused, ProviderNotConfigured, IntegrationUnknown, PluginFailed.
        """
        spec = self._context.registry.spec(integration)
        with self._context.database.reading() as session:
            link = self._link(session, spec, token)
            user, workspace = owner_names(session, link)
            connection = connection_of(session, link)
        goes_to_provider = uses_oauth(spec) and not self._context.asks_for_token(spec)
        if goes_to_provider:
            self._context.check_registered(spec)
        return Invitation(
            spec=spec,
            user=user,
            workspace=workspace,
            alias=connection.alias,
            account=connection.account_label,
            goes_to_provider=goes_to_provider,
            fields=tuple(self._fields(spec, connection, goes_to_provider=goes_to_provider)),
        )

    def submit(self, integration: str, token: str, submission: Submission) -> Departure | Arrival:
        """Use the link up: send the person to the provider, or store what they typed in.

        Raises:
            WrenError: FlowRefused, IntegrationUnknown, PluginFailed; CredentialsInvalid, ConfigInvalid or
                ConnectionTestFailed, after which the link is still good.
        """
        invitation = self.open(integration, token)
        spec = invitation.spec
        with self._context.database.reading() as session:
            connection = connection_of(session, self._link(session, spec, token))
        config = self._read_config(invitation, connection, submission)
        if invitation.goes_to_provider:
            provider = self._context.provider(spec, config)
            return depart(self._context, spec, provider, token, config=config)
        typed = submission.of(VALUE)
        values = check_values(spec, {access_key(spec): "", **typed} if uses_oauth(spec) else typed)
        if not submission.is_test_skipped:
            self._test(spec, values, config)
        return self._store(spec, token, values, config)

    def _fields(self, spec: IntegrationSpec, connection: Connection, *, goes_to_provider: bool) -> list[FormField]:
        operators = self._context.configured.get(spec.name, {})
        # The addresses of the provider need some values at once; the others can be given in a script as well.
        needed = self._context.unset_fields(spec, {}) if goes_to_provider else None
        settings = setting_fields(spec, operators=operators, given=connection.config, needed=needed)
        if goes_to_provider:
            required = spec.config_schema.get("required", ())
            return [item for item in settings if item.is_required or item.name.removeprefix(SETTING) in required]
        credentials = spec.credentials if accepts_token(spec) else typed_credentials(spec)
        first = [item for item in settings if item.is_required]
        return [*first, *credential_fields(credentials), *(item for item in settings if not item.is_required)]

    def _read_config(self, invitation: Invitation, connection: Connection, submission: Submission) -> dict[str, Any]:
        """Return the connection's configuration with the values of the form in it, checked."""
        spec = invitation.spec
        asked = {item.name.removeprefix(SETTING) for item in invitation.fields if item.name.startswith(SETTING)}
        sent = {name: text for name, text in submission.of(SETTING).items() if name in asked}
        kept = {name: value for name, value in connection.config.items() if name not in sent}
        config = {**kept, **read_settings(spec, sent)}
        effective = self._context.effective(spec, config)
        check_config(spec, effective, is_partial=invitation.goes_to_provider)
        configured_hosts(spec, effective)
        return config

    def _test(self, spec: IntegrationSpec, values: Mapping[str, str], config: Mapping[str, Any]) -> None:
        problem = self._context.find_test_problem(spec, values, self._context.effective(spec, config))
        if problem is not None:
            raise ConnectionTestFailed(problem, details={"integration": spec.name})

    def _store(
        self, spec: IntegrationSpec, token: str, values: Mapping[str, str], config: Mapping[str, Any]
    ) -> Arrival:
        now = self._context.clock.now()
        with self._context.database.writing() as session:
            link = flows.consume_link(session, token, now=now)
            if link is None:
                raise FlowRefused(USED_UP)
            owner, connection = owner_of(session, link), connection_of(session, link)
            configure(session, connection, link, config, now=now)
            if gives_token(spec, values):
                self._context.vault.shred(session, connection.place)  # as where the token comes over the API
            self._context.vault.store(session, connection.place, values, now=now)
            active = repository.activate(session, subject_of(link), connection.id, Grant(), now=now)
            if active is None:
                raise FlowRefused(USED_UP)
        self._context.vault.erase_traces(self._context.database)  # of credentials that were replaced
        log.info("connection.activated", connection_id=active.id, integration=spec.name)
        return Arrival(spec=spec, connection=active, owner=owner)

    def _link(self, session: ReadSession, spec: IntegrationSpec, token: str) -> ConnectLink:
        link = flows.find_link(session, token, now=self._context.clock.now())
        if link is None or link.integration != spec.name:
            raise FlowRefused(USED_UP)
        return link
