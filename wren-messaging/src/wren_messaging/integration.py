"""The integration: send messages to the inbox of the workspace, and read the inbox."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from wren_core import Integration, IntegrationSpec, InvalidInput, Record, method
from wren_core.json_pointer import find_list


class SentMessage(Record):
    """A sent message."""

    id: Annotated[str, "Id of the message"]
    created_at: Annotated[AwareDatetime, "Time of sending"]


class InboxMessage(SentMessage):
    """A message in the inbox."""

    body: Annotated[str, "Text of the message"]
    subject: Annotated[str | None, "Subject, if the message has one"] = None
    to: Annotated[str | None, "Name of the recipient; null: all members of the workspace"] = None
    sender: Annotated[str | None, "Name of the deployment or person that sent it"] = None
    run_id: Annotated[str | None, "Id of the run that sent it, if it came from a run"] = None


class Messaging(Integration):
    """Send messages to the inbox of the workspace, and read it.

    Use it for information that a person should see without mail or chat: a summary, a warning, a question. A deployed
    script sends to the inbox of its workspace; a script on your own machine shows the message in the terminal.
    """

    # The inbox belongs to the host that runs the script, so the spec has no credentials and no hosts.
    spec = IntegrationSpec(name="messaging", display_name="Messaging")

    @method(effect="write", example='messaging.send("3 invoices are overdue", subject="Invoices")')
    def send(
        self,
        body: Annotated[str, "Text of the message"],
        subject: Annotated[str | None, "Subject, a few words"] = None,
        to: Annotated[str | None, "Name of the recipient; default: all members"] = None,
    ) -> SentMessage:
        """Send a message to the workspace's inbox, for a person to read."""
        if not body.strip():
            raise InvalidInput("the message is empty: give `body` some text", details={"pointer": "/body"})
        given = {"body": body, "subject": subject, "to": to}
        answer = self.host.request("messages.send", {name: text for name, text in given.items() if text is not None})
        return SentMessage.of_answer(answer)

    @method(example="messaging.inbox(limit=5)")
    def inbox(
        self, limit: Annotated[int, "Maximum number of messages", Field(ge=1, le=200)] = 20
    ) -> Annotated[list[InboxMessage], "Newest first"]:
        """Read the newest messages of the workspace's inbox, newest first."""
        answer = self.host.request("messages.list", {"limit": limit})
        return [InboxMessage.of_answer(message) for message in find_list(answer, "/messages")]
