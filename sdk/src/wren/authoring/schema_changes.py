"""What changed between two JSON Schemas, and whether it breaks callers. Pure.

The two directions are opposite. A caller's values must still be accepted: to accept less is breaking. A caller's
results must still be what was promised: to promise less is breaking. A keyword that cannot be compared counts as
breaking when it differs.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from wren.authoring.change import Change, Level
from wren.authoring.schema_forms import find_kind, inline_references, list_alternatives, strip_texts

Schema = Mapping[str, Any]

# A larger value accepts less, and a smaller one respectively.
_FLOORS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_CEILINGS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
# Being there at all accepts less; two different ones accept different things.
_FILTERS = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType", "propertyNames")
_COMPARED = {
    *_FLOORS,
    *_CEILINGS,
    *_FILTERS,
    *("default", "type", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems"),
}


class Flow(StrEnum):
    """Which way the values go."""

    INPUT = "input"
    OUTPUT = "output"


class _Shift(Enum):
    """How the values a schema accepts changed."""

    NARROWER = "narrower"
    WIDER = "wider"
    OTHER = "other"


def compare_schemas(old: Schema, new: Schema, *, flow: Flow, where: str, noun: str) -> list[Change]:
    """List the differences between two schemas.

    Args:
        old: the released one.
        new: the one to be released.
        flow: whether callers send these values or get them.
        where: the subject of every difference, such as a method's id.
        noun: what a value of the schema is called, such as `parameter`.
    """
    found = list(
        _Comparison(flow=flow, where=where, noun=noun).compare(inline_references(old), inline_references(new), "")
    )
    if not found and dict(old) != dict(new):
        found.append(Change(level=Level.PATCH, where=where, text=f"the description of a {noun} changed"))
    return found


def compare_order(old: Schema, new: Schema, *, where: str) -> list[Change]:
    """List a change of the parameters' order, which breaks calls with positional arguments."""
    before, after = old.get("properties", {}), new.get("properties", {})
    for kept, now in zip([name for name in before if name in after], after, strict=False):
        if kept != now:
            text = f"parameter {now!r} is now where {kept!r} was; a call with positional arguments mixes them up"
            return [Change(level=Level.MAJOR, where=where, text=text)]
    return []


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """Compares inlined schemas of one direction; `path` says how deep within the value one is."""

    flow: Flow
    where: str
    noun: str

    def compare(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        """Compare any two schemas."""
        if strip_texts(old) == strip_texts(new):
            return
        before, after = list_alternatives(old), list_alternatives(new)
        if len(before) == len(after) == 1:
            yield from self._compare_single(before[0], after[0], path)
        else:
            yield from self._compare_unions(before, after, path)

    def _compare_single(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        kinds = find_kind(old), find_kind(new)
        if kinds[0] != kinds[1]:
            shift = {("number", "integer"): _Shift.NARROWER, ("integer", "number"): _Shift.WIDER}.get(kinds)
            shift = shift or (_Shift.NARROWER if kinds[0] == "any" else None)
            shift = shift or (_Shift.WIDER if kinds[1] == "any" else _Shift.OTHER)
            yield self._weigh_change(shift, path, f"is {_add_article(kinds[1])} instead of {_add_article(kinds[0])}")
            return
        yield from self._compare_values(old, new, path)
        yield from self._compare_bounds(old, new, path)
        yield from self._compare_properties(old, new, path)
        yield from self._compare_items(old, new, path)
        for keyword in sorted({*strip_texts(old), *strip_texts(new)} - _COMPARED):
            if old.get(keyword) != new.get(keyword):
                yield self._weigh_change(_Shift.OTHER, path, f"has another {keyword!r}, which cannot be compared")

    def _compare_unions(self, old: list[Schema], new: list[Schema], path: str) -> Iterator[Change]:
        """Pair each alternative with the nearest one; those without a pair were removed or added."""
        waiting = list(new)
        for option in old:
            pairs = [(list(self.compare(option, other, path)), other) for other in waiting]
            pairs = [pair for pair in pairs if _are_akin(find_kind(pair[1]), find_kind(option))]
            if not pairs:
                yield self._weigh_change(_Shift.NARROWER, path, f"can no longer be {_add_article(find_kind(option))}")
                continue
            found, nearest = min(pairs, key=lambda pair: (max((c.level for c in pair[0]), default=0), len(pair[0])))
            waiting.remove(nearest)
            yield from found
        for option in waiting:
            yield self._weigh_change(_Shift.WIDER, path, f"can now be {_add_article(find_kind(option))}")

    def _compare_values(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        before, after = _list_values(old), _list_values(new)
        if before is None and after is not None:
            yield self._weigh_change(_Shift.NARROWER, path, f"can only be {', '.join(after)} now")
        elif before is not None and after is None:
            yield self._weigh_change(_Shift.WIDER, path, "can be any value of its type now")
        else:
            known, now = before or [], after or []
            for value in known:
                if value not in now:
                    yield self._weigh_change(_Shift.NARROWER, path, f"can no longer be {value}")
            for value in now:
                if value not in known:
                    yield self._weigh_change(_Shift.WIDER, path, f"can now be {value}")

    def _compare_bounds(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        for keyword in (*_FLOORS, *_CEILINGS, *_FILTERS):
            before, after = (None if schema.get(keyword) is False else schema.get(keyword) for schema in (old, new))
            if before == after:
                continue
            yield self._weigh_change(
                _find_bound_shift(keyword, before, after), path, _describe_bound(keyword, before, after)
            )

    def _compare_properties(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            if name not in after:
                yield self._make_change(Level.MAJOR, _join_path(path, name), "was removed")
        for name, schema in after.items():
            place = _join_path(path, name)
            if name not in before:
                yield self._describe_added(place, is_required=name in needs)
                continue
            yield from self._compare_requirement(place, was=name in needed, now=name in needs)
            yield from self._compare_default(before[name], schema, place, is_required=name in needs | needed)
            yield from self.compare(before[name], schema, place)
        yield from self._compare_other_properties(old, new, path)

    def _describe_added(self, place: str, *, is_required: bool) -> Change:
        if is_required and self.flow is Flow.INPUT:
            return self._make_change(Level.MAJOR, place, "was added and is required")
        return self._make_change(Level.MINOR, place, "was added")

    def _compare_requirement(self, place: str, *, was: bool, now: bool) -> Iterator[Change]:
        if was == now:
            return
        if self.flow is Flow.INPUT:
            yield self._weigh_change(
                _Shift.NARROWER if now else _Shift.WIDER, place, "is newly required" if now else "is no longer required"
            )
        else:
            yield self._weigh_change(
                _Shift.NARROWER if now else _Shift.WIDER, place, "is always there now" if now else "may be missing now"
            )

    def _compare_default(self, old: Schema, new: Schema, place: str, *, is_required: bool) -> Iterator[Change]:
        """Yield a change of the default; a required value has none."""
        if self.flow is Flow.OUTPUT or is_required or old.get("default") == new.get("default"):
            return
        before, after = json.dumps(old.get("default")), json.dumps(new.get("default"))
        yield self._make_change(Level.MAJOR, place, f"has the default {after} instead of {before}")

    def _compare_other_properties(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        """Compare the schemas of additional properties."""
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if before is False or after is False:
            if before != after:
                shift = _Shift.WIDER if before is False else _Shift.NARROWER
                yield self._weigh_change(
                    shift, path, "may hold further properties" if before is False else "holds no others"
                )
            return
        yield from self.compare(_to_schema(before), _to_schema(after), _join_path(path, "*"))

    def _compare_items(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        before, after = list(old.get("prefixItems", ())), list(new.get("prefixItems", ()))
        if len(before) != len(after):
            yield self._weigh_change(_Shift.OTHER, path, f"has {len(after)} fixed items instead of {len(before)}")
            return
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from self.compare(*pair, _join_path(path, str(number)))
        yield from self.compare(_to_schema(old.get("items", True)), _to_schema(new.get("items", True)), path + "[]")

    def _weigh_change(self, shift: _Shift, path: str, text: str) -> Change:
        harmless = _Shift.WIDER if self.flow is Flow.INPUT else _Shift.NARROWER
        return self._make_change(Level.MINOR if shift is harmless else Level.MAJOR, path, text)

    def _make_change(self, level: Level, path: str, text: str) -> Change:
        subject = f"{self.noun} {path!r}" if path else f"the {self.noun}"
        return Change(level=level, where=self.where, text=f"{subject} {text}")


def _join_path(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _to_schema(value: Any) -> Schema:
    if isinstance(value, bool):
        return {} if value else {"not": {}}
    return value  # type: ignore[no-any-return]  # a schema is a boolean or an object


def _are_akin(kind: str, other: str) -> bool:
    return kind == other or {kind, other} == {"integer", "number"}


def _add_article(kind: str) -> str:
    return "anything" if kind == "any" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" if kind != "null" else kind


def _list_values(schema: Schema) -> list[str] | None:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if values is None else [json.dumps(value, sort_keys=True) for value in values]


def _find_bound_shift(keyword: str, before: Any, after: Any) -> _Shift:
    if before is None:
        return _Shift.NARROWER
    if after is None:
        return _Shift.WIDER
    if keyword == "multipleOf" and before and after:
        return _Shift.WIDER if before % after == 0 else _Shift.NARROWER if after % before == 0 else _Shift.OTHER
    if keyword in _FILTERS:
        return _Shift.OTHER
    return _Shift.NARROWER if (after > before) == (keyword in _FLOORS) else _Shift.WIDER


def _describe_bound(keyword: str, before: Any, after: Any) -> str:
    if before is None:
        return f"has {keyword} {json.dumps(after)} now"
    if after is None:
        return f"has {keyword} {json.dumps(before)} no longer"
    return f"has {keyword} {json.dumps(after)} instead of {json.dumps(before)}"
