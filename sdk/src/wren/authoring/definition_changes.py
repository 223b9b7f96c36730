"""What changed between two definitions of an integration, and the level of each difference. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from wren.authoring.change import Change, Level
from wren.authoring.schema_changes import Flow, compare_order, compare_schemas
from wren_core.contract.definition import IntegrationDefinition

Json = Mapping[str, Any]

# By the harm they can do: hosts ask before an effect, and repeat nothing that writes.
_EFFECTS = ("read", "write", "destructive")
_SIMULATIONS = ("none", "validate_only", "native")
_METHOD_FIELDS = frozenset(
    {"id", "inputSchema", "outputSchema", "effect", "idempotent", "requiresApproval", "scopes", "undo", "simulate"}
)
_CREDENTIAL_FIELDS = frozenset({"key", "type", "envVar", "refreshEnvVar", "required", "oauthScopes"})
_MODEL_FIELDS = frozenset({"id", "capabilities", "inputFormats", "outputFormats", "contextWindow", "maxTokens"})
_COMPARED = frozenset(
    {"integration_id", "version", "type", "methods", "config_schema", "auth_type", "custom_auth", "ai_config"}
    | {"credentials", "oauth_provider", "oauth_scopes", "hosts", "config_hosts", "triggers"}
)


def compare_definitions(old: IntegrationDefinition, new: IntegrationDefinition) -> list[Change]:
    """List the differences between a released definition and the next one, highest level first."""
    found = [
        *_compare_identity(old, new),
        *_compare_authentication(old, new),
        *_compare_by_key(
            "credentials",
            "credential",
            "key",
            old.credentials,
            new.credentials,
            _compare_credential,
            _weigh_new_credential,
        ),
        *compare_schemas(old.config_schema, new.config_schema, flow=Flow.INPUT, where="init", noun="setting"),
        *_compare_by_key("methods", "method", "id", old.methods, new.methods, _compare_method),
        *_compare_by_key("triggers", "trigger", "name", old.triggers, new.triggers, _compare_trigger),
        *_compare_sets("hosts", "host", old.hosts, new.hosts, added=Level.MINOR, removed=Level.PATCH),
        *_compare_sets("hosts", "configured host", old.config_hosts, new.config_hosts, added=Level.MINOR),
        *_compare_models(old.ai_config or {}, new.ai_config or {}),
        *_compare_texts(old, new),
    ]
    return sorted(found, key=lambda change: -change.level)


def _compare_identity(old: IntegrationDefinition, new: IntegrationDefinition) -> Iterator[Change]:
    for what, before, after in (("name", old.integration_id, new.integration_id), ("type", old.type, new.type)):
        if before != after:
            yield _make_change(Level.MAJOR, "integration", f"its {what} is {after!r} instead of {before!r}")


def _compare_authentication(old: IntegrationDefinition, new: IntegrationDefinition) -> Iterator[Change]:
    if old.auth_type != new.auth_type:
        text = f"people connect by {new.auth_type!r} instead of {old.auth_type!r}"
        yield _make_change(Level.MAJOR, "authentication", text)
        return
    if old.oauth_provider != new.oauth_provider:
        text = f"the OAuth provider is {new.oauth_provider!r} instead of {old.oauth_provider!r}"
        yield _make_change(Level.MAJOR, "authentication", text)
    yield from _compare_sets("authentication", "scope", old.oauth_scopes, new.oauth_scopes, added=Level.MAJOR)
    forms = [(item.custom_auth or {}).get("parameters", {}) for item in (old, new)]
    yield from compare_schemas(*forms, flow=Flow.INPUT, where="authentication", noun="value")


def _compare_credential(old: Json, new: Json) -> Iterator[Change]:
    key = old["key"]
    for field, what in (("type", "type"), ("envVar", "variable"), ("refreshEnvVar", "variable of its refresh token")):
        if old.get(field) != new.get(field):
            level = Level.MINOR if old.get(field) is None else Level.MAJOR
            yield _make_change(
                level, "credentials", f"the {what} of {key!r} is {new.get(field)} instead of {old.get(field)}"
            )
    was, now = old.get("required", True), new.get("required", True)
    if was != now:
        level = Level.MAJOR if now else Level.MINOR
        yield _make_change(level, "credentials", f"{key!r} is {'newly required' if now else 'no longer required'}")
    scopes = [item.get("oauthScopes", ()) for item in (old, new)]
    yield from _compare_sets("credentials", f"scope of {key!r}", *scopes, added=Level.MAJOR)
    yield from _compare_other_fields("credentials", repr(key), old, new, _CREDENTIAL_FIELDS)


def _weigh_new_credential(new: Json) -> Level:
    return Level.MAJOR if new.get("required", True) else Level.MINOR


def _compare_method(old: Json, new: Json) -> Iterator[Change]:
    where = old["id"]
    inputs, outputs = ([item.get(name, {}) for item in (old, new)] for name in ("inputSchema", "outputSchema"))
    yield from compare_schemas(*inputs, flow=Flow.INPUT, where=where, noun="parameter")
    yield from compare_order(*inputs, where=where)
    yield from compare_schemas(*outputs, flow=Flow.OUTPUT, where=where, noun="result")
    yield from _compare_ranks(where, "effect", _EFFECTS, old, new, less_is_safe=True)
    yield from _compare_ranks(where, "simulate", _SIMULATIONS, old, new, less_is_safe=False)
    yield from _compare_promise(where, "is idempotent", old.get("idempotent"), new.get("idempotent"), is_kept_by=True)
    yield from _compare_promise(where, "needs approval", old.get("requiresApproval"), new.get("requiresApproval"))
    yield from _compare_undo(where, old.get("undo"), new.get("undo"))
    yield from _compare_sets(where, "scope", old.get("scopes", ()), new.get("scopes", ()), added=Level.MAJOR)
    yield from _compare_other_fields(where, "its", old, new, _METHOD_FIELDS)


def _compare_ranks(
    where: str, field: str, ranks: tuple[str, ...], old: Json, new: Json, *, less_is_safe: bool
) -> Iterator[Change]:
    before, after = (item.get(field, ranks[0]) for item in (old, new))
    if before != after:
        grew = ranks.index(after) > ranks.index(before)
        level = Level.MAJOR if grew == less_is_safe else Level.MINOR
        yield _make_change(level, where, f"its {field} is {after!r} instead of {before!r}")


def _compare_promise(where: str, what: str, before: Any, after: Any, *, is_kept_by: bool = False) -> Iterator[Change]:
    if bool(before) != bool(after):
        level = Level.MINOR if bool(after) == is_kept_by else Level.MAJOR
        yield _make_change(level, where, f"{what} {'now' if after else 'no longer'}")


def _compare_undo(where: str, before: Any, after: Any) -> Iterator[Change]:
    if before and not after:
        yield _make_change(Level.MAJOR, where, f"can no longer be undone by {before['method']!r}")
    elif after and before != after:
        yield _make_change(
            Level.MINOR, where, f"is undone by {after['method']!r}" + (" in another way" if before else "")
        )


def _compare_trigger(old: Json, new: Json) -> Iterator[Change]:
    schemas = [item.get("configSchema", {}) for item in (old, new)]
    yield from compare_schemas(*schemas, flow=Flow.INPUT, where=f"trigger {old['name']}", noun="setting")
    yield from _compare_other_fields("triggers", repr(old["name"]), old, new, frozenset({"name", "configSchema"}))


def _compare_models(old: Json, new: Json) -> Iterator[Change]:
    for field, what in (("provider", "provider"), ("defaultModel", "default model")):
        before, after = old.get(field), new.get(field)
        if before is not None and before != after:
            yield _make_change(Level.MAJOR, "models", f"the {what} is {after!r} instead of {before!r}")
    yield from _compare_by_key(
        "models", "model", "id", old.get("availableModels", ()), new.get("availableModels", ()), _compare_model
    )


def _compare_model(old: Json, new: Json) -> Iterator[Change]:
    name = old["id"]
    for field, what in (("capabilities", "capability"), ("inputFormats", "input"), ("outputFormats", "output")):
        values = [item.get(field, ()) for item in (old, new)]
        yield from _compare_sets("models", f"{what} of {name!r}", *values, added=Level.MINOR, removed=Level.MAJOR)
    for field, what in (("contextWindow", "context window"), ("maxTokens", "most tokens")):
        before, after = old.get(field), new.get(field)
        if before != after:
            level = Level.MINOR if before and (after is None or after > before) else Level.MAJOR
            yield _make_change(level, "models", f"the {what} of {name!r}: {after} instead of {before}")
    yield from _compare_other_fields("models", repr(name), old, new, _MODEL_FIELDS)


def _compare_texts(old: IntegrationDefinition, new: IntegrationDefinition) -> Iterator[Change]:
    """Yield the other differences: texts and addresses, on which no call depends."""
    before, after = old.model_dump(), new.model_dump()
    for field in sorted(before.keys() - _COMPARED):
        if before[field] != after[field]:
            yield _make_change(Level.PATCH, "integration", f"its {field.replace('_', ' ')} changed")


def _compare_by_key(
    where: str,
    noun: str,
    key: str,
    old: Iterable[Json],
    new: Iterable[Json],
    compare: Callable[[Json, Json], Iterator[Change]],
    weigh: Callable[[Json], Level] = lambda _: Level.MINOR,
) -> Iterator[Change]:
    before, after = {item[key]: item for item in old}, {item[key]: item for item in new}
    for name, item in before.items():
        if name in after:
            yield from compare(item, after[name])
        else:
            yield _make_change(Level.MAJOR, where, f"{noun} {name!r} was removed")
    for name, item in after.items():
        if name not in before:
            level = weigh(item)
            suffix = " and is required" if level is Level.MAJOR else ""
            yield _make_change(level, where, f"{noun} {name!r} was added{suffix}")


def _compare_sets(
    where: str, noun: str, old: Iterable[str], new: Iterable[str], *, added: Level, removed: Level = Level.PATCH
) -> Iterator[Change]:
    before, after = list(old), list(new)
    yield from (_make_change(removed, where, f"{noun} {item!r} was removed") for item in before if item not in after)
    yield from (_make_change(added, where, f"{noun} {item!r} was added") for item in after if item not in before)


def _compare_other_fields(where: str, subject: str, old: Json, new: Json, compared: frozenset[str]) -> Iterator[Change]:
    for field in sorted({*old, *new} - compared):
        if old.get(field) != new.get(field):
            yield _make_change(Level.PATCH, where, f"{subject} {field} changed")


def _make_change(level: Level, where: str, text: str) -> Change:
    return Change(level=level, where=where, text=text)
