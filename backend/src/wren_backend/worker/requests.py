"""The requests of a running script to the platform: a closed list, always for the run's own workspace and user."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wren_backend.clock import Clock
from wren_backend.connections.credentials.run_credentials import RunCredentials
from wren_backend.executor.request_server import Served
from wren_backend.http.wire import timestamp
from wren_backend.messages import repository as messages
from wren_backend.messages.models import InboxMessage
from wren_backend.messages.repository import NewMessage
from wren_backend.runs.models import Run
from wren_backend.storage.database import Database
from wren_backend.worker.spending import RunSpending
from wren_core.errors import AgentFixableError, InvalidInput


class OperationUnknown(AgentFixableError):
    """The platform offers no operation of that name to scripts."""

    code = "OPERATION_UNKNOWN"


class MessageLimitExceeded(AgentFixableError):
    """The run sent as many messages as one run may."""

    code = "MESSAGE_LIMIT_EXCEEDED"


class MessageBudget:
    """Counts the messages of one run."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._sent = 0

    def take(self) -> None:
        """Count one.

        Raises:
            MessageLimitExceeded: there have been as many as one run may send.
        """
        if self._sent >= self._most:
            raise MessageLimitExceeded(
                f"a run may send {self._most} messages, and this one has; put several entries into one message"
            )
        self._sent += 1


class _SendPayload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    body: str = Field(max_length=100_000)
    subject: str | None = Field(default=None, max_length=500)
    to: str | None = Field(default=None, max_length=200)


class _ListPayload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    limit: int = Field(default=20, ge=1, le=200)


class _RefreshPayload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    integration: str = Field(max_length=63)
    account: str | None = Field(default=None, max_length=63)


@dataclass(frozen=True, kw_only=True)
class RunRequests:
    """Serves the requests of one run.

    Args:
        run: whose requests these are; identity comes from here, never from a payload.
        sender: shown as the sender of messages: the deployment's name.
        credentials: what the run has; only these can be refreshed.
        spending: answers for calls of models.
        budget: how many messages it may still send.
    """

    run: Run
    sender: str
    credentials: RunCredentials
    spending: RunSpending
    database: Database
    clock: Clock
    budget: MessageBudget = field(default_factory=MessageBudget)

    def __call__(self, operation: str, payload: Mapping[str, Any]) -> Served:
        """Perform one operation.

        Raises:
            OperationUnknown, InvalidInput, or what the operation itself raises.
        """
        operations: dict[str, Callable[[Mapping[str, Any]], Served]] = {
            "messages.send": self._send,
            "messages.list": self._list,
            "credentials.refresh": self._refresh,
            "ai.allow": lambda told: Served(result=self.spending.allow(told)),
            "ai.spent": lambda told: Served(result=self.spending.spent(told)),
        }
        if operation not in operations:
            raise OperationUnknown(f"there is no operation {operation!r}; there are {', '.join(operations)}")
        try:
            return operations[operation](payload)
        except ValidationError as exc:
            first = exc.errors(include_input=False, include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            raise InvalidInput(f"{operation}: {field}: {first['msg']}", details={"field": field}) from None

    def _send(self, payload: Mapping[str, Any]) -> Served:
        asked = _SendPayload.model_validate(payload)
        self.budget.take()
        message = NewMessage(
            sender=self.sender, body=asked.body, subject=asked.subject, recipient=asked.to, run_id=self.run.id
        )
        with self.database.writing() as session:
            stored = messages.add_message(session, self.run.workspace_id, message, now=self.clock.now())
        return Served(result=_message_fields(stored))

    def _list(self, payload: Mapping[str, Any]) -> Served:
        asked = _ListPayload.model_validate(payload)
        with self.database.reading() as session:
            page = messages.list_messages(session, self.run.workspace_id, limit=asked.limit)
        return Served(result={"messages": [_message_fields(message) for message in page.items]})

    def _refresh(self, payload: Mapping[str, Any]) -> Served:
        asked = _RefreshPayload.model_validate(payload)
        newer = self.credentials.refresh(asked.integration, asked.account)
        return Served(result={"env": dict(newer.env)}, secrets=tuple(newer.secrets))


def _message_fields(message: InboxMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "sender": message.sender,
        "to": message.recipient,
        "subject": message.subject,
        "body": message.body,
        "created_at": timestamp(message.created_at),
        "run_id": message.run_id,
    }
