"""YAML for OpenAPI: only JSON's types, so that a date and `no` stay text."""

import re
from typing import Any

import yaml  # type: ignore[import-untyped]  # ships no types

from wren.openapi.errors import DocumentInvalid

_Base: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = {
    "bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    "float": (re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"), "-+.0123456789"),
    "int": (re.compile(r"^[-+]?[0-9]+$"), "-+0123456789"),
    "null": (re.compile(r"^(?:~|null|Null|NULL|)$"), "~nN\0"),
    "merge": (re.compile(r"^<<$"), "<"),
}


class _Loader(_Base):  # type: ignore[misc]  # one of two classes that are chosen when this runs
    """Loads the types of the YAML 1.2 core schema; version 1.1 also has dates, base 60 and `yes`."""

    yaml_implicit_resolvers: dict[Any, Any] = {}


for _name in ("int", "float", "bool", "null", "merge"):  # an integer is tried before a float
    _pattern, _first = _TAGS[_name]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", _pattern, [char.replace("\0", "") for char in _first])


def _read_integer(loader: Any, node: Any) -> int:
    return int(loader.construct_scalar(node))  # 1.1 reads 0123 in base 8


_Loader.add_constructor("tag:yaml.org,2002:int", _read_integer)


def parse_yaml(text: str) -> Any:
    """Return the value of a YAML document.

    Raises:
        DocumentInvalid: it is not YAML, or uses types that JSON does not have.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader with fewer types
    except RecursionError as exc:
        raise DocumentInvalid("the document is nested too deeply") from exc
    except (yaml.YAMLError, ValueError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise DocumentInvalid(f"the document is neither JSON nor YAML: {getattr(exc, 'problem', exc)}{where}") from exc
