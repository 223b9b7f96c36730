"""What a trigger hands to a function: small frozen records, the same in a local test and in a deployed run.

An event crosses processes as JSON; `bytes` are base64 there.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


class ScheduleTick(_Event):
    """A schedule came due."""

    trigger: Literal["schedule"] = "schedule"
    scheduled_for: AwareDatetime
    """The instant the schedule names, aware, UTC."""
    fired_at: AwareDatetime
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
    received_at: AwareDatetime | None = None
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


Event = ScheduleTick | ManualStart | Email | WebhookRequest | Message


def parse_event(data: Mapping[str, Any]) -> Event:
    """Return the event of `data`, told apart by its `trigger` field.

    Raises:
        pydantic.ValidationError: when the data fit no event.
    """
    return _adapter().validate_python(dict(data))


@cache
def _adapter() -> TypeAdapter[Event]:
    return TypeAdapter(Annotated[Event, Field(discriminator="trigger")])
