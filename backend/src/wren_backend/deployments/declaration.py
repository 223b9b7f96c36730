"""What a script declares: checked, put in one form, and compared with what the client says it declares. Pure."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from wren_backend.deployments.schemas import MetadataBody, ScheduleBody, TriggerBody
from wren_backend.scheduler.due import misfire_of
from wren_core.errors import AgentFixableError
from wren_core.schedule import CronSchedule

# Trigger types that can fire; a script with another one is refused at deploy instead of never running.
SUPPORTED_TRIGGERS = frozenset({"schedule", "manual"})
_SCHEDULE_DEFAULTS: dict[str, Any] = {"timezone": "UTC", "misfire": "latest"}


class MetadataInvalid(AgentFixableError):
    """The metadata is not of the form every SDK extracts."""

    code = "METADATA_INVALID"


class MetadataMismatch(AgentFixableError):
    """The metadata sent with a script is not what the script itself declares."""

    code = "METADATA_MISMATCH"


class TriggerUnsupported(AgentFixableError):
    """The script declares a trigger of a type this backend cannot fire yet."""

    code = "TRIGGER_UNSUPPORTED"


@dataclass(frozen=True, kw_only=True)
class TriggerDeclaration:
    """One trigger of a script."""

    type: str
    func: str
    config: dict[str, Any]

    def next_fire_at(self, now: datetime) -> datetime | None:
        """Return when it fires first after `now`, or None for a type without a clock."""
        if self.type != "schedule":
            return None
        return CronSchedule.parse(self.config["cron"], self.config["timezone"]).next_after(now)


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A script's metadata in one form: names sorted, defaults filled in."""

    integrations: tuple[str, ...]
    triggers: tuple[TriggerDeclaration, ...]
    accounts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The aliases it names, by integration."""
    uses_ai: bool = False
    """It asks the connected ai integration, whichever that is."""

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> "Declaration":
        """Read metadata in the wire form; `schedules` repeats what `triggers` says and adds only what is missing.

        Raises:
            MetadataInvalid: names the field; a script shares its process with whoever extracts its metadata.
        """
        body = _body(metadata)
        triggers = [_trigger(item) for item in body.triggers]
        for schedule in body.schedules:
            if not any(_repeats(trigger, schedule) for trigger in triggers):
                triggers.append(_scheduled(schedule.func_name, {"cron": schedule.cron}))
        ordered = sorted(
            triggers, key=lambda trigger: (trigger.type, trigger.func, sorted(map(str, trigger.config.items())))
        )
        integrations = tuple(sorted(set(body.integrations)))
        accounts = tuple(
            sorted((name, tuple(sorted(set(aliases)))) for name, aliases in body.accounts.items() if aliases)
        )
        return cls(integrations=integrations, triggers=tuple(ordered), accounts=accounts, uses_ai=body.uses_ai)

    def to_wire(self) -> dict[str, Any]:
        """Return the wire form."""
        schedules = [item for item in self.triggers if item.type == "schedule"]
        return {
            "integrations": list(self.integrations),
            **({"accounts": {name: list(aliases) for name, aliases in self.accounts}} if self.accounts else {}),
            **({"uses_ai": True} if self.uses_ai else {}),
            "triggers": [{"type": item.type, "func": item.func, "config": item.config} for item in self.triggers],
            "schedules": [{"cron": item.config["cron"], "func_name": item.func} for item in schedules],
        }


def check_declaration(declaration: Declaration, *, now: datetime, min_interval: timedelta) -> None:
    """Refuse what could be stored but would never run, or run too often.

    Raises:
        TriggerUnsupported, InvalidInput (CRON_INVALID), AgentFixableError (SCHEDULE_TOO_FREQUENT).
    """
    for trigger in declaration.triggers:
        if trigger.type not in SUPPORTED_TRIGGERS:
            raise TriggerUnsupported(
                f"{trigger.func} has a trigger of type {trigger.type!r}, which this backend cannot fire yet; "
                f"it fires {' and '.join(sorted(SUPPORTED_TRIGGERS))} triggers. Remove the trigger or use a schedule",
                details={"func": trigger.func, "trigger": trigger.type, "supported": sorted(SUPPORTED_TRIGGERS)},
            )
        if trigger.type == "schedule":
            _check_schedule(trigger, now, min_interval)


def check_agreement(extracted: Declaration, submitted: Declaration) -> None:
    """Refuse metadata that disagrees with the script.

    Raises:
        MetadataMismatch: with both.
    """
    if extracted == submitted:
        return
    raise MetadataMismatch(
        "the metadata sent with the script is not what the script declares; send what `wren deploy` extracts",
        details={"script_declares": extracted.to_wire(), "metadata_says": submitted.to_wire()},
    )


def _check_schedule(trigger: TriggerDeclaration, now: datetime, min_interval: timedelta) -> None:
    misfire_of(trigger.config)
    schedule = CronSchedule.parse(trigger.config["cron"], trigger.config["timezone"])
    instants: Sequence[datetime] = schedule.upcoming(now, 5)
    gaps = [later - earlier for earlier, later in itertools.pairwise(instants)]
    if gaps and min(gaps) < min_interval:
        raise AgentFixableError(
            f"{trigger.func} is scheduled every {min(gaps).total_seconds():g} s; "
            f"the shortest interval here is {min_interval.total_seconds():g} s",
            code="SCHEDULE_TOO_FREQUENT",
            details={"func": trigger.func, "cron": schedule.expression},
        )


def _body(metadata: Mapping[str, Any]) -> MetadataBody:
    try:
        return MetadataBody.model_validate(dict(metadata), extra="ignore")
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise MetadataInvalid(f"the script's metadata: {field}: {first['msg']}", details={"field": field}) from None


def _trigger(item: TriggerBody) -> TriggerDeclaration:
    if item.type == "schedule":
        return _scheduled(item.func, item.config)
    return TriggerDeclaration(type=item.type, func=item.func, config=dict(item.config))


def _scheduled(func: str, config: Mapping[str, Any]) -> TriggerDeclaration:
    known = {key: config[key] for key in ("cron", "timezone", "misfire") if key in config}
    return TriggerDeclaration(type="schedule", func=func, config={**_SCHEDULE_DEFAULTS, **known})


def _repeats(trigger: TriggerDeclaration, schedule: ScheduleBody) -> bool:
    return (trigger.type, trigger.func, trigger.config.get("cron")) == ("schedule", schedule.func_name, schedule.cron)
