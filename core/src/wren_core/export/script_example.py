"""A complete script that uses an integration, for the start of its documents."""

import ast
import builtins
from collections.abc import Mapping
from textwrap import indent
from typing import Any

from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.schemas.properties import properties_of, required_of
from wren_core.schemas.sample import sample


def script_example(spec: IntegrationSpec) -> str:
    """Return a script that can be deployed: a function with a trigger that calls a method, one that reads if possible.

    The call is the author's own example where it is self-contained, else one with samples of required parameters.
    """
    lines = ["import wren", "", f"{spec.name} = wren.integrations.{spec.name}.init({_arguments(spec.config_schema)})"]
    if spec.methods:
        call = indent(_write_call(spec.name, _choose_method(spec)), "    ")
        lines += ["", "", '@wren.on_schedule("0 9 * * *")', "def daily():", call]
    return "\n".join(lines) + "\n"


def _choose_method(spec: IntegrationSpec) -> MethodSpec:
    """Return the first method of the easiest kind: a read before a write, a self-contained example before none."""

    def difficulty(method: MethodSpec) -> tuple[bool, bool, bool]:
        return method.effect != "read", _find_own_example(spec.name, method) is None, method.effect == "destructive"

    return min(spec.methods, key=difficulty)


def _write_call(name: str, method: MethodSpec) -> str:
    own = _find_own_example(name, method)
    source = own if own is not None else f"{name}.{method.id}({_arguments(method.input_schema)})"
    return f"print({source})" if _has_unused_result(source) and method.output_schema.get("type") != "null" else source


def _find_own_example(name: str, method: MethodSpec) -> str | None:
    """Return a method's example where it needs nothing but the instance, or None."""
    try:
        tree = ast.parse(method.example or "")
    except SyntaxError:
        return None
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    missing = {node.id for node in names} - made - {name, *vars(builtins)}
    return method.example if tree.body and not missing else None


def _has_unused_result(source: str) -> bool:
    """Tell whether a text is one expression that only computes; `print(...)` is not."""
    body = ast.parse(source).body
    value = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    return value is not None and not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name))


def _arguments(schema: Mapping[str, Any]) -> str:
    required = required_of(schema)
    return ", ".join(f"{name}={sample(schema, name)!r}" for name in properties_of(schema) if name in required)
