"""What is wrong with the class of an integration, besides its spec and its methods. Pure."""

import inspect
from typing import Any

from wren_core.contract.methods import Method
from wren_core.contract.record import IntegrationConfig

_INSTANCE = {"credentials": None, "base_url": None, "host": None, "on_call": None, "account_alias": None}


def find_class_fault(cls: type) -> str | None:
    """Return what is wrong, to be read after the name of the class; None where nothing is."""
    config = getattr(cls, "Config", None)
    if not (isinstance(config, type) and issubclass(config, IntegrationConfig)):
        return ".Config must be a class of settings; write `class Config(IntegrationConfig):`"
    connect = getattr(cls, "connect", None)
    if inspect.iscoroutinefunction(connect):
        return ".connect is a coroutine; write `def connect(self)`, and use a client that blocks"
    if not callable(connect) or not _can_be_called(connect, None):
        return ".connect must be a function that takes `self` alone"
    if not _can_be_called(cls.__init__, None, None, **_INSTANCE):  # type: ignore[misc]  # that is the question
        return ".__init__ must take what that of Integration takes; make the client in connect()"
    return _find_hidden_method(cls)


def _find_hidden_method(cls: type) -> str | None:
    """Find a method under another decorator, which hosts would not see."""
    for name, item in vars(cls).items():
        if isinstance(item, Method):
            continue
        wrapped = [getattr(item, attribute, None) for attribute in ("__func__", "fget", "__wrapped__", "func")]
        if any(isinstance(inner, Method) for inner in wrapped):
            return f".{name}: @method is under another decorator; put it on top"
    return None


def _can_be_called(function: Any, *args: Any, **kwargs: Any) -> bool:
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return False
    return True
