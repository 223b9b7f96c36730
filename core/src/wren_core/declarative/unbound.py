"""Methods of a definition without a handler: they are listed and described, and a call is an error.

People exchange definitions before they bind them. `request` in the definition binds a method; a plugin with the name
of the integration performs all of them.
"""

import inspect
import keyword
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NoReturn

from wren_core.contract.methods import Method
from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.errors import UserFacingConfigError
from wren_core.schemas.properties import properties_of
from wren_core.schemas.validator import Validator


class NoHandler(UserFacingConfigError):
    """Neither a request nor a plugin performs the declared method."""

    code = "NO_HANDLER"


class UnboundMethod(Method):
    """A method without a handler. A call with any arguments reports the missing handler."""

    def __init__(self, integration: str, spec: MethodSpec) -> None:
        def function(_caller: Any, /, **_arguments: Any) -> NoReturn:
            raise no_handler(integration, spec.id)

        function.__name__ = function.__qualname__ = spec.id
        function.__doc__ = spec.description
        super().__init__(function)
        self._declared = spec

    place = ""
    """Empty: it is not written in Python."""
    declares_effect = True

    @cached_property
    def spec(self) -> MethodSpec:
        """The declared method."""
        return self._declared

    @cached_property
    def input_validator(self) -> Validator:
        """Accepts anything, since every call is an error."""
        return Validator({})

    @cached_property
    def signature(self) -> inspect.Signature:
        """The properties that can be arguments in Python, each optional."""
        names = [name for name in properties_of(self._declared.input_schema) if _is_argument(name)]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind, default=None) for name in names])

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - see the class
        """Return no arguments, since every call is an error."""
        return {}

    def read_arguments(self, given: Mapping[str, Any], as_json: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the shape of `Method`
        """Return the arguments unchanged."""
        return dict(as_json)


def no_handler(integration: str, method: str) -> NoHandler:
    """Return the error for a call of a method without a handler."""
    return NoHandler(
        f"{integration}.{method} has no handler: its definition binds it to no HTTP request, and no plugin called "
        f"{integration!r} is installed. An operator adds a `request` to the method and runs `wren-backend definitions "
        f"add` again, or installs a plugin of that name",
        details={"integration": integration, "method": method},
    )


def unbound_methods(spec: IntegrationSpec) -> tuple[str, ...]:
    """Return the ids of a definition's methods without a request; not for integrations written in Python."""
    return tuple(method.id for method in spec.methods if method.request is None)


def is_unbound(spec: IntegrationSpec) -> bool:
    """Tell whether a definition has no handler at all, so that a plugin with its name may perform it."""
    return bool(spec.methods) and len(unbound_methods(spec)) == len(spec.methods)


def handler_notes(name: str, methods: Iterable[str]) -> list[str]:
    """Return one line about the methods of an integration without a handler; empty where all have one."""
    listed = ", ".join(methods)
    return (
        [f"{name} has no handler for {listed}: a call is refused until a request or a plugin performs it"]
        if listed
        else []
    )


def _is_argument(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)
