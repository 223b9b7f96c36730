"""The catalogue of installed integrations, and whether a subject can use them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.credentials.service import CredentialService
from wren_backend.integrations.ai_choice import AIChoice
from wren_backend.tenancy.auth import Subject
from wren_backend.tenancy.errors import MissingObject
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import IntegrationUnknown, WrenError
from wren_core.export.docs import IntegrationDocs
from wren_core.plugins.discovery import FailedPlugin
from wren_core.plugins.plugin import Plugin
from wren_core.plugins.registry import Registry


class IntegrationService:
    """Answers from the registry; only `check` and `validate` look at what the subject has.

    Args:
        registry: what is installed.
        credentials: the subjects' connections.
        addresses: links of the answers.
        ai: chooses the ai integration of a script that names none.
        find_quota_problem: tells what keeps a subject from deploying one script more.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        credentials: CredentialService,
        addresses: Addresses,
        ai: AIChoice,
        find_quota_problem: Callable[[Subject], WrenError | None] = lambda _subject: None,
    ) -> None:
        self.registry = registry
        self.addresses = addresses
        self._credentials = credentials
        self._ai = ai
        self._find_quota_problem = find_quota_problem

    def loaded(self) -> list[Plugin]:
        """List what is installed and works, by name."""
        return list(self.registry)

    def failed(self) -> list[FailedPlugin]:
        """List what is installed and could not be loaded, by name."""
        return sorted(self.registry.failed.values(), key=lambda plugin: plugin.name)

    def get(self, name: str) -> tuple[Plugin, IntegrationSpec]:
        """Return an integration with its complete spec.

        Raises:
            MissingObject: nobody offers an integration of that name; says which is nearest.
            PluginFailed: it is installed and could not be loaded.
        """
        try:
            return self.registry.plugin(name), self.registry.spec(name)
        except IntegrationUnknown as exc:
            raise MissingObject(exc.message, details=exc.details) from None

    def docs(self, name: str) -> IntegrationDocs:
        """Return an integration's documents. Raises as `get` does."""
        return IntegrationDocs.from_spec(self.get(name)[1])

    def connected(self, subject: Subject) -> frozenset[str]:
        """Return the integrations to which the subject has a connection that works."""
        return self._credentials.list_connected(subject)

    def check(
        self, subject: Subject, names: Sequence[str], accounts: Mapping[str, Sequence[str]] | None = None
    ) -> list[WrenError]:
        """Return what keeps the subject from using integrations, one error for each account; empty when nothing does.

        Looks at what is stored and calls no provider: a token that can be refreshed counts as good.
        """
        return check_integrations(self._credentials, subject, names, accounts or {})

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
            subject: who asks.
            names: the integrations the script names.
            uses_ai: it asks the connected ai integration besides, whichever that is.
            accounts: the aliases the script names, by integration.
        """
        problems = self.check(subject, names, accounts)
        if uses_ai:
            try:
                self._ai.choose(subject, declared=names)
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
                credentials.select(subject, name, alias)
            except WrenError as exc:
                exc.details.setdefault("integration", name)
                problems.append(exc)
    return problems
