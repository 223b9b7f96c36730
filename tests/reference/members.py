"""Classes and functions as Markdown: their signature, their text, their fields and members."""

import ast
import enum
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from typing import Any, get_overloads

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reference.docstrings import annotation_texts, docstring_of, field_docs, to_markdown
from wren_core.errors import WrenError


def render_object(item: Any, name: str) -> str:
    """Return the section of a public object."""
    return "\n\n".join(part for part in _parts(item, name) if part)


def _parts(item: Any, name: str) -> Iterator[str]:
    yield f"## `{name}`"
    if isinstance(item, type) and issubclass(item, enum.Enum):
        yield to_markdown(docstring_of(item))
        yield _render_values(item)
    elif isinstance(item, type) and issubclass(item, BaseModel) and item.model_fields:
        yield to_markdown(docstring_of(item))
        yield _render_fields(item)
    elif isinstance(item, type):
        if "__init__" in vars(item) or is_dataclass(item):
            yield f"```python\n{_signature(item, name)}\n```"
        yield to_markdown(docstring_of(item))
        yield from _render_members(item)
    elif not inspect.isfunction(item):
        yield to_markdown(docstring_of(item))
    else:
        yield f"```python\n{_signature(item, name)}\n```"
        yield to_markdown(docstring_of(item))


def _signature(item: Any, name: str) -> str:
    """Return a signature as it is in the source, without `self`: the same with every version of Python."""
    if isinstance(item, type) and "__init__" in vars(item) and not is_dataclass(item):
        return _write_signature(vars(item)["__init__"], name, is_maker=True)
    if isinstance(item, type):
        kinds = annotation_texts(item)
        fields = [f"{field.name}: {kinds[field.name]}" for field in fields_of(item)] if is_dataclass(item) else []
        return _write(name, ["*", *fields] if fields else [], "")
    overloads = get_overloads(item)
    return _write_signature(overloads[-1] if overloads else item, name, is_maker=False)


def _write_signature(function: Any, name: str, *, is_maker: bool) -> str:
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if not isinstance(node, ast.FunctionDef):
        raise TypeError(f"{name} is no function")
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    pairs = [
        (arg, default) for arg, default in zip(positional, defaults, strict=True) if arg.arg not in ("self", "cls")
    ]
    parts = [_write_parameter(arg, default) for arg, default in pairs]
    if node.args.kwonlyargs:
        parts.append("*")
    parts += [_write_parameter(*pair) for pair in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    if node.args.kwarg:
        parts.append(f"**{_write_parameter(node.args.kwarg, None)}")
    return _write(name, parts, "" if is_maker or node.returns is None else f" -> {ast.unparse(node.returns)}")


def _write_parameter(arg: ast.arg, default: ast.expr | None) -> str:
    text = arg.arg if arg.annotation is None else f"{arg.arg}: {ast.unparse(arg.annotation)}"
    return text if default is None else f"{text} = {ast.unparse(default)}"


def _write(name: str, parts: list[str], arrow: str) -> str:
    line = f"{name}({', '.join(parts)}){arrow}"
    if len(line) <= 110:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in parts), f"){arrow}"])


def _render_values(item: type[enum.Enum]) -> str:
    texts = field_docs(item)
    rows = [f"| `{item.__name__}.{value.name}` | {value.value!r} | {texts.get(value.name, '')} |" for value in item]
    return "\n".join(["| value | stored as | meaning |", "|---|---|---|", *rows])


def _render_fields(item: type[BaseModel]) -> str:
    texts = field_docs(item)
    kinds = annotation_texts(item)
    rows = [_field_row(name, field, kinds[name], texts.get(name, "")) for name, field in item.model_fields.items()]
    return "\n".join(["| field | type | default | meaning |", "|---|---|---|---|", *rows])


def _field_row(name: str, field: FieldInfo, kind: str, text: str) -> str:
    told = field.description or next((part for part in field.metadata if isinstance(part, str)), "") or text
    default = "required" if field.is_required() else f"`{_default_text(field)}`"
    return f"| `{name}` | `{kind.replace('|', chr(92) + '|')}` | {default} | {told.replace('|', chr(92) + '|')} |"


def _default_text(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return str(value.value) if isinstance(value, enum.Enum) else repr(value)


def _render_members(item: type) -> Iterator[str]:
    texts, rows = field_docs(item), []
    is_error = issubclass(item, WrenError)
    for name, member in vars(item).items():
        if name.startswith("_") or (is_error and name in ("type", "code", "can_retry")):
            continue
        if isinstance(member, property):
            rows.append(f"- `.{name}`: {docstring_of(member.fget)}")
        elif name in texts:
            rows.append(f"- `.{name}`: {texts[name]}")
        elif callable(getattr(item, name, None)) and not isinstance(member, type):
            yield f"### `{item.__name__}.{name}`\n\n```python\n{_signature(getattr(item, name), name)}\n```"
            yield to_markdown(docstring_of(getattr(item, name)))
    shown = {row.partition("`: ")[0] for row in rows}
    rows += [f"- `.{name}`: {text}" for name, text in texts.items() if f"- `.{name}" not in shown and name[0] != "_"]
    if rows:
        yield "Attributes:\n\n" + "\n".join(rows)
