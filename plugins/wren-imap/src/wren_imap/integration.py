"""IMAP and SMTP: the declaration and the methods. All else about it is derived from this file."""

from datetime import date
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from wren_core import CredentialSpec, CredentialType, CustomAuth, Integration, IntegrationSpec, UndoSpec, method
from wren_imap.parameters import Files, Folder, Html, Id, Limit, Line, MailConfig, Phrase, Text, To, Unread
from wren_imap.records import Email, MailFolder, Moved, SavedFile, SentEmail

if TYPE_CHECKING:
    from wren_imap.account import Account

_BASIC = CredentialType.BASIC
_READ_AGAIN = UndoSpec(method="mark_read", arguments={"message_id": "/input/message_id"})
_UNREAD_AGAIN = UndoSpec(method="mark_unread", arguments={"message_id": "/input/message_id"})
_BACK = UndoSpec(method="move", arguments={"message_id": "/output/id", "folder": "/output/moved_from"})


class IMAP(Integration):
    """Read, search, file and send the mail of any mail server."""

    spec = IntegrationSpec(
        name="imap",
        display_name="E-mail (IMAP)",
        docs_url="https://www.rfc-editor.org/rfc/rfc9051",
        config_hosts=("{host}:{port}", "{smtp_host}:{smtp_port}"),
        auth=CustomAuth(),
        credentials=(
            CredentialSpec(key="username", type=_BASIC, env_var="IMAP_USERNAME", description="Account", secret=False),
            CredentialSpec(key="password", type=_BASIC, env_var="IMAP_PASSWORD", description="Its password"),
        ),
    )
    Config = MailConfig
    config: MailConfig
    client: "Account"

    def connect(self) -> "Account":
        """Make the client; it connects with the first request."""
        from wren_imap.account import Account  # here: it imports imap_tools, which listing must not pay for

        return Account(self.config, username=self.credentials["username"], password=self.credentials["password"])

    @method(example="print([folder.name for folder in imap.folders()])")
    def folders(self) -> list[MailFolder]:
        """List the folders of the account."""
        return [MailFolder(name=item.name, flags=item.flags) for item in self.client.folders()]

    @method(example="for mail in imap.inbox(limit=5):\n    print(mail.sender, mail.subject)")
    def inbox(self, limit: Limit = 20, unread: Unread = False) -> list[Email]:
        """List the e-mails of the inbox, newest first."""
        return self._search("INBOX", limit, None, seen=False if unread else None)

    @method(example='imap.search(sender="boss@example.com", subject="budget", unread=True)')
    def search(
        self,
        folder: Folder = "INBOX",
        sender: Phrase = None,
        to: Phrase = None,
        subject: Phrase = None,
        text: Phrase = None,
        since: Annotated[date | None, "Only e-mails that came on this day or later"] = None,
        until: Annotated[date | None, "Only e-mails that came before this day"] = None,
        unread: Unread = False,
        limit: Limit = 20,
        older_than: Annotated[Id | None, "Only e-mails that came before this one: the last of the page before"] = None,
    ) -> list[Email]:
        """Find e-mails in a folder, newest first; all that is given must fit."""
        fields = {"from_": sender, "to": to, "subject": subject, "text": text, "date_gte": since, "date_lt": until}
        return self._search(folder, limit, older_than, **fields, seen=False if unread else None)

    @method(example="print(imap.get(mail.id).text)")
    def get(self, message_id: Id) -> Email:
        """Read one e-mail; it stays unread."""
        return _email(self.client.message(message_id), message_id)

    @method(example='imap.save_attachments(mail.id, "invoices")')
    def save_attachments(self, message_id: Id, folder: Place, names: Names = ()) -> list[SavedFile]:
        """Save the files in an e-mail."""
        return self.client.save(message_id, folder, names)

    @method(effect="write", idempotent=True, undo=_UNREAD_AGAIN, example="imap.mark_read(mail.id)")
    def mark_read(self, message_id: Id) -> None:
        """Mark an e-mail as read."""
        self.client.flag(message_id, "\\Seen", on=True)

    @method(effect="write", idempotent=True, undo=_READ_AGAIN, example="imap.mark_unread(mail.id)")
    def mark_unread(self, message_id: Id) -> None:
        """Mark an e-mail as unread."""
        self.client.flag(message_id, "\\Seen", on=False)

    @method(effect="write", undo=_BACK, example='imap.move(mail.id, "Archive")')
    def move(self, message_id: Id, folder: Folder) -> Moved:
        """Move an e-mail to another folder."""
        return Moved(id=self.client.move(message_id, folder), moved_from=message_id.rsplit(":", 2)[0])

    @method(effect="destructive", simulate="validate_only", example="imap.delete(mail.id)")
    def delete(self, message_id: Id) -> None:
        """Delete an e-mail for good; to keep it, move() it to the trash."""
        self.client.delete(message_id)
