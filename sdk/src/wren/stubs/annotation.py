"""Writes a Python type as a stub's annotation."""

import inspect
import math
import re
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, ForwardRef, Literal, NewType, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel


class Imports:
    """The modules that a stub imports, each under a private alias that no name of the stub hides.

    Args:
        taken: names that the stub's class defines; a builtin with such a name is written in full.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = frozenset(taken)
        self._modules: set[str] = set()

    def name(self, module: str, name: str) -> str:
        """Return a name of a module as the stub writes it."""
        if module == "builtins" and name not in self._taken:
            return name
        self._modules.add(module)
        return f"{_make_alias(module)}.{name}"

    @property
    def any(self) -> str:
        """`Any` as the stub writes it."""
        return self.name("typing", "Any")

    def lines(self) -> list[str]:
        """Return the import statements, sorted."""
        return [f"import {module} as {_make_alias(module)}" for module in sorted(self._modules)]


class Annotations:
    """Writes types.

    Args:
        imports: collects the imports of the types.
        declare: writes a class that the stub cannot import, and returns its name.
    """

    def __init__(self, imports: Imports, declare: Callable[[type], str | None]) -> None:
        self._imports = imports
        self._declare = declare

    def write_type(self, annotation: Any, *, as_input: bool = False) -> str:
        """Return a type as the stub writes it.

        Inputs are typed as the runtime checks them: a list is accepted for a tuple, and a dict of the fields for a
        record.
        """
        annotation = _strip_annotation(annotation)
        if annotation is None or annotation is types.NoneType:
            return "None"
        if annotation in (Any, inspect.Parameter.empty) or isinstance(annotation, str | ForwardRef | TypeVar):
            return self._imports.any
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin in (Union, types.UnionType):
            return " | ".join(dict.fromkeys(self.write_type(item, as_input=as_input) for item in arguments))
        if origin is Literal:
            return (
                f"{self._imports.name('typing', 'Literal')}[{', '.join(self._write_value(item) for item in arguments)}]"
            )
        if origin is not None:
            return self._write_generic(origin, arguments, as_input=as_input)
        return self._write_class(annotation, as_input=as_input) if isinstance(annotation, type) else self._imports.any

    def _write_generic(self, origin: Any, arguments: tuple[Any, ...], *, as_input: bool) -> str:
        if as_input and origin in (list, tuple, Sequence) and (origin is not tuple or arguments[1:] == (Ellipsis,)):
            return self._write_items(self.write_type(arguments[0], as_input=True))
        base = self.write_type(origin)
        if base == self._imports.any or not all(_is_type(item) for item in arguments):
            return base
        inner = ("..." if item is Ellipsis else self.write_type(item, as_input=as_input) for item in arguments)
        return f"{base}[{', '.join(inner)}]"

    def _write_items(self, item: str) -> str:
        if "str" not in item.split(" | "):
            return f"{self._imports.name('collections.abc', 'Sequence')}[{item}]"
        # A str is also a Sequence[str], but never the intended one.
        return f"{self._write_builtin('list')}[{item}] | {self._write_builtin('tuple')}[{item}, ...]"

    def _write_class(self, annotation: type, *, as_input: bool) -> str:
        generic = getattr(annotation, "__pydantic_generic_metadata__", None) or {}
        if generic.get("origin"):
            return self._write_generic(generic["origin"], generic["args"], as_input=as_input)
        module = find_public_module(annotation)
        name = self._imports.name(module, annotation.__qualname__) if is_importable(annotation) else None
        name = name or self._declare(annotation) or self._imports.any
        if as_input and issubclass(annotation, BaseModel) and name != self._imports.any:
            return f"{name} | {self._write_builtin('dict')}[str, {self._imports.any}]"
        return name

    def _write_builtin(self, name: str) -> str:
        return self._imports.name("builtins", name)

    def _write_value(self, value: Any) -> str:
        if not isinstance(value, Enum):
            return repr(value)
        owner = type(value)
        return f"{self._imports.name(find_public_module(owner), owner.__qualname__)}.{value.name}"


def find_public_module(cls: type) -> str:
    """Return the module to import a class from: for `pathlib._local` of Python 3.13, `pathlib`."""
    public = re.split(r"\._", cls.__module__, maxsplit=1)[0]
    return public if _look_up(public, cls) is cls else cls.__module__


def is_importable(cls: type) -> bool:
    """Tell whether a type checker can resolve an import of the class."""
    return _look_up(cls.__module__, cls) is cls and _is_typed(cls.__module__.partition(".")[0])


def _look_up(module: str, cls: type) -> Any:
    found: Any = sys.modules.get(module)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    return found


def write_default(value: Any, annotation: str) -> str:
    """Return a default as the stub shows it; anything but a plain value is an ellipsis."""
    if value is None:
        return "None" if "None" in annotation.split(" | ") or annotation.endswith(".Any") else "..."
    if isinstance(value, bool | int | str) and type(value) in (bool, int, str):
        return repr(value)
    return repr(value) if type(value) is float and math.isfinite(value) else "..."


def _make_alias(module: str) -> str:
    return "_" + module.replace(".", "_").lstrip("_")


def _strip_annotation(annotation: Any) -> Any:
    """Remove the parts that type checkers do not read."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif hasattr(annotation, "__value__"):  # `type X = ...` of newer Pythons, which 3.11 has no name for
            annotation = annotation.__value__
        else:
            return annotation


def _is_type(item: Any) -> bool:
    return item is Ellipsis or not isinstance(item, list | tuple)


def _is_typed(package: str) -> bool:
    if package in sys.stdlib_module_names:
        return True
    spec = find_spec(package)
    places = (spec.submodule_search_locations or ()) if spec else ()
    return any((Path(place) / "py.typed").exists() for place in places)
