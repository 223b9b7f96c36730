"""Checks the decorators of triggers."""

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from wren.checks.bindings import Function
from wren.checks.evaluator import Evaluator
from wren.checks.finding import Code
from wren.checks.literals import read_literal
from wren.checks.scopes import ScopedNode
from wren.checks.source import Source
from wren.checks.trigger_parameters import TRIGGERS, read_parameters
from wren.checks.values import Member
from wren.script.event_parameter import FunctionParameter, find_event_parameter, list_unfilled
from wren.script.triggers import MISFIRES, on_email, on_schedule
from wren_core.contract.events import Email, ManualStart, ScheduleTick
from wren_core.errors import InvalidInput
from wren_core.nearest import find_nearest, suggest
from wren_core.protocol.findings import ScriptFinding
from wren_core.schedule import CronSchedule

_SCHEDULE = Member("on_schedule")
_FUNCTIONS: dict[str, Callable[..., Any]] = {"on_schedule": on_schedule, "on_email": on_email}
_OF_EVENTS = frozenset({*ScheduleTick.model_fields, *ManualStart.model_fields, *Email.model_fields} - {"text"})


def check_triggers(source: Source, found: Iterable[ScopedNode]) -> Iterator[ScriptFinding]:
    """Yield schedules that are not valid, and triggered functions that no trigger can call.

    All of them, where an import would stop at the first.
    """
    evaluator = Evaluator()
    for place in found:
        if isinstance(place.node, ast.Call):
            called = evaluator.value(place.node.func, place.scope)
            if isinstance(called, Member) and called in TRIGGERS:
                yield from _check_keywords(source, called, place.node)
            if called == _SCHEDULE:
                yield from _check_schedule(source, place.node)
        elif isinstance(place.node, Function):
            decorators = [item.func for item in place.node.decorator_list if isinstance(item, ast.Call)]
            if any(evaluator.value(item, place.scope) in TRIGGERS for item in decorators):
                yield from _check_function(source, place.node, is_top_level=place.scope.parent is None)
            for item in place.node.decorator_list:
                member = evaluator.value(item, place.scope)
                if isinstance(member, Member) and member in TRIGGERS:
                    yield _check_bare(source, item, member)


def _check_schedule(source: Source, call: ast.Call) -> Iterator[ScriptFinding]:
    given = dict(zip(("cron", "timezone", "misfire"), call.args, strict=False))
    given.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg})
    known = {name: read_literal(node) for name, node in given.items()}
    misfire = known.get("misfire")
    if misfire is not None and not misfire.is_partial and misfire.value not in MISFIRES:
        text = f"misfire {misfire.value!r} is not valid: expected one of {', '.join(MISFIRES)}"
        yield source.finding(Code.TRIGGER_INVALID, text, given["misfire"])
    cron, zone = known.get("cron"), known.get("timezone")
    if cron is None or cron.is_partial:
        return
    try:
        CronSchedule.parse(cron.value, zone.value if zone and not zone.is_partial else "UTC")
    except InvalidInput as exc:
        field = "timezone" if exc.details.get("field") == "timezone" else "cron"
        yield source.finding(Code.CRON_INVALID, exc.message, given[field])


def _check_bare(source: Source, decorator: ast.expr, member: Member) -> ScriptFinding:
    example = {"on_schedule": '"0 9 * * *"'}.get(member.name, 'subject="invoice"')
    text = f"the decorator {member.name!r} needs its arguments"
    return source.finding(Code.TRIGGER_INVALID, text, decorator, hint=f"write `@wren.{member.name}({example})`")


def _check_function(source: Source, function: Function, *, is_top_level: bool) -> Iterator[ScriptFinding]:
    name = function.name
    if not is_top_level:
        text = f"the trigger of {name!r} is never seen: the function is not at the top level of the script"
        yield source.finding(
            Code.TRIGGER_INVALID, text, function, hint="move it out of the function or class around it"
        )
    parameters = read_parameters(function)
    unfilled = list_unfilled(parameters)
    if unfilled:
        text = f"{name}() needs {', '.join(unfilled)}; a trigger gives it the event and nothing else"
        hint = f"write `def {name}(event): ...`, and give the other parameters defaults"
        yield source.finding(Code.FUNCTION_SIGNATURE, text, function, hint=hint)
        return
    yield from _check_untaken(source, function, parameters)


def _check_untaken(source: Source, function: Function, parameters: list[FunctionParameter]) -> Iterator[ScriptFinding]:
    """Yield uses of the event on a parameter that keeps its default."""
    if find_event_parameter(parameters) is not None or not parameters:
        return
    first = parameters[0].name
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name == first and attribute in _OF_EVENTS:
                text = f"{first!r} has a default and keeps it, so {first}.{attribute} is not that of the event"
                yield source.finding(Code.EVENT_NOT_GIVEN, text, node, hint="call the parameter `event`")
                return


def _check_keywords(source: Source, member: Member, call: ast.Call) -> Iterator[ScriptFinding]:
    """Yield arguments that a decorator of triggers does not take, with the one that was meant."""
    known = list(inspect.signature(_FUNCTIONS[member.name]).parameters)
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg not in known:
            meant = find_nearest(keyword.arg, known) or _find_abbreviated(keyword.arg, known)
            hint = suggest(meant, otherwise=f"it takes {', '.join(known)}")
            text = f"wren.{member.name} takes no argument {keyword.arg!r}"
            yield source.finding(Code.ARGUMENT_UNKNOWN, text, keyword, hint=hint)
    for node in call.args[len(known) :][:1]:
        text = f"wren.{member.name} takes at most {len(known)} arguments: {', '.join(known)}"
        yield source.finding(Code.ARGUMENT_UNKNOWN, text, node)
    if member == _SCHEDULE and not call.args and not any(item.arg in ("cron", None) for item in call.keywords):
        text = "wren.on_schedule needs its times"
        yield source.finding(Code.ARGUMENT_MISSING, text, call, hint='for example wren.on_schedule("0 9 * * *")')


def _find_abbreviated(short: str, known: Iterable[str]) -> str | None:
    """Return the name of which `short` is made of letters in order: `tz` is `timezone`."""
    for name in known:
        letters = iter(name)
        if name[:1] == short[:1].lower() and all(letter in letters for letter in short.lower() if letter.isalnum()):
            return name
    return None
