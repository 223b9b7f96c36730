"""What a trigger hands to a function: small frozen records, the same in a local test and in a deployed run.

An event crosses processes as JSON; `bytes` are base64 there. A schedule and a start by hand have the same attributes,
so a scheduled function can be started by hand at any time.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter

from wren_core.contract.record import Described


class _Event(Described):
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


class ScheduleTick(_Event):
    """A schedule came due."""

    trigger: Annotated[Literal["schedule"], "The kind of event"] = "schedule"
    scheduled_for: Annotated[AwareDatetime, "The instant the schedule names, aware, UTC"]
    fired_at: Annotated[
        AwareDatetime, "The instant the run was queued, aware, UTC; later than `scheduled_for` after a pause"
    ]
    cron: Annotated[str, "The schedule, as the script declares it"]
    timezone: Annotated[str, "Name of the time zone the schedule is in"] = "UTC"
    payload: Annotated[dict[str, Any], "Empty: a schedule has no input"] = Field(default_factory=dict)


def _read_clock() -> datetime:
    return datetime.now(UTC)


class ManualStart(_Event):
    """A person or an agent started the run."""

    trigger: Annotated[Literal["manual"], "The kind of event"] = "manual"
    payload: Annotated[dict[str, Any], "The input of the start"] = Field(default_factory=dict)
    scheduled_for: Annotated[AwareDatetime, "The instant of the start, aware, UTC"] = Field(default_factory=_read_clock)
    fired_at: Annotated[AwareDatetime, "The same instant"] = Field(default_factory=_read_clock)
    cron: Annotated[str, "The schedule of the function; empty where it has none"] = ""
    timezone: Annotated[str, "Name of the time zone of that schedule"] = "UTC"


class Attachment(_Event):
    """A file that came with an e-mail; `content` is decoded."""

    filename: Annotated[str, "Name of the file, as the sender gave it"]
    content_type: Annotated[str, "Media type, such as application/pdf"] = "application/octet-stream"
    content: Annotated[bytes, "The decoded file"] = b""


class Email(_Event):
    """An e-mail arrived."""

    trigger: Annotated[Literal["email"], "The kind of event"] = "email"
    message_id: Annotated[str, "Message-ID, by which the mail is known"]
    subject: Annotated[str, "Subject, decoded"] = ""
    sender: Annotated[str, "Address of the sender"] = ""
    to: Annotated[tuple[str, ...], "Addresses of the recipients"] = ()
    received_at: Annotated[AwareDatetime | None, "When it arrived, aware"] = None
    text: Annotated[str, "Body as plain text"] = ""
    html: Annotated[str, "Body as HTML, where there is one"] = ""
    headers: Annotated[dict[str, str], "All headers, by name"] = Field(default_factory=dict)
    attachments: Annotated[tuple[Attachment, ...], "The files that came with it"] = ()


class WebhookRequest(_Event):
    """An HTTP request reached the deployment's hook."""

    trigger: Annotated[Literal["webhook"], "The kind of event"] = "webhook"
    method: Annotated[str, "HTTP method"] = "POST"
    headers: Annotated[dict[str, str], "Headers, by name"] = Field(default_factory=dict)
    query: Annotated[dict[str, str], "Query parameters, by name"] = Field(default_factory=dict)
    body: Annotated[bytes, "The body as it came"] = b""


class Message(_Event):
    """A message was left in the workspace's inbox."""

    trigger: Annotated[Literal["message"], "The kind of event"] = "message"
    id: Annotated[str, "Identifier of the message"]
    subject: Annotated[str, "Subject"] = ""
    body: Annotated[str, "The text"] = ""
    sender: Annotated[str, "Who left it"] = ""


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
