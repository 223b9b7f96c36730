"""Load one entry point and check its integration class, whatever the plugin does during the import."""

import threading
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Any

import importlib_metadata as metadata
import pluggy
from importlib_metadata import EntryPoint

from wren_core.contract import hookspecs
from wren_core.contract.address_check import check_addresses
from wren_core.contract.integration import Integration
from wren_core.contract.misfit import describe_error
from wren_core.contract.schema_check import check_config_hosts, check_defaults, check_schemas
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import DefinitionInvalid
from wren_core.plugins.entry_points import DEFINITIONS_GROUP
from wren_core.plugins.refusal import (
    RefusedError,
    explain_attribute,
    explain_offer,
    explain_spec,
    explain_value,
    refusal_of,
    refuse_slow,
)

CONTRACT_DISTRIBUTION = "wren-core"


def load_integration(point: EntryPoint, time_limit: timedelta) -> type[Integration]:
    """Load one entry point in a separate thread; a plugin that hangs blocks only that thread.

    Raises:
        RefusedError: the plugin cannot be used; the message says why.
    """
    outcome: list[type[Integration] | RefusedError] = []

    def load() -> None:
        try:
            outcome.append(_integration_of(point))
        except BaseException as exc:  # noqa: BLE001 - the boundary at which a broken plugin stops
            outcome.append(refusal_of(exc, point))

    thread = threading.Thread(target=load, name="wren-plugin-load", daemon=True)
    thread.start()
    thread.join(time_limit.total_seconds())
    if not outcome:
        raise refuse_slow(point, thread, time_limit.total_seconds())
    if isinstance(outcome[0], RefusedError):
        raise outcome[0]
    return outcome[0]


def check_contract(point: EntryPoint) -> None:
    """Compare the plugin's requirement on wren-core with the installed version; imports nothing of the plugin.

    Raises:
        RefusedError: CONTRACT_VERSION.
    """
    from packaging.requirements import InvalidRequirement, Requirement  # here: listing names does not need it
    from packaging.utils import canonicalize_name

    have = _contract_version()
    for text in (point.dist.requires if point.dist else None) or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) != CONTRACT_DISTRIBUTION:
            continue
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and not requirement.specifier.contains(have, prereleases=True):
            reason = f"needs {CONTRACT_DISTRIBUTION}{requirement.specifier}, installed is {have}; update one of them"
            raise RefusedError("CONTRACT_VERSION", reason)


@cache
def _contract_version() -> str:
    return metadata.version(CONTRACT_DISTRIBUTION)


def _integration_of(point: EntryPoint) -> type[Integration]:
    check_contract(point)
    if point.group == DEFINITIONS_GROUP:
        return _load_definition(point)
    plugin = _load_object(point)
    offered = _call_hooks(plugin)
    for item in offered:
        if not (isinstance(item, type) and issubclass(item, Integration)):
            raise RefusedError("PLUGIN_INVALID", f"offers {item!r}, which is not an Integration class")
        if not isinstance(getattr(item, "spec", None), IntegrationSpec):
            raise RefusedError("PLUGIN_INVALID", f"{item.__name__}.spec {explain_spec(item)}")
    for integration in offered:
        if integration.spec.name == point.name:
            _check_declaration(integration)
            return integration  # type: ignore[no-any-return]  # checked above
    raise RefusedError("PLUGIN_INVALID", explain_offer(point, plugin, [item.spec.name for item in offered]))


def _load_object(point: EntryPoint) -> Any:
    """Import the module of an entry point and return the object that it names."""
    if point.pattern.match(point.value) is None:
        raise RefusedError("PLUGIN_INVALID", explain_value(point))
    found = import_module(point.module)
    for name in point.attr.split(".") if point.attr else ():
        if not hasattr(found, name):
            raise RefusedError("PLUGIN_INVALID", explain_attribute(point, found, name))
        found = getattr(found, name)
    return found


def _load_definition(point: EntryPoint) -> type[Integration]:
    from wren_core.declarative.publication import published_integration  # here: few plugins are definitions alone

    try:
        return published_integration(point)
    except DefinitionInvalid as exc:
        raise RefusedError("PLUGIN_INVALID", exc.message) from exc


def _call_hooks(plugin: Any) -> list[Any]:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError, TypeError) as exc:
        raise RefusedError("PLUGIN_INVALID", f"answers the hooks wrongly: {exc}") from exc
    answers = manager.hook.wren_integrations()
    wrong = [answer for answer in answers if not isinstance(answer, list | tuple)]
    if wrong:
        raise RefusedError("PLUGIN_INVALID", f"wren_integrations returned {wrong[0]!r} instead of a list")
    return [item for answer in answers for item in answer]


def _check_declaration(integration: type[Integration]) -> None:
    try:
        spec = integration.full_spec()
        check_schemas(spec)
        check_defaults(spec)
        check_config_hosts(spec)
        check_addresses(spec)
    except (TypeError, ValueError, LookupError) as exc:  # LookupError: from pydantic, about an unknown $ref
        text = describe_error(exc)
        reason = f"declares {integration.__name__} wrongly: {text}{_find_line(integration, text)}"
        raise RefusedError("PLUGIN_INVALID", reason) from exc
    undocumented = [method.id for method in spec.methods if not method.description]
    if undocumented:
        reason = (
            f"methods without a docstring: {', '.join(undocumented)}; its first line is what people and models read"
        )
        raise RefusedError("PLUGIN_INVALID", reason)


def _find_line(integration: type[Integration], text: str) -> str:
    """Return the place of the method whose schema a fault is about, which begins with its id."""
    found = integration.methods().get(text.partition(", ")[0])
    return f" ({found.place})" if found is not None else ""
