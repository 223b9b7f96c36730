"""The operator's work on definitions, also while a server runs: add, list and remove integrations without code."""

from datetime import datetime
from pathlib import Path
from typing import Any

from wren_backend.definitions import repository
from wren_backend.definitions.errors import IntegrationNameTaken
from wren_backend.definitions.models import DefinitionSource
from wren_backend.storage.database import Database
from wren_backend.tenancy.errors import MissingObject
from wren_core.declarative.integration import declared_integration
from wren_core.declarative.publication import read_definition
from wren_core.declarative.unbound import handler_notes, is_unbound, unbound_methods
from wren_core.plugins.discovery import integration_names

_RESTART = "restart the server to use it"


def add_definition(database: Database, *, path: Path, now: datetime) -> str:
    """Store the definition of a file, in place of an older one of that name, and return a line that reports it.

    A definition whose methods have no request is stored too: an installed plugin of its name performs them, or nothing.

    Raises:
        DefinitionInvalid: it is no definition, or one that could not be called; names the place and the reason.
        IntegrationNameTaken: an installed distribution offers an integration of that name, and the definition has
            handlers itself.
    """
    definition = read_definition(path)
    integration = declared_integration(definition)  # refuses now what every call would fail on
    name = integration.spec.name
    is_performed = name in integration_names()
    if is_performed and not is_unbound(integration.spec):
        raise IntegrationNameTaken(
            f"an installed distribution offers {name!r}; choose another integrationId, or uninstall it"
        )
    with database.writing() as session:
        known = repository.find_definition(session, name)
        repository.put_declared(session, definition, now=now)
    done = "replaced" if known is not None else "added"
    notes = [] if is_performed else handler_notes(name, unbound_methods(integration.spec))
    if is_performed:
        notes = [f"the installed plugin {name!r} performs them"]
    return "; ".join([f"{done} {name} with {len(integration.methods())} methods", *notes, _RESTART])


def list_definitions(database: Database) -> list[dict[str, Any]]:
    """Return the definitions that operators added: name, title, version, number of methods, and when they changed."""
    with database.reading() as session:
        known = [row for row in repository.list_known(session) if row.source is DefinitionSource.DECLARED]
        rows = [row for item in known if (row := repository.find_definition(session, item.name)) is not None]
        return [
            {
                "name": row.integration_id,
                "display_name": row.name,
                "version": row.version,
                "auth_type": row.auth_type.value,
                "methods": len(row.methods),
                "no_handler": [method["id"] for method in row.methods if not method.get("request")],
                "updated_at": row.updated_at.isoformat(),
            }
            for row in rows
        ]


def remove_definition(database: Database, *, name: str) -> str:
    """Remove a definition that an operator added and return a line that reports it; connections and deployments stay.

    Raises:
        MissingObject: there is none of that name.
    """
    with database.writing() as session:
        if not repository.remove_declared(session, name):
            raise MissingObject(f"no operator added a definition {name!r}")
    return f"removed {name}; scripts that use it fail after the next restart of the server"
