"""The integration: leave a message for the people of the workspace, and read what was left."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from wren_core import Integration, IntegrationSpec, InvalidInput, Record, method


class SentMessage(Record):
    """A message that was left."""

    id: Annotated[str, "Identifies the message"]
    created_at: Annotated[AwareDatetime, "When it was left"]


class InboxMessage(SentMessage):
    """A message of the inbox."""

    body: Annotated[str, "The text"]
    subject: Annotated[str | None, "The title, if it has one"] = None
    to: Annotated[str | None, "Whom it is for; everybody of the workspace where it says nobody"] = None
    sender: Annotated[str | None, "Who left it: the name of a deployment or of a person"] = None
    run_id: Annotated[str | None, "The run that left it, if one did"] = None


class Messaging(Integration):
    """Leave messages in the workspace's own inbox, and read it.

    For what a person should see and no mail or chat is needed for: a summary, a warning, a question. In a deployed
    script the message appears in the workspace's inbox; run on your own machine, it is shown in the terminal.
    """

    # The inbox belongs to the host that runs the script, so there is nobody to sign in to and no address to reach.
    spec = IntegrationSpec(name="messaging", display_name="Messaging")

    @method(effect="write", example='messaging.send("3 invoices are overdue", subject="Invoices")')
    def send(
        self,
        body: Annotated[str, "The text"],
        subject: Annotated[str | None, "A title of a few words"] = None,
        to: Annotated[str | None, "Name of the person it is for; everybody where left out"] = None,
    ) -> SentMessage:
        """Leave a message in the workspace's inbox."""
        if not body.strip():
            raise InvalidInput("the message is empty: give `body` some text", details={"pointer": "/body"})
        given = {"body": body, "subject": subject, "to": to}
        answer = self.host.request("messages.send", {name: text for name, text in given.items() if text is not None})
        return SentMessage.model_validate(answer)

    @method(example="messaging.inbox(limit=5)")
    def inbox(
        self, limit: Annotated[int, "How many at most", Field(ge=1, le=200)] = 20
    ) -> Annotated[list[InboxMessage], "Newest first"]:
        """Read the newest messages of the workspace's inbox, newest first."""
        answer = self.host.request("messages.list", {"limit": limit})
        return [InboxMessage.model_validate(message) for message in answer["messages"]]
