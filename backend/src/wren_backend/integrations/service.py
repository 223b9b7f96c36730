"""The installed integrations, and whether a subject can use them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.credentials.service import CredentialService
from wren_backend.connections.oauth.provider_addresses import ProviderOverrides, missing_addresses
from wren_backend.integrations.ai_choice import AIChoice
from wren_backend.tenancy.auth import Subject
from wren_backend.tenancy.errors import MissingObject
from wren_core.contract.spec import IntegrationSpec
from wren_core.declarative.unbound import handler_notes
from wren_core.errors import IntegrationUnknown, WrenError
from wren_core.export.docs import IntegrationDocs
from wren_core.plugins.discovery import FailedPlugin
from wren_core.plugins.plugin import Plugin
from wren_core.plugins.registry import Registry


class IntegrationService:
    """Reads the registry; only `connected`, `check`, `choose_ai` and `validate` read the subject's connections.

    Args:
        registry: what is installed.
        credentials: the subjects' connections.
        addresses: links of the answers.
        ai: chooses the ai integration of a script that names none.
        find_quota_problem: finds what keeps a subject from deploying another script.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        credentials: CredentialService,
        addresses: Addresses,
        ai: AIChoice,
        providers: Mapping[str, ProviderOverrides],
        find_quota_problem: Callable[[Subject], WrenError | None] = lambda _subject: None,
    ) -> None:
        self.registry = registry
        self.addresses = addresses
        self._credentials = credentials
        self._ai = ai
        self._providers = providers
        self._find_quota_problem = find_quota_problem

    @cached_property
    def unconfigured(self) -> dict[str, list[str]]:
        """The integrations that no user can connect, each with the variables an operator must set."""
        found = {plugin.name: self._find_missing(plugin) for plugin in self.registry}
        return {name: variables for name, variables in found.items() if variables}

    def _find_missing(self, plugin: Plugin) -> list[str]:
        # A text search first: parsing every definition to answer a probe would take seconds where there are a thousand.
        text = plugin.document
        has_addresses = '"authorizationUrl":"' in text and '"tokenUrl":"' in text
        has_no_oauth = '"oauth2Config":null' in text and '"oauthProvider":null' in text
        return [] if has_addresses or has_no_oauth else missing_addresses(plugin.spec, self._providers)

    def loaded(self) -> list[Plugin]:
        """List what is installed and works, by name."""
        return list(self.registry)

    def failed(self) -> list[FailedPlugin]:
        """List what is installed and could not be loaded, by name."""
        return sorted(self.registry.failed.values(), key=lambda plugin: plugin.name)

    def get(self, name: str) -> tuple[Plugin, IntegrationSpec]:
        """Return an integration with its complete spec.

        Raises:
            MissingObject: no integration has that name; names the nearest.
            PluginFailed: it is installed and could not be loaded.
        """
        try:
            return self.registry.plugin(name), self.registry.spec(name)
        except IntegrationUnknown as exc:
            raise MissingObject(exc.message, details=exc.details) from None

    def docs(self, name: str) -> IntegrationDocs:
        """Return an integration's documents. Raises as `get` does."""
        plugin, spec = self.get(name)
        return IntegrationDocs.from_spec(spec, unbound=plugin.unbound)

    def connected(self, subject: Subject) -> frozenset[str]:
        """Return the integrations to which the subject has a connection that works."""
        return self._credentials.list_connected(subject)

    def check(
        self, subject: Subject, names: Sequence[str], accounts: Mapping[str, Sequence[str]] | None = None
    ) -> list[WrenError]:
        """Return what keeps the subject from using integrations, one error for each account at most.

        Reads stored connections and calls no provider: a token that can be refreshed counts as valid, unless the latest
        attempt failed.
        """
        return check_integrations(self._credentials, subject, names, accounts or {})

    def warnings(self, names: Sequence[str]) -> list[str]:
        """Return what a script with these integrations should know: methods without a handler."""
        known = (self.registry.plugin(name) for name in dict.fromkeys(names) if name in self.registry)
        return [note for plugin in known for note in handler_notes(plugin.name, plugin.unbound)]

    def choose_ai(self, subject: Subject, *, declared: Collection[str] = (), preferred: str | None = None) -> str:
        """Return the ai integration of a script that names none. Takes and raises what `AIChoice.choose` does."""
        return self._ai.choose(subject, declared=declared, preferred=preferred)

    def validate(
        self,
        subject: Subject,
        names: Sequence[str],
        *,
        uses_ai: bool = False,
        accounts: Mapping[str, Sequence[str]] | None = None,
    ) -> list[WrenError]:
        """Return what keeps the subject from deploying a script with these integrations: `check`, and the quota.

        Args:
            subject: the caller.
            names: the integrations the script names.
            uses_ai: the script also calls the connected ai integration.
            accounts: the aliases the script names, by integration.
        """
        problems = self.check(subject, names, accounts)
        if uses_ai:
            try:
                self.choose_ai(subject, declared=names)
            except WrenError as exc:
                problems.append(exc)
        quota = self._find_quota_problem(subject)
        return [*problems, *([] if quota is None else [quota])]


def check_integrations(
    credentials: CredentialService, subject: Subject, names: Iterable[str], accounts: Mapping[str, Sequence[str]]
) -> list[WrenError]:
    """Return one error for each account that the subject cannot use now; `details` names the integration.

    Where a script names accounts of an integration, the default one is not asked for: the script may never use it.
    """
    problems: list[WrenError] = []
    for name in dict.fromkeys([*names, *accounts]):
        aliases: Sequence[str | None] = accounts.get(name) or [None]
        for alias in dict.fromkeys(aliases):
            try:
                credentials.check(subject, name, alias)
            except WrenError as exc:
                exc.details.setdefault("integration", name)
                problems.append(exc)
    return problems
