"""Load one entry point and check its integration class, whatever the plugin does during the import."""

import threading
from datetime import timedelta
from functools import cache
from pathlib import Path
from traceback import extract_tb
from typing import Any

import importlib_metadata as metadata
import pluggy
from importlib_metadata import EntryPoint

from wren_core.contract import hookspecs
from wren_core.contract.address_check import check_addresses
from wren_core.contract.integration import Integration
from wren_core.contract.schema_check import check_schemas
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import DefinitionInvalid
from wren_core.plugins.entry_points import DEFINITIONS_GROUP

CONTRACT_DISTRIBUTION = "wren-core"


class RefusedError(Exception):
    """A plugin cannot be used; `code` is one of the codes of `FailedPlugin`."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


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
            outcome.append(_refusal(exc))

    thread = threading.Thread(target=load, name="wren-plugin-load", daemon=True)
    thread.start()
    thread.join(time_limit.total_seconds())
    if not outcome:
        raise RefusedError("PLUGIN_TIMED_OUT", f"did not load within {time_limit.total_seconds():g} s")
    if isinstance(outcome[0], RefusedError):
        raise outcome[0]
    return outcome[0]


def _refusal(exc: BaseException) -> RefusedError:
    if isinstance(exc, RefusedError):
        return exc
    if isinstance(exc, ModuleNotFoundError):
        return RefusedError("DEPENDENCY_MISSING", f"{error_text(exc)}; reinstall it with its dependencies")
    if isinstance(exc, SystemExit):
        return RefusedError("PLUGIN_EXITED", f"called sys.exit({exc.code!r}) while it was loaded")
    frames = extract_tb(exc.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return RefusedError("PLUGIN_RAISED", f"{type(exc).__name__}: {error_text(exc)}{where}")


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
    offered = _call_hooks(point.load())
    for item in offered:
        if not (isinstance(item, type) and issubclass(item, Integration)):
            raise RefusedError("PLUGIN_INVALID", f"offers {item!r}, which is not an Integration class")
        if not isinstance(getattr(item, "spec", None), IntegrationSpec):
            raise RefusedError("PLUGIN_INVALID", f"{item.__name__}.spec is not an IntegrationSpec")
    for integration in offered:
        if integration.spec.name == point.name:
            _check_declaration(integration)
            return integration  # type: ignore[no-any-return]  # checked above
    names = ", ".join(item.spec.name for item in offered) or "no integration"
    reason = f"entry point {point.name!r} offers {names}; spec.name must equal the entry point's name"
    raise RefusedError("PLUGIN_INVALID", reason)


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
        check_addresses(spec)
    except (TypeError, ValueError, LookupError) as exc:  # LookupError: from pydantic, about an unknown $ref
        raise RefusedError("PLUGIN_INVALID", f"declares {integration.__name__} wrongly: {exc}") from exc
    undocumented = [method.id for method in spec.methods if not method.description]
    if undocumented:
        raise RefusedError("PLUGIN_INVALID", f"methods without a docstring: {', '.join(undocumented)}")


def error_text(exc: BaseException) -> str:
    """Return the text of an exception, even where its `__str__` fails."""
    try:
        return str(exc)
    except Exception:  # noqa: BLE001 - the `__str__` of a plugin's exception may fail
        return "(it cannot be printed)"
