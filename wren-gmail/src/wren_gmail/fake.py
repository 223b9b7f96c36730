"""`FakeGmail`: Gmail and Google's sign-in for tests and demos, in memory, without network or account.

It stores sent mail, delivers it between its own users, and returns Google's errors: for unknown and expired tokens
(401), missing scopes (403), unknown ids (404) and invalid requests (400).
"""

import base64
import binascii
import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import getaddresses
from typing import Any, ClassVar

from wren_core.testing import FakeOAuth, FakeProvider, FakeRequest, FakeResponse, FakeUser, route
from wren_gmail.fake_mail import Mail, completed, without_bcc, write
from wren_gmail.fake_mailbox import Mailbox
from wren_gmail.fake_wire import part_content, refusal, resource
from wren_gmail.integration import COMPOSE, MODIFY, READ, SEND, WHO

ALICE = FakeUser(email="alice@example.com", name="Alice Example")
BOB = FakeUser(email="bob@example.com", name="Bob Example")
ALL_SCOPES = (READ, SEND, COMPOSE, MODIFY, WHO)
LABELS = "https://www.googleapis.com/auth/gmail.labels"
FULL = "https://mail.google.com/"
_ROOT = "/gmail/v1/users/{user}"
_NOT_FOUND = "Requested entity was not found."

Handler = Callable[["FakeGmail", Mailbox, FakeRequest], Any]


class _RefusedError(Exception):
    def __init__(self, response: FakeResponse) -> None:
        super().__init__(response.status)
        self.response = response


def _gmail(verb: str, path: str, *scopes: str, prefix: str = "") -> Callable[[Handler], Callable[..., Any]]:
    """Route a request whose token has one of the scopes to a handler, which gets the user's mailbox."""

    def mark(handler: Handler) -> Callable[..., Any]:
        @route(verb, prefix + _ROOT + path)
        @functools.wraps(handler)
        def answer(fake: "FakeGmail", request: FakeRequest) -> Any:
            try:
                return handler(fake, fake.authorize(request, {FULL, MODIFY, *scopes}), request)
            except _RefusedError as exc:
                return exc.response

        return answer

    return mark


class FakeGmail(FakeProvider):
    """A stateful Gmail in memory.

    Args:
        users: the owners of mailboxes; the first mailbox contains three mails.
        page_size: maximum number of messages per page of a list.
        inline_bytes: maximum size of a text that is returned inside a message resource, in bytes.

    Example:
        fake = FakeGmail()
        with serve(fake) as url:
            gmail = Gmail.create(credentials={"access_token": fake.token()}, base_url=url)
            gmail.send("bob@example.com", "Hello", "See you at five.")
        assert fake.sent[0].subject == "Hello"
    """

    name: ClassVar[str] = "gmail"

    def __init__(
        self, *, users: tuple[FakeUser, ...] = (ALICE, BOB), page_size: int = 500, inline_bytes: int = 1_000_000
    ) -> None:
        super().__init__()
        self.page_size = page_size
        self.inline_bytes = inline_bytes
        self.mailboxes = {user.email: Mailbox(address=user.email) for user in users}
        self.oauth = FakeOAuth(
            self,
            users=list(users),
            authorize_path="/o/oauth2/v2/auth",
            token_path="/oauth2/token",  # noqa: S106 - a path
            revoke_path="/oauth2/revoke",
        )
        _fill(self, users[0].email)

    @property
    def sent(self) -> list[Mail]:
        """All sent mail of all users, oldest first."""
        with self._lock:
            found = [mail for box in self.mailboxes.values() for mail in box.find(labels=["SENT"])]
        return sorted(found, key=lambda mail: mail.received_at)

    def token(self, user: str = "alice@example.com", *, scopes: tuple[str, ...] = ALL_SCOPES) -> str:
        """Return an access token, without a consent page."""
        owner = next(item for item in self.oauth.users if item.email == user)
        return str(self.oauth.issue(owner, list(scopes))["access_token"])

    def example_values(self) -> dict[str, Any]:
        """Return ids for the examples: a mail with two attachments, its conversation of two mails, and a draft."""
        owner = self.oauth.users[0].email
        box = self.mailboxes[owner]
        mail = self.deliver(subject="Two files", to=owner, attachments={"a.txt": b"1", "b.txt": b"2"})
        box.add(
            write(owner, "carol@example.org", "Thanks", "Thanks!", None, {}, None), ["SENT"], thread_id=mail.thread_id
        )
        for subject in ("Numbers", "More numbers"):
            self.deliver("boss@example.com", subject, to=owner)
        box.add_label("Invoices")
        raw = write(owner, "bob@example.com", "Offer", "Dear Bob, ...", None, {}, None)
        draft = self._store_draft(box, {"raw": base64.urlsafe_b64encode(raw).decode()})
        return {"mail.id": mail.id, "message_id": mail.id, "mail.thread_id": mail.thread_id, "draft.id": draft["id"]}

    def deliver(
        self,
        sender: str = "Carol Example <carol@example.org>",
        subject: str = "Hello",
        text: str = "Hello!",
        *,
        to: str = "alice@example.com",
        html: str | None = None,
        attachments: dict[str, bytes] | None = None,
        labels: tuple[str, ...] = ("INBOX", "UNREAD"),
        received_at: datetime | None = None,
        raw: bytes | None = None,
    ) -> Mail:
        """Deliver a mail to a user's mailbox, built from these values or taken unchanged from `raw`."""
        if raw is None:
            raw = write(sender, to, subject, text, html, attachments or {}, received_at)
        with self._lock:
            return self.mailboxes[to].add(raw, list(labels), received_at=received_at)

    def authorize(self, request: FakeRequest, scopes: set[str]) -> Mailbox:
        """Return the mailbox of the user who sent the request, or refuse the request as Google does."""
        user = self.oauth.user_of(request.token)
        if user is None:
            raise _RefusedError(refusal(401, "Request had invalid authentication credentials."))
        if not scopes.intersection(self.oauth.scopes_of(request.token)):
            message = "Request had insufficient authentication scopes."
            raise _RefusedError(refusal(403, message, detail="ACCESS_TOKEN_SCOPE_INSUFFICIENT"))
        if request.params.get("user", "me") not in ("me", user.email):
            raise _RefusedError(refusal(403, f"Delegation denied for {user.email}", reason="forbidden"))
        return self.mailboxes[user.email]

    def not_found(self, request: FakeRequest) -> FakeResponse:  # noqa: ARG002 - the base's signature
        """Return Google's error for an unknown path."""
        return refusal(404, _NOT_FOUND)

    @route("GET", "/oauth2/v2/userinfo")
    def userinfo(self, request: FakeRequest) -> Any:
        """Return the signed-in user."""
        user = self.oauth.user_of(request.token)
        if user is None or not {WHO, "email"}.intersection(self.oauth.scopes_of(request.token)):
            return refusal(401, "Request is missing required authentication credential.")
        return {"id": user.email, "email": user.email, "verified_email": True, "name": user.name}

    @_gmail("GET", "/profile", READ, COMPOSE)
    def profile(self, box: Mailbox, _request: FakeRequest) -> Any:
        """Return the owner of the mailbox."""
        return {"emailAddress": box.address, "messagesTotal": len(box.mails), "historyId": "1"}

    @_gmail("GET", "/messages", READ)
    def list_messages(self, box: Mailbox, request: FakeRequest) -> Any:
        """Return a page of the mails that match a search."""
        query = request.query
        found = box.find(query=query.get("q", ""), labels=request.query_all.get("labelIds"))
        start, size = _number(query.get("pageToken", "0")), min(_number(query.get("maxResults", "100")), self.page_size)
        page: dict[str, Any] = {"resultSizeEstimate": len(found)}
        if found[start:]:  # Gmail omits an empty list
            page["messages"] = [{"id": mail.id, "threadId": mail.thread_id} for mail in found[start : start + size]]
        if found[start + size :]:
            page["nextPageToken"] = str(start + size)
        return page

    @_gmail("GET", "/messages/{id}", READ)
    def get_message(self, box: Mailbox, request: FakeRequest) -> Any:
        """Return one mail in the requested format."""
        return self._resource(_mail(box, request), request.query.get("format", "full"))

    @_gmail("GET", "/messages/{id}/attachments/{part}", READ)
    def get_attachment(self, box: Mailbox, request: FakeRequest) -> Any:
        """Return the bytes of one part of a mail."""
        content = part_content(_mail(box, request), request.params["part"])
        if content is None:
            raise _RefusedError(refusal(404, _NOT_FOUND))
        return {"size": len(content), "data": base64.urlsafe_b64encode(content).decode()}

    @_gmail("POST", "/messages/{id}/modify")
    def modify_message(self, box: Mailbox, request: FakeRequest) -> Any:
        """Add labels to a mail and remove labels from it."""
        mail, body = _mail(box, request), request.json()
        added, removed = body.get("addLabelIds", []), body.get("removeLabelIds", [])
        unknown = [label for label in [*added, *removed] if label not in box.labels]
        if unknown:
            raise _RefusedError(refusal(400, f"Invalid label: {unknown[0]}"))
        mail.labels = [label for label in dict.fromkeys([*mail.labels, *added]) if label not in removed]
        return self._resource(mail, "minimal")

    @_gmail("GET", "/threads/{id}", READ)
    def get_thread(self, box: Mailbox, request: FakeRequest) -> Any:
        """Return the mails of a conversation."""
        found = box.thread(request.params["id"])
        if not found:
            raise _RefusedError(refusal(404, _NOT_FOUND))
        form = request.query.get("format", "full")
        return {"id": request.params["id"], "messages": [self._resource(mail, form) for mail in found]}

    @_gmail("GET", "/labels", READ, LABELS)
    def list_labels(self, box: Mailbox, _request: FakeRequest) -> Any:
        """Return the labels of the mailbox."""
        kinds = {True: "user", False: "system"}
        return {"labels": [{"id": i, "name": name, "type": kinds[i[:6] == "Label_"]} for i, name in box.labels.items()]}

    @_gmail("POST", "/messages/send", SEND, COMPOSE)
    def send_message(self, box: Mailbox, request: FakeRequest) -> Any:
        """Send a mail given as JSON."""
        return self._resource(self._send(box, request.json()), "minimal")

    @_gmail("POST", "/messages/send", SEND, COMPOSE, prefix="/upload")
    def upload_message(self, box: Mailbox, request: FakeRequest) -> Any:
        """Send a mail given as an upload."""
        return self._resource(self._send(box, _upload(request)), "minimal")

    @_gmail("POST", "/drafts", COMPOSE)
    def create_draft(self, box: Mailbox, request: FakeRequest) -> Any:
        """Store a draft given as JSON."""
        return self._store_draft(box, request.json()["message"])

    @_gmail("POST", "/drafts", COMPOSE, prefix="/upload")
    def upload_draft(self, box: Mailbox, request: FakeRequest) -> Any:
        """Store a draft given as an upload."""
        uploaded = _upload(request)
        return self._store_draft(box, {**uploaded.get("message", {}), "raw": uploaded["raw"]})

    @_gmail("GET", "/drafts", READ, COMPOSE)
    def list_drafts(self, box: Mailbox, _request: FakeRequest) -> Any:
        """Return the drafts."""
        return {"drafts": [{"id": i, "message": {"id": mail}} for i, mail in box.drafts.items()]}

    @_gmail("DELETE", "/drafts/{id}", COMPOSE)
    def delete_draft(self, box: Mailbox, request: FakeRequest) -> Any:
        """Delete a draft."""
        if request.params["id"] not in box.drafts:
            raise _RefusedError(refusal(404, _NOT_FOUND))
        del box.mails[box.drafts.pop(request.params["id"])]
        return FakeResponse(status=204)

    def _resource(self, mail: Mail, form: str) -> dict[str, Any]:
        return resource(mail, form, inline_bytes=self.inline_bytes)

    def _store_draft(self, box: Mailbox, message: dict[str, Any]) -> Any:
        mail = box.add(_raw(message), ["DRAFT"], thread_id=message.get("threadId"))
        box.drafts[f"r-{mail.id}"] = mail.id
        return {"id": f"r-{mail.id}", "message": self._resource(mail, "minimal")}

    def _send(self, box: Mailbox, message: dict[str, Any]) -> Mail:
        raw, thread_id = _raw(message), message.get("threadId")
        if thread_id and not box.thread(thread_id):
            raise _RefusedError(refusal(404, _NOT_FOUND))
        mail = box.add(completed(raw, box.address), ["SENT"], thread_id=thread_id)
        lists = [str(mail.message[name]) for name in ("to", "cc", "bcc") if mail.message[name]]
        recipients = {address.lower() for _, address in getaddresses(lists)}
        if not recipients:
            del box.mails[mail.id]
            raise _RefusedError(refusal(400, "Recipient address required"))
        if box.address in recipients:
            mail.labels += ["INBOX", "UNREAD"]
        for other in (self.mailboxes[address] for address in recipients & self.mailboxes.keys() - {box.address}):
            other.add(without_bcc(mail.raw), ["INBOX", "UNREAD"])
        return mail


def _mail(box: Mailbox, request: FakeRequest) -> Mail:
    mail = box.mails.get(request.params["id"])
    if mail is None:
        raise _RefusedError(refusal(404, _NOT_FOUND))
    return mail


def _number(text: str) -> int:
    if not text.isdigit():
        raise _RefusedError(refusal(400, "Invalid pageToken"))
    return int(text)


def _raw(message: dict[str, Any]) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(message["raw"])
    except (KeyError, TypeError, binascii.Error):
        raw = b""
    if not raw:
        raise _RefusedError(refusal(400, "'raw' RFC822 payload message string required"))
    return raw


def _upload(request: FakeRequest) -> dict[str, Any]:
    boundary = b"--" + request.headers.get("content-type", "").partition("boundary=")[2].encode()
    _, metadata, message = request.body.split(boundary, 2)
    content = message.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n" + boundary + b"--\r\n")
    return {**json.loads(metadata.partition(b"\r\n\r\n")[2]), "raw": base64.urlsafe_b64encode(content).decode()}


def _fill(fake: FakeGmail, owner: str) -> None:
    now = datetime.now(UTC)
    fake.deliver(
        "Dana Whitfield <dana@northwind.example>",
        "Agenda for Thursday",
        "Hi Alice,\n\ncould you look at the agenda before Thursday? Item 3 still needs an owner.\n\nThanks\nDana",
        to=owner,
        received_at=now - timedelta(hours=20),
    )
    fake.deliver(
        "Harbour Billing <billing@harbour.example>",
        "Invoice 2041 is due on Friday",
        "Dear customer,\n\nplease find invoice 2041 over 318.40 EUR attached. It is due on Friday.",
        to=owner,
        attachments={"invoice-2041.pdf": b"%PDF-1.4\n% invoice 2041\n%%EOF\n"},
        received_at=now - timedelta(hours=6),
    )
    fake.deliver(
        "Müller & Söhne Newsletter <news@mueller.example>",
        "Neue Öffnungszeiten ab Montag",
        "Ab Montag sind wir von 8 bis 18 Uhr für Sie da.",
        to=owner,
        html="<h1>Neue Öffnungszeiten</h1><p>Ab <b>Montag</b> sind wir von 8 bis 18 Uhr für Sie da.</p>",
        received_at=now - timedelta(hours=1),
    )
