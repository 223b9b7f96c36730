"""Gmail: the spec, the configuration and the methods. Wren derives everything else from this file."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from wren_core import (
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationConfig,
    IntegrationSpec,
    InvalidInput,
    NotFound,
    OAuth2Config,
    UndoSpec,
    method,
)
from wren_core.json_pointer import find_list, find_or_none
from wren_core.mail.reading import File, find_content
from wren_gmail import files
from wren_gmail.api import GmailApi
from wren_gmail.incoming import attached_files, decode_data, describe, find_part, to_email
from wren_gmail.outgoing import Outgoing, compose, reply_recipients, reply_subject
from wren_gmail.parameters import (
    Copies,
    DraftId,
    FileNames,
    Files,
    Folder,
    HiddenCopies,
    Html,
    Labels,
    Limit,
    MessageId,
    Query,
    Subject,
    Text,
    ThreadId,
    To,
)
from wren_gmail.records import Attachment, Draft, Email, Label, LabelChange, SentEmail

READ = "https://www.googleapis.com/auth/gmail.readonly"
SEND = "https://www.googleapis.com/auth/gmail.send"
COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
MODIFY = "https://www.googleapis.com/auth/gmail.modify"
WHO = "https://www.googleapis.com/auth/userinfo.email"

RELABEL_BACK = UndoSpec(
    method="change_labels",
    arguments={"message_id": "/input/message_id", "add": "/output/removed", "remove": "/output/added"},
)


class Gmail(Integration):
    """Read, search, send and label the mail of a Gmail account."""

    spec = IntegrationSpec(
        name="gmail",
        display_name="Gmail",
        docs_url="https://developers.google.com/workspace/gmail/api/guides",
        base_url="https://gmail.googleapis.com",
        hosts=("gmail.googleapis.com",),
        auth=OAuth2Config(
            provider="google",
            authorization_url="https://accounts.google.com/o/oauth2/v2/auth",
            token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
            revoke_url="https://oauth2.googleapis.com/revoke",
            userinfo_url="https://www.googleapis.com/oauth2/v2/userinfo",
            scopes=(READ, SEND, COMPOSE, MODIFY, WHO),
            # Without these, Google issues a refresh token only on the first consent, or none at all.
            additional_parameters={"access_type": "offline", "prompt": "consent"},
        ),
        credentials=(
            CredentialSpec(
                key="access_token",
                type=CredentialType.OAUTH2,
                description="OAuth access token of the account",
                env_var="GMAIL_ACCESS_TOKEN",
                refresh_key="refresh_token",
                refresh_env_var="GMAIL_REFRESH_TOKEN",
            ),
        ),
    )

    class Config(IntegrationConfig):
        """Settings of one instance."""

        sender: Annotated[str | None, "From address, one of the account's own; default: its main address"] = None
        max_attachment_mb: Annotated[int, Field(ge=1, le=50), "Largest attachment that is downloaded, in MB"] = 25

    config: Config
    client: GmailApi

    def connect(self) -> GmailApi:
        """Create the client, without sending a request."""
        return GmailApi(self.base_url, self.credentials["access_token"])

    @method(scopes=[READ], example="for mail in gmail.inbox(limit=5):\n    print(mail.sender.address, mail.subject)")
    def inbox(self, limit: Limit = 10, unread: Annotated[bool, "Only unread e-mails"] = False) -> list[Email]:
        """List the e-mails of the inbox, newest first."""
        labels = ["INBOX", "UNREAD"] if unread else ["INBOX"]
        return [to_email(item) for item in self.client.messages(limit=limit, labelIds=labels)]

    @method(scopes=[READ], example='gmail.search("from:boss@example.com is:unread", limit=20)')
    def search(self, query: Query, limit: Limit = 10) -> list[Email]:
        """Find e-mails by a Gmail search, newest first; everywhere except in spam and trash."""
        return [to_email(item) for item in self.client.messages(limit=limit, q=query)]

    @method(scopes=[READ], example="print(gmail.get(message_id).text)")
    def get(self, message_id: MessageId) -> Email:
        """Read one e-mail, with its text and the list of its attachments."""
        return to_email(self.client.message(message_id))

    @method(scopes=[READ], example="page = gmail.html_body(mail.id)")
    def html_body(self, message_id: MessageId) -> str:
        """Read the HTML of an e-mail, if its text is not enough; get() has the text and is much shorter."""
        return to_email(self.client.message(message_id)).html

    @method(scopes=[READ], example="conversation = gmail.thread(mail.thread_id)")
    def thread(self, thread_id: ThreadId) -> list[Email]:
        """Read all e-mails of a conversation, oldest first."""
        return [to_email(item) for item in self.client.thread(thread_id)]

    @method(scopes=[READ], example='for file in gmail.attachments(mail.id, folder="invoices"):\n    print(file.path)')
    def attachments(self, message_id: MessageId, folder: Folder = None, names: FileNames = ()) -> list[Attachment]:
        """Download the attachments of an e-mail into a folder; in Python, `content` also has the bytes."""
        resource = self.client.message(message_id)
        files_found = attached_files(resource)
        missing = sorted(set(names) - {item.name for item in files_found})
        if missing:
            present = ", ".join(item.name for item in files_found) or "none"
            raise NotFound(f"the e-mail has no attachment {missing}; it has: {present}")
        found = [self._download(resource, item) for item in files_found if not names or item.name in names]
        return found if folder is None else [files.save(item, folder) for item in found]

    @method(scopes=[READ], example="print([label.name for label in gmail.labels()])")
    def labels(self) -> list[Label]:
        """List the labels of the account: Gmail's own and those of the user."""
        return [Label.of_answer(item) for item in find_list(self.client.get("/labels"), "/labels")]

    @method(
        effect="write",
        idempotent=True,
        scopes=[MODIFY],
        undo=RELABEL_BACK,
        example='gmail.change_labels(mail.id, add=["Invoices"], remove=["INBOX"])',
    )
    def change_labels(self, message_id: MessageId, add: Labels = (), remove: Labels = ()) -> LabelChange:
        """Add labels to an e-mail and remove others; to archive the e-mail, remove INBOX."""
        known = find_list(self.client.get("/labels"), "/labels")
        return self._relabel(message_id, add=_label_ids(add, known), remove=_label_ids(remove, known))

    @method(effect="write", idempotent=True, scopes=[MODIFY], undo=RELABEL_BACK, example="gmail.mark_read(mail.id)")
    def mark_read(self, message_id: MessageId) -> LabelChange:
        """Mark an e-mail as read."""
        return self._relabel(message_id, remove=["UNREAD"])

    @method(effect="write", idempotent=True, scopes=[MODIFY], undo=RELABEL_BACK, example="gmail.mark_unread(mail.id)")
    def mark_unread(self, message_id: MessageId) -> LabelChange:
        """Mark an e-mail as unread."""
        return self._relabel(message_id, add=["UNREAD"])

    @method(effect="write", scopes=[SEND], example='gmail.send("bob@example.com", "Hello", "See you at five.")')
    def send(
        self,
        to: To,
        subject: Subject,
        text: Text = "",
        html: Html = None,
        cc: Copies = (),
        bcc: HiddenCopies = (),
        attachments: Files = (),
    ) -> SentEmail:
        """Send an e-mail at once; use draft() if a person should check it first."""
        mail = self._mail(attachments, to=to, subject=subject, text=text, html=html, cc=cc, bcc=bcc)
        return _sent_email(self.client.submit("/messages/send", compose(mail)))

    @method(effect="write", scopes=[READ, SEND], example='gmail.reply(mail.id, "Thank you, it is on its way.")')
    def reply(
        self,
        message_id: MessageId,
        text: Text = "",
        html: Html = None,
        reply_all: Annotated[bool, "Reply to all recipients of the message, not only to its sender"] = False,
        attachments: Files = (),
    ) -> SentEmail:
        """Reply to an e-mail, in its conversation."""
        original = to_email(self.client.get(f"/messages/{message_id}", format="metadata"))
        own = str(find_or_none(self.client.get("/profile"), "/emailAddress") or "") if reply_all else ""
        to, cc = reply_recipients(original, everyone=reply_all, own=own)
        subject = reply_subject(original.subject)
        mail = self._mail(attachments, to=to, cc=cc, subject=subject, text=text, html=html, answers=original)
        return _sent_email(self.client.submit("/messages/send", compose(mail), thread_id=original.thread_id))

    @method(
        effect="write",
        scopes=[COMPOSE],
        undo=UndoSpec(method="discard_draft", arguments={"draft_id": "/output/id"}),
        example='gmail.draft("bob@example.com", "Offer", "Dear Bob, ...")',
    )
    def draft(
        self,
        to: To,
        subject: Subject,
        text: Text = "",
        html: Html = None,
        cc: Copies = (),
        bcc: HiddenCopies = (),
        attachments: Files = (),
    ) -> Draft:
        """Store an e-mail as a draft that a person can check and send."""
        mail = self._mail(attachments, to=to, subject=subject, text=text, html=html, cc=cc, bcc=bcc)
        made = self.client.submit("/drafts", compose(mail), draft=True)
        places = {"id": "/id", "message_id": "/message/id", "thread_id": "/message/threadId"}
        return Draft.of_answer({name: find_or_none(made, place) for name, place in places.items()})

    @method(effect="destructive", scopes=[COMPOSE], example="gmail.discard_draft(draft.id)")
    def discard_draft(self, draft_id: DraftId) -> None:
        """Delete a draft permanently."""
        self.client.delete(f"/drafts/{draft_id}")

    def _mail(self, attachments: Files, **fields: Any) -> Outgoing:
        loaded = [files.load(item) for item in attachments]
        return Outgoing(sender=self.config.sender, attachments=loaded, **fields)

    def _download(self, resource: dict[str, Any], file: File) -> Attachment:
        item, limit = describe(file), self.config.max_attachment_mb
        if item.size > limit * 1024 * 1024:
            raise InvalidInput(
                f"{item.filename!r} has {item.size:,} bytes, and max_attachment_mb is {limit}: "
                "name the other files in `names`, or raise max_attachment_mb"
            )
        body = find_part(resource, file.part).get("body") or {}
        if body.get("attachmentId"):
            content = self.client.attachment(resource["id"], body["attachmentId"])
        elif body.get("data") or not file.part.kind.startswith("message/"):
            content = decode_data(body.get("data") or "")
        else:  # Gmail shows an attached e-mail only in its parts
            content = find_content(self.client.raw(resource["id"]), file)
        return item.model_copy(update={"content": content, "size": len(content)})

    def _relabel(self, message_id: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> LabelChange:
        before = find_list(self.client.get(f"/messages/{message_id}", format="minimal"), "/labelIds")
        body = {"addLabelIds": list(add), "removeLabelIds": list(remove)}
        after = find_list(self.client.post(f"/messages/{message_id}/modify", body), "/labelIds")
        return LabelChange(
            message_id=message_id,
            labels=tuple(after),
            added=tuple(label for label in after if label not in before),
            removed=tuple(label for label in before if label not in after),
        )


def _sent_email(message: dict[str, Any]) -> SentEmail:
    return SentEmail.of_answer({"id": message.get("id"), "thread_id": message.get("threadId")})


def _label_ids(names: Iterable[str], known: list[dict[str, Any]]) -> list[str]:
    labels = [(find_or_none(label, "/id"), find_or_none(label, "/name")) for label in known]
    given = [(name, key) for key, title in labels for name in (title, key) if key and isinstance(name, str)]
    ids = {name.lower(): key for name, key in given}
    unknown = [name for name in names if name.lower() not in ids]
    if unknown:
        raise NotFound(f"no label {unknown}; there are: {', '.join(str(title) for _, title in labels)}")
    return [ids[name.lower()] for name in names]
