"""Docstrings as Markdown. Pure."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

_SECTION = re.compile(r"^(Args|Raises|Returns|Yields|Example):$")
_ITEM = re.compile(r"^ {4}(\S.*)$")
_TITLES = {"Args": "Arguments", "Yields": "Yields", "Example": "Example"}


def docstring_of(item: Any) -> str:
    """Return the docstring of an object itself, not an inherited one; empty where there is none."""
    text = vars(item).get("__doc__") if isinstance(item, type) else getattr(item, "__doc__", None)
    return inspect.cleandoc(text or "").replace('\\"', '"')


def to_markdown(docstring: str) -> str:
    """Return a docstring in the form of this project as Markdown: sections become lists, an example a block of code."""
    return "\n\n".join(part for part in _render_sections(docstring.splitlines()) if part)


def field_docs(cls: type) -> dict[str, str]:
    """Return the texts that stand below the attributes of a class, its bases included, by name."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] == "wren_core":
            found.update(_field_docs_of(base))
    return found


def annotation_texts(cls: type) -> dict[str, str]:
    """Return the annotations of the attributes of a class, its bases included, as they are in the source, by name."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] == "wren_core":
            tree = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
            body = tree.body if isinstance(tree, ast.ClassDef) else []
            found.update({_name_of(node): _type_text(node) for node in body if isinstance(node, ast.AnnAssign)})
    return found


def _type_text(node: ast.AnnAssign) -> str:
    """Return a type as text; of `Annotated` the type alone."""
    kind: ast.expr = node.annotation
    if isinstance(kind, ast.Subscript) and ast.unparse(kind.value) == "Annotated" and isinstance(kind.slice, ast.Tuple):
        kind = kind.slice.elts[0]
    return ast.unparse(kind)


def _field_docs_of(cls: type) -> Iterator[tuple[str, str]]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    makers = [node.body for node in body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    for statements in (body, *makers):
        for statement, text in pairwise(statements):
            name = _name_of(statement)
            if name and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                yield name, " ".join(str(text.value.value).split())


def _name_of(statement: ast.stmt) -> str:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    target = targets[0]
    if isinstance(target, ast.Attribute):  # self.name
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


def _render_sections(lines: list[str]) -> Iterator[str]:
    title, body = "", []
    for line in [*lines, "Example:"]:
        found = _SECTION.match(line)
        if not found:
            body.append(line)
            continue
        yield _render_section(title, body)
        title, body = found[1], []


def _render_section(title: str, body: list[str]) -> str:
    text = textwrap.dedent("\n".join(body)).strip("\n")
    if not title:
        return text
    if not text:
        return ""
    if title == "Example":
        return f"```python\n{text}\n```"
    items = [item for item in _join_items(body) if item]
    if title == "Returns" and len(items) == 1:
        return f"Returns: {items[0]}"
    return "\n".join([f"{_TITLES.get(title, title)}:", "", *(f"- {_mark_name(item)}" for item in items)])


def _join_items(body: list[str]) -> list[str]:
    """Return the items of a section; a line that is indented further continues the one above it."""
    items: list[str] = []
    for line in body:
        found = _ITEM.match(line)
        if found and (not items or not line.startswith("     ")):
            items.append(found[1])
        elif line.strip() and items:
            items[-1] += f" {line.strip()}"
    return items


def _mark_name(item: str) -> str:
    name, colon, rest = item.partition(":")
    return f"`{name}`:{rest}" if colon and re.fullmatch(r"[\w.]+", name) else item
