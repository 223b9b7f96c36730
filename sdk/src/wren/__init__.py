"""Wren in a script: integrations, triggers, events and errors.

    import wren

    mail = wren.integrations.<name>.init()

    @wren.on_schedule("0 9 * * *")
    def daily(): ...

Importing this package loads nothing else: every name below is fetched from its module on first use, so a script pays
for what it touches and the command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from wren.public_names import MODULES, OWNERS, PUBLIC_NAMES, suggest_name

if TYPE_CHECKING:  # the names of `__getattr__`, for type checkers and editors
    from wren import integrations as integrations
    from wren.script.ai import ai as ai
    from wren.script.triggers import on_email as on_email
    from wren.script.triggers import on_schedule as on_schedule
    from wren_core import errors as errors
    from wren_core.contract.events import Email as Email
    from wren_core.contract.events import ManualStart as ManualStart
    from wren_core.contract.events import ScheduleTick as ScheduleTick
    from wren_core.errors import AgentFixableError as AgentFixableError
    from wren_core.errors import AuthFailed as AuthFailed
    from wren_core.errors import ConfigInvalid as ConfigInvalid
    from wren_core.errors import CredentialMissing as CredentialMissing
    from wren_core.errors import IntegrationUnknown as IntegrationUnknown
    from wren_core.errors import InternalError as InternalError
    from wren_core.errors import InvalidInput as InvalidInput
    from wren_core.errors import MethodUnknown as MethodUnknown
    from wren_core.errors import NotFound as NotFound
    from wren_core.errors import PluginFailed as PluginFailed
    from wren_core.errors import RateLimited as RateLimited
    from wren_core.errors import Rejected as Rejected
    from wren_core.errors import TransientError as TransientError
    from wren_core.errors import Unavailable as Unavailable
    from wren_core.errors import UserFacingConfigError as UserFacingConfigError
    from wren_core.errors import WrenError as WrenError

__all__ = PUBLIC_NAMES


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return import_module(MODULES[name])
    if name not in OWNERS:
        raise AttributeError(f"module 'wren' has no attribute {name!r}; {suggest_name(name)}")
    value = getattr(import_module(OWNERS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
