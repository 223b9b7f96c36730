"""A method that a definition declares: its schemas come from the definition, not from a signature."""

import inspect
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from wren_core import json_pointer
from wren_core.contract.methods import Method
from wren_core.contract.request_binding import RequestBinding
from wren_core.contract.spec import MethodSpec
from wren_core.declarative.local_file import to_base64, with_local_files
from wren_core.declarative.performing import HttpIntegration, perform

_NO_DEFAULT = inspect.Parameter.empty


class DeclaredMethod(Method):
    """A method bound to an HTTP request. Arguments and results are JSON values."""

    def __init__(self, spec: MethodSpec, binding: RequestBinding) -> None:
        def function(
            integration: HttpIntegration, /, **arguments: Any
        ) -> Any:  # an argument may be called `integration` too
            return perform(integration, spec, binding, arguments)

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
    def signature(self) -> inspect.Signature:
        """The properties of the input, the required ones first, in the order they were declared."""
        schema = self._declared.input_schema
        required = set(schema.get("required", ()))
        properties: Mapping[str, Any] = schema.get("properties", {})
        ordered = sorted(properties, key=lambda name: name not in required)
        return inspect.Signature([_parameter(name, properties[name], is_required=name in required) for name in ordered])

    def _result_schema(self) -> dict[str, Any]:
        return dict(self._declared.output_schema)

    def read_arguments(self, given: Mapping[str, Any], as_json: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON form of the arguments, with defaults, and files in place of paths to them.

        Raises:
            InvalidInput: a file cannot be read.
        """
        properties: Mapping[str, Any] = self._declared.input_schema.get("properties", {})
        defaults = {
            name: schema["default"]
            for name, schema in properties.items()
            if isinstance(schema, dict) and "default" in schema
        }
        read = {
            name: with_local_files(properties.get(name), given.get(name), value, json_pointer.build([name]))
            for name, value in as_json.items()
        }
        return {**defaults, **read}

    def to_json(self, value: Any) -> Any:
        """Return a result, which is JSON already; bytes become base64."""
        return to_base64(value)


def _parameter(name: str, schema: Any, *, is_required: bool) -> inspect.Parameter:
    default = schema.get("default") if isinstance(schema, dict) else None
    return inspect.Parameter(
        name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=_NO_DEFAULT if is_required else default
    )
