"""Checks the triggers of a script: its decorators, and the metadata of the import."""

import ast
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from wren.checks.finding import Code, ScriptFinding
from wren.checks.literals import read_literal
from wren.checks.scopes import Place
from wren.checks.source import Source
from wren.checks.values import Evaluator, Member
from wren.script.triggers import MISFIRES
from wren_core.errors import InvalidInput
from wren_core.schedule import CronSchedule

_SCHEDULE = Member("on_schedule")
_TRIGGERS = (_SCHEDULE, Member("on_email"))
_Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def check_triggers(source: Source, found: Iterable[Place]) -> Iterator[ScriptFinding]:
    """Yield invalid schedules, and triggered functions that no trigger can call.

    It finds all of them; an import stops at the first.
    """
    evaluator = Evaluator()
    for place in found:
        if isinstance(place.node, ast.Call) and evaluator.value(place.node.func, place.scope) == _SCHEDULE:
            yield from _check_schedule(source, place.node)
        elif isinstance(place.node, _Definition):
            decorators = [item.func for item in place.node.decorator_list if isinstance(item, ast.Call)]
            if any(evaluator.value(item, place.scope) in _TRIGGERS for item in decorators):
                yield from _check_function(source, place.node, is_top_level=place.scope.parent is None)
            for item in place.node.decorator_list:
                member = evaluator.value(item, place.scope)
                if isinstance(member, Member) and member in _TRIGGERS:
                    yield _check_bare(source, item, member)


def check_declared(source: Source, metadata: dict[str, Any]) -> Iterator[ScriptFinding]:
    """Yield a warning for a script without triggers."""
    if not metadata.get("triggers"):
        yield ScriptFinding(
            code=Code.TRIGGER_MISSING,
            message="no function has a trigger, so nothing starts this script automatically",
            file=source.file,
            severity="warning",
            hint='decorate a function, for example with @wren.on_schedule("0 9 * * *")',
        )


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


def _check_function(source: Source, function: _Definition, *, is_top_level: bool) -> Iterator[ScriptFinding]:
    name, arguments = function.name, function.args
    if not is_top_level:
        text = f"the trigger of {name!r} is not registered: the function is not at the top level of the script"
        yield source.finding(
            Code.TRIGGER_INVALID, text, function, hint="move it out of the function or class around it"
        )
    positional = [*arguments.posonlyargs, *arguments.args]
    required = [item.arg for item in positional[: len(positional) - len(arguments.defaults)]]
    keyword_only = [
        item.arg for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if not default
    ]
    if len(required) > 1 or keyword_only:
        text = f"{name}() needs {', '.join([*required, *keyword_only])}; a trigger gives it the event and nothing else"
        yield source.finding(Code.FUNCTION_SIGNATURE, text, function, hint=f"write `def {name}(event): ...`")
