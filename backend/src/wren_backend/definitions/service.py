"""The definitions of the loaded integrations, answered from memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from wren_backend.definitions.repository import digest_of
from wren_backend.tenancy.errors import MissingObject
from wren_core.contract.spec import IntegrationType
from wren_core.errors import IntegrationUnknown
from wren_core.plugins.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Document:
    """A JSON text, and the tag that changes with it."""

    text: str = field(repr=False)
    tag: str

    @classmethod
    def of(cls, text: str) -> "Document":
        """Return the document of a text."""
        return cls(text=text, tag=digest_of(text))


class DefinitionService:
    """Answers from the registry, without the database and without plugins: answers do not change until a restart.

    Args:
        registry: what is installed and declared.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._documents: dict[str, Document] = {}

    def get(self, integration_id: str) -> Document:
        """Return the definition of one integration.

        Raises:
            MissingObject: no integration has that name; names the nearest.
            PluginFailed: it is installed and could not be loaded.
        """
        try:
            name = self._registry.plugin(integration_id).name
        except IntegrationUnknown as exc:
            raise MissingObject(exc.message, details=exc.details) from None
        return self._document(name)

    def list_all(self, kind: IntegrationType | None = None) -> Document:
        """Return all definitions, or those of one type, sorted by name, as one document."""
        chosen = [plugin.name for plugin in self._registry if kind in (None, plugin.integration_type)]
        documents = [self._document(name) for name in chosen]
        text = '{"definitions":[' + ",".join(document.text for document in documents) + "]}"
        return Document(text=text, tag=_combine_tags(document.tag for document in documents))

    def _document(self, name: str) -> Document:
        if name not in self._documents:
            self._documents[name] = Document.of(self._registry.plugin(name).document)
        return self._documents[name]


def _combine_tags(tags: Iterable[str]) -> str:
    return sha256("\n".join(tags).encode()).hexdigest()
