"""What a script declares: in one form, checked, and compared with the metadata a client sends. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from wren_backend.deployments.schemas import MetadataBody, ScheduleBody
from wren_backend.triggers.declaration import TriggerDeclaration
from wren_core.errors import AgentFixableError


class MetadataInvalid(AgentFixableError):
    """The metadata does not have the form that the SDK extracts."""

    code = "METADATA_INVALID"


class MetadataMismatch(AgentFixableError):
    """The metadata sent with a script differs from what the script declares."""

    code = "METADATA_MISMATCH"


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A script's metadata in one form: names sorted, defaults filled in."""

    integrations: tuple[str, ...]
    triggers: tuple[TriggerDeclaration, ...]
    accounts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The aliases it names, by integration."""
    uses_ai: bool = False
    """Whether it calls the connected ai integration without naming one."""

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> "Declaration":
        """Read metadata in the wire form; `schedules` repeats the schedules of `triggers` and may hold more.

        Raises:
            MetadataInvalid: names the field. Metadata is not trusted: the script runs where it is extracted.
        """
        body = _read_body(metadata)
        triggers = [TriggerDeclaration.of(item.type, item.func, item.config) for item in body.triggers]
        for schedule in body.schedules:
            if not any(_repeats(trigger, schedule) for trigger in triggers):
                triggers.append(TriggerDeclaration.of("schedule", schedule.func_name, {"cron": schedule.cron}))
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
    """Refuse triggers that could be stored but would never fire, or would fire too often.

    Raises:
        TriggerUnsupported, InvalidInput (CRON_INVALID), AgentFixableError (SCHEDULE_TOO_FREQUENT).
    """
    for trigger in declaration.triggers:
        trigger.check(now=now, min_interval=min_interval)


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


def _read_body(metadata: Mapping[str, Any]) -> MetadataBody:
    try:
        return MetadataBody.model_validate(dict(metadata), extra="ignore")
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise MetadataInvalid(f"the script's metadata: {field}: {first['msg']}", details={"field": field}) from None


def _repeats(trigger: TriggerDeclaration, schedule: ScheduleBody) -> bool:
    return (trigger.type, trigger.func, trigger.config.get("cron")) == ("schedule", schedule.func_name, schedule.cron)
