"""The kinds of triggers this backend fires. A script that declares another one is refused when it is deployed."""

from collections.abc import Mapping

from wren_backend.triggers.kind import TriggerKind
from wren_backend.triggers.manual import ManualTrigger
from wren_backend.triggers.schedule import ScheduleTrigger

SUPPORTED_TRIGGERS: Mapping[str, TriggerKind] = {"manual": ManualTrigger(), "schedule": ScheduleTrigger()}
