"""Decorators that say when a function runs.

    @wren.on_schedule("0 9 * * 1-5", timezone="Europe/Berlin")
    def daily(): ...

They check their arguments and set an attribute on the function, which can still be called in a test.
`find_triggers` collects the attributes; there is no global registry.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from wren_core.errors import InvalidInput
from wren_core.schedule import CronSchedule

Misfire = Literal["latest", "skip", "all"]
MISFIRES: tuple[str, ...] = get_args(Misfire)
F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__wren_triggers__"
_MAX_TEXT = 500


@dataclass(frozen=True, kw_only=True)
class DeclaredTrigger:
    """One declared source of events, as metadata shows it."""

    type: str
    config: Mapping[str, Any]


def on_schedule(cron: str, timezone: str = "UTC", misfire: Misfire = "latest") -> Callable[[F], F]:
    """Run the function whenever `cron` is due; it may take the event, a `wren.ScheduleTick`.

    Args:
        cron: five fields (minute, hour, day of month, month, day of week) or an alias such as `@daily`.
        timezone: IANA name in which the fields are read, such as `Europe/Berlin`.
        misfire: after a pause of the platform, run once for the `latest` missed time, `skip` them, or run `all`.

    Raises:
        InvalidInput: names the field, its value and a valid example.

    Example:
        @wren.on_schedule("0 9 * * 1-5", timezone="Europe/Berlin")
        def daily(event): ...
    """
    _reject_bare(cron, 'on_schedule("0 9 * * *")')
    CronSchedule.parse(cron, timezone)
    if misfire not in MISFIRES:
        raise _make_error("misfire", misfire, f"one of {', '.join(MISFIRES)}", "latest")
    config = {"cron": cron, "timezone": timezone}
    # The default is left out, as older servers expect.
    return _make_decorator(
        DeclaredTrigger(type="schedule", config=config if misfire == "latest" else {**config, "misfire": misfire})
    )


def on_email(
    from_: str | None = None, to: str | None = None, subject: str | None = None, body: str | None = None
) -> Callable[[F], F]:
    """Run the function for every e-mail that matches all given filters; it may take the event, a `wren.Email`.

    Args:
        from_: sender address, or a part of it.
        to: recipient address, or a part of it.
        subject: text the subject contains.
        body: text the body contains.

    Raises:
        InvalidInput: names the field, its value and a valid example.

    Example:
        @wren.on_email(from_="billing@vendor.example", subject="invoice")
        def file_invoice(email): ...
    """
    _reject_bare(from_, 'on_email(from_="billing@vendor.example")')
    filters = {"from": from_, "to": to, "subject": subject, "body": body}
    for field, value in filters.items():
        name = "from_" if field == "from" else field
        if value is not None and (not isinstance(value, str) or not value.strip() or len(value) > _MAX_TEXT):
            raise _make_error(name, value, f"a text of 1 to {_MAX_TEXT} characters", "invoice")
    given = {name: value for name, value in filters.items() if value is not None}
    if not given:
        raise _make_error("from_", None, "at least one of from_, to, subject, body", 'from_="billing@vendor.example"')
    return _make_decorator(DeclaredTrigger(type="email", config=given))


def find_triggers(namespace: Mapping[str, Any]) -> Iterator[tuple[str, DeclaredTrigger]]:
    """Yield `(function name, trigger)` for every decorated function of a module, in source order.

    A function with two names counts once, under the name of its definition.
    """
    seen: set[int] = set()
    for name, value in namespace.items():
        # Only its own attributes: getattr on an unknown object may run code, or return anything.
        marks: tuple[DeclaredTrigger, ...] = getattr(value, "__dict__", {}).get(_MARK, ())
        if marks and id(value) not in seen:
            seen.add(id(value))
            yield from ((name, trigger) for trigger in marks)


def _make_decorator(trigger: DeclaredTrigger) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        if not callable(function):
            raise _make_error("function", function, "a function", "def daily(event): ...")
        # Decorators apply from the bottom up; triggers are listed from the top down.
        setattr(function, _MARK, (trigger, *getattr(function, _MARK, ())))
        return function

    return decorate


def _reject_bare(first: object, example: str) -> None:
    if callable(first):
        raise InvalidInput(
            f"the decorator needs its arguments: @wren.{example}",
            code="TRIGGER_INVALID",
            details={"example": f"@wren.{example}"},
        )


def _make_error(field: str, value: object, expected: str, example: str) -> InvalidInput:
    return InvalidInput(
        f"{field} {value!r} is not valid: expected {expected}; for example {example}",
        code="TRIGGER_INVALID",
        details={"field": field, "value": repr(value), "expected": expected, "example": example},
    )
