"""Stored definitions."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, select

from wren_backend.definitions.errors import IntegrationNameTaken
from wren_backend.definitions.models import DefinitionSource, StoredDefinition
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.storage.storable import storable_json, storable_text
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.spec import IntegrationType
from wren_core.declarative.unbound import is_unbound

_WRITTEN_ONCE = frozenset({"id", "integration_id", "created_at"})
_LOCK = "integration_definitions"
# As text: building and compiling it takes as long as reading two thousand rows.
_KNOWN = text(
    "SELECT integration_id, source, distribution, distribution_version, fingerprint, type, document "
    "FROM integration_definitions ORDER BY integration_id"
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """The part of a row that a start needs. The document is one text, parsed when it is used."""

    name: str
    source: DefinitionSource
    distribution: str
    distribution_version: str
    fingerprint: str
    integration_type: IntegrationType
    document: str = field(repr=False)


def list_known(session: ReadSession) -> list[Known]:
    """List what is stored, by name: one statement, and no JSON is parsed."""
    return [_read_known(*row) for row in session.connection().execute(_KNOWN)]


def find_definition(session: ReadSession, integration_id: str) -> StoredDefinition | None:
    """Return the row of an integration, or None."""
    return session.exec(select(StoredDefinition).where(StoredDefinition.integration_id == integration_id)).one_or_none()


def replace_plugins(
    session: WriteSession, changed: Sequence[Known], *, gone: Collection[str] = (), now: datetime
) -> None:
    """Store what installed plugins declare now, in one statement, and delete the rows of those in `gone`.

    Of two processes that do so at the same time, the second waits and overwrites. Rows that an operator added do not
    change.
    """
    session.lock(_LOCK)
    of_plugin = col(StoredDefinition.source) == DefinitionSource.PLUGIN
    if gone:
        session.exec(delete(StoredDefinition).where(of_plugin, col(StoredDefinition.integration_id).in_(gone)))
    if changed:
        _upsert(session, [_row_values(item, now) for item in changed], where=of_plugin)


def put_declared(session: WriteSession, definition: IntegrationDefinition, *, now: datetime) -> StoredDefinition:
    """Store an operator's definition, in place of an older one of that name; it is served from the next start on.

    A definition without any handler may have the name of an installed plugin, which then performs its methods.

    Raises:
        DefinitionInvalid: names the place and the reason.
        IntegrationNameTaken: an installed plugin has the name.
    """
    spec = definition.to_spec()
    session.lock(_LOCK)
    existing = find_definition(session, spec.name)
    if existing is not None and existing.source is DefinitionSource.PLUGIN and not is_unbound(spec):
        raise IntegrationNameTaken(
            f"{existing.distribution} offers {spec.name!r} already; choose another integrationId, or uninstall it",
            details={"integration": spec.name, "distribution": existing.distribution},
        )
    known = Known(
        name=spec.name,
        source=DefinitionSource.DECLARED,
        distribution="",
        distribution_version="",
        fingerprint="",
        integration_type=spec.type,
        document=json.dumps(definition.to_wire(), allow_nan=False, separators=(",", ":")),
    )
    _upsert(session, [_row_values(known, now)])
    session.expire_all()
    stored = find_definition(session, spec.name)
    if stored is None:
        raise LookupError(f"{spec.name!r} was stored and is gone")
    return stored


def remove_declared(session: WriteSession, integration_id: str) -> bool:
    """Delete an operator's definition and return whether there was one. Those of plugins stay."""
    declared = col(StoredDefinition.source) == DefinitionSource.DECLARED
    statement = delete(StoredDefinition).where(declared, col(StoredDefinition.integration_id) == integration_id)
    return bool(session.exec(statement).rowcount)


def _upsert(session: WriteSession, rows: list[dict[str, Any]], *, where: Any = None) -> None:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = (sqlite_insert if is_sqlite else postgresql_insert)(StoredDefinition)
    new = {name: insert.excluded[name] for name in StoredDefinition.model_fields if name not in _WRITTEN_ONCE}
    statement = insert.on_conflict_do_update(index_elements=["integration_id"], set_=new, where=where)
    # In the order of their names, so that two writers cannot deadlock.
    session.connection().execute(statement, sorted(rows, key=lambda row: str(row["integration_id"])))


def _read_known(name: str, source: str, *rest: Any) -> Known:
    distribution, version, fingerprint, kind, document = rest
    return Known(
        name=name,
        source=DefinitionSource(source),
        distribution=distribution,
        distribution_version=version,
        fingerprint=fingerprint,
        integration_type=kind,
        document=document,
    )


def _row_values(known: Known, now: datetime) -> dict[str, Any]:
    definition = IntegrationDefinition.model_validate(json.loads(known.document))
    return {
        "id": uuid4(),
        "integration_id": known.name,
        "name": storable_text(definition.name),
        "description": storable_text(definition.description),
        "version": definition.version,
        "type": definition.type,
        "methods": storable_json(definition.methods),
        "config_schema": storable_json(definition.config_schema),
        "auth_type": definition.resolved_auth_type,
        "oauth2_config": storable_json(definition.oauth2_config),
        "ai_config": storable_json(definition.ai_config),
        "source": known.source,
        "distribution": known.distribution[:255],
        "distribution_version": known.distribution_version[:255],
        "fingerprint": known.fingerprint,
        "digest": digest_of(known.document),
        "document": known.document,
        "created_at": now,
        "updated_at": now,
    }


def digest_of(document: str) -> str:
    """Return a digest that differs between two documents."""
    return sha256(document.encode()).hexdigest()
