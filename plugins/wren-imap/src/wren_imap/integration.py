"""IMAP and SMTP: the spec and the methods. Wren derives everything else from this file."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from wren_core import CredentialSpec, CredentialType, CustomAuth, Integration, IntegrationSpec, UndoSpec, method
from wren_core.mail.composing import compose
from wren_imap.parameters import Files, Folder, Html, Id, MailConfig, Phrase, Place, Subject, Text, To
from wren_imap.records import Email, SentEmail

if TYPE_CHECKING:
    from wren_imap.account import Account

_BASIC = CredentialType.BASIC_AUTH
_READ_AGAIN = UndoSpec(method="mark_read", arguments={"message_id": "/input/message_id"})
_UNREAD_AGAIN = UndoSpec(method="mark_unread", arguments={"message_id": "/input/message_id"})


class IMAP(Integration):
    """Read, search, move and send e-mails with any mail server."""

    spec = IntegrationSpec(
        name="imap",
        display_name="E-mail (IMAP)",
        config_hosts=("{host}:{port}", "{smtp_host}:{smtp_port}"),
        auth=CustomAuth(),
        credentials=(
            CredentialSpec(key="username", type=_BASIC, env_var="IMAP_USERNAME", description="Account", secret=False),
            CredentialSpec(key="password", type=_BASIC, env_var="IMAP_PASSWORD", description="Password of the account"),
        ),
    )
    Config = MailConfig
    config: MailConfig
    client: "Account"

    def connect(self) -> "Account":
        """Create the client; it connects on the first request."""
        from wren_imap.account import Account  # imports imap_tools, which is slow

        return Account(self.config, username=self.credentials["username"], password=self.credentials["password"])

    @method(example="print(imap.folders())")
    def folders(self) -> list[str]:
        """List the folders of the account."""
        return self.client.folders()

    @method(example='imap.search(sender="boss@example.com", subject="budget", unread=True)')
    def search(
        self,
        folder: Folder = "INBOX",
        sender: Phrase = None,
        to: Phrase = None,
        subject: Phrase = None,
        text: Phrase = None,
        since: Annotated[date | None, "Only e-mails received on this day or later"] = None,
        unread: Annotated[bool, "Only unread e-mails"] = False,
        limit: Annotated[int, Field(ge=1, le=200), "Maximum number of e-mails"] = 20,
        older_than: Annotated[Id | None, "Only e-mails before this one; pass the last id for the next page"] = None,
    ) -> list[Email]:
        """Find the e-mails in a folder that match all conditions, newest first, without their bodies."""
        fields = {"from_": sender, "to": to, "subject": subject, "text": text, "date_gte": since}
        given = {name: value for name, value in fields.items() if value is not None}
        return self.client.search(folder, given | ({"seen": False} if unread else {}), older=older_than, limit=limit)

    @method(example="print(imap.get(mail.id).text)")
    def get(self, message_id: Id) -> Email:
        """Read one e-mail with its body; it stays unread."""
        return self.client.read(message_id)

    @method(example='imap.save_attachments(mail.id, "invoices")')
    def save_attachments(self, message_id: Id, folder: Place) -> list[str]:
        """Save the attachments of an e-mail; returns their paths."""
        return self.client.save(message_id, folder)

    @method(effect="write", idempotent=True, undo=_UNREAD_AGAIN, example="imap.mark_read(mail.id)")
    def mark_read(self, message_id: Id) -> None:
        """Mark an e-mail as read."""
        self.client.mark(message_id, read=True)

    @method(effect="write", idempotent=True, undo=_READ_AGAIN, example="imap.mark_unread(mail.id)")
    def mark_unread(self, message_id: Id) -> None:
        """Mark an e-mail as unread."""
        self.client.mark(message_id, read=False)

    @method(effect="write", example='imap.move(mail.id, "Archive")')
    def move(self, message_id: Id, folder: Folder) -> str | None:
        """Move an e-mail to another folder; returns its new id, if the server reports it."""
        return self.client.move(message_id, folder)

    @method(effect="destructive", simulate="validate_only", example="imap.delete(mail.id)")
    def delete(self, message_id: Id) -> None:
        """Delete an e-mail permanently; to be able to restore it, move() it to the trash instead."""
        self.client.delete(message_id)

    @method(effect="write", example='imap.send("bob@example.com", "Hello", "See you at five.")')
    def send(
        self, to: To, subject: Subject, text: Text = "", html: Html = None, cc: To = (), bcc: To = (), files: Files = ()
    ) -> SentEmail:
        """Send a new e-mail; use reply() to answer one."""
        people = {"From": self.client.sender, "To": to, "Cc": cc, "Bcc": bcc}
        return self.client.send(compose(people, subject=subject, text=text, html=html, files=files))

    @method(effect="write", example='imap.reply(mail.id, "Thank you, it is on its way.")')
    def reply(self, message_id: Id, text: Text = "", html: Html = None, files: Files = ()) -> SentEmail:
        """Reply to the sender of an e-mail, in the same conversation."""
        mail = self.get(message_id)
        people = {"From": self.client.sender, "To": mail.reply_to or mail.sender}
        subject = mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}"
        answers = f"{mail.references} {mail.message_id}"
        return self.client.send(compose(people, subject=subject, text=text, html=html, files=files, answers=answers))
