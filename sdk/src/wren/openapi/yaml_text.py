"""YAML for OpenAPI: only JSON's types, so that a date and `no` stay text, and keys are text as it is written."""

import re
from collections.abc import Iterator
from typing import Any

import yaml  # type: ignore[import-untyped]  # ships no types

from wren.openapi.errors import DocumentInvalid

_MOST_MERGED = 3_000_000
"""Maximum number of members that the merge keys of a document copy."""
_Base: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"
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

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._flat: dict[int, Any] = {}
        self._left = _MOST_MERGED

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        """Return an object whose keys are text as it is written: `200`, `1.10`, `true` and `~` too."""
        self.flatten_mapping(node)
        return {self._read_key(key): self.construct_object(value, deep=deep) for key, value in node.value}

    def flatten_mapping(self, node: Any) -> None:
        """Merge the mappings that `<<` names; each key once, so that a few lines cannot become billions of members."""
        if id(node) in self._flat:
            return
        self._flat[id(node)] = node  # kept, so that no other node gets its id
        own = {self._read_key(key): (key, value) for key, value in node.value if key.tag != _MERGE}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            for source in _list_merged(value) if key.tag == _MERGE else ():
                self.flatten_mapping(source)
                self._left -= len(source.value)
                if self._left < 0:
                    raise DocumentInvalid("the document is too large with its merge keys expanded")
                merged |= {name: pair for name, pair in self._name_pairs(source) if name not in merged}
        node.value = [*(pair for name, pair in merged.items() if name not in own), *own.values()]

    def _name_pairs(self, node: Any) -> Iterator[tuple[str, Any]]:
        return ((self._read_key(pair[0]), pair) for pair in node.value if pair[0].tag != _MERGE)

    def _read_key(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", node.start_mark)
        return str(self.construct_scalar(node))


def _list_merged(value: Any) -> list[Any]:
    """Return the mappings that a merge key names, the first of which wins."""
    given = value.value if isinstance(value, yaml.SequenceNode) else [value]
    for node in given:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "only a mapping can be merged", node.start_mark)
    return list(given)


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
