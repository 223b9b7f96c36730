"""Writes the classes and functions of a stub."""

import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import indent

_WIDTH = 110
_INDENT = "    "


@dataclass(frozen=True, kw_only=True)
class Argument:
    """A parameter of a function in a stub."""

    name: str
    annotation: str
    default: str | None = None
    """As source; None if the argument is required."""
    keyword_only: bool = False
    description: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.annotation}" + ("" if self.default is None else f" = {self.default}")


def write_function(name: str, arguments: Iterable[Argument], returns: str, text: str, example: str = "") -> str:
    """Write a method; its docstring ends with the arguments and an example."""
    arguments = list(arguments)
    parts = ["self", *_parts(arguments)]
    head = f"def {name}({', '.join(parts)}) -> {returns}:"
    if len(head) > _WIDTH:
        head = f"def {name}(\n{indent(''.join(f'{part},' + chr(10) for part in parts), _INDENT)}) -> {returns}:"
    return f"{head}\n{indent(write_docstring(_join_sections(text, arguments, example)), _INDENT)}"


def write_class(name: str, bases: str, text: str, members: Iterable[str]) -> str:
    """Write a class with its docstring and its members."""
    body = [item for item in (write_docstring(text) if text else "", *members) if item] or ["..."]
    head = f"class {name}{f'({bases})' if bases else ''}:"
    return "\n".join([head, *(indent(item, _INDENT) + "\n" * item.startswith("def ") for item in body)]).rstrip()


def write_typed_dict(name: str, base: str, text: str, fields: Mapping[str, str]) -> str:
    """Write a TypedDict; as a call if a key is not a valid name."""
    if all(is_name(key) for key in fields):
        return write_class(name, base, text, (f"{key}: {annotation}" for key, annotation in fields.items()))
    items = ", ".join(f"{key!r}: {annotation}" for key, annotation in fields.items())
    return f"{name} = {base}({name!r}, {{{items}}})"


def write_docstring(text: str) -> str:
    """Write a docstring with exactly this text."""
    body = text.strip()
    tail = '\\"' if body.endswith('"') else ""  # else four quotes would end it
    body = body.removesuffix('"').replace("\\", "\\\\").replace('"""', '\\"\\"\\"') + tail
    return f'"""{body}\n"""' if "\n" in body else f'"""{body}"""'


def is_name(text: str) -> bool:
    """Tell whether a text is a valid Python name."""
    return text.isidentifier() and not keyword.iskeyword(text)


def camel_case(*words: str) -> str:
    """Return words as the name of a class."""
    parts = [part for word in words for part in re.split(r"[^0-9A-Za-z]+", word) if part]
    return "".join(part[0].upper() + part[1:] for part in parts)


def _join_sections(text: str, arguments: Iterable[Argument], example: str) -> str:
    described = [f"{item.name}: {' '.join(item.description.split())}" for item in arguments if item.description]
    sections = {"Args": "\n".join(described), "Example": example}
    written = [f"{title}:\n{indent(body, _INDENT)}" for title, body in sections.items() if body]
    return "\n\n".join([text.strip(), *written])


def _parts(arguments: list[Argument]) -> list[str]:
    parts: list[str] = []
    for argument in arguments:
        if argument.keyword_only and "*" not in parts and not argument.name.startswith("**"):
            parts.append("*")
        parts.append(str(argument))
    return parts
