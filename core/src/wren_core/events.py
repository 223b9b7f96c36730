"""What a trigger hands to a function: small frozen records, the same in a local test and in a deployed run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ScheduleTick(_Event):
    """A schedule came due."""

    trigger: Literal["schedule"] = "schedule"
    scheduled_for: datetime
    """The instant the schedule names, aware, UTC."""
    fired_at: datetime
    """The instant the run was queued, aware, UTC; later than `scheduled_for` after a pause of the scheduler."""
    cron: str
    timezone: str = "UTC"


class ManualStart(_Event):
    """A person or an agent started the run."""

    trigger: Literal["manual"] = "manual"
    payload: dict[str, Any] = Field(default_factory=dict)


class Attachment(_Event):
    """A file that came with an e-mail; `content` is decoded."""

    filename: str
    content_type: str = "application/octet-stream"
    content: bytes = b""


class Email(_Event):
    """An e-mail arrived."""

    trigger: Literal["email"] = "email"
    message_id: str
    subject: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    received_at: datetime | None = None
    text: str = ""
    html: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


class WebhookRequest(_Event):
    """An HTTP request reached the deployment's hook."""

    trigger: Literal["webhook"] = "webhook"
    method: str = "POST"
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    body: bytes = b""


class Message(_Event):
    """A message was left in the workspace's inbox."""

    trigger: Literal["message"] = "message"
    id: str
    subject: str = ""
    body: str = ""
    sender: str = ""


Event = Annotated[ScheduleTick | ManualStart | Email | WebhookRequest | Message, Field(discriminator="trigger")]


def parse_event(data: Mapping[str, Any]) -> ScheduleTick | ManualStart | Email | WebhookRequest | Message:
    """Return the event of `data`, told apart by its `trigger` field.

    Raises:
        pydantic.ValidationError: when the data fit no event.
    """
    adapter: TypeAdapter[ScheduleTick | ManualStart | Email | WebhookRequest | Message] = TypeAdapter(Event)
    return adapter.validate_python(dict(data))
