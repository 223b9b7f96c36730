"""Delete and move e-mails on any server, and leave nothing half done where it refuses.

Without the extension UIDPLUS, a server can only remove all e-mails of a folder that are marked as deleted. It gets this
command only if no other e-mail is marked.
"""

import imaplib

from imap_tools.utils import encode_folder

from wren_core import Rejected, WrenError
from wren_imap.fetching import ask, search

_MARK = "(\\Deleted)"


def move(client: imaplib.IMAP4, abilities: frozenset[str], uid: str, folder: str) -> list[str]:
    """Move an e-mail; return the UIDVALIDITY of the folder, and the old and the new UID, if the server reports them."""
    if "MOVE" in abilities:
        return ask(client, "MOVE", uid, encode_folder(folder))
    _check_removable(client, abilities, uid)
    ids = ask(client, "COPY", uid, encode_folder(folder))
    try:
        delete(client, abilities, uid)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, WrenError) as exc:
        message = f"the e-mail was copied to {folder!r}, but could not be removed from its folder: {exc}"
        raise Rejected(message, code="PARTLY_DONE") from exc
    return ids


def delete(client: imaplib.IMAP4, abilities: frozenset[str], uid: str) -> None:
    """Delete an e-mail permanently, and no other; if it cannot be deleted, it is not marked as deleted either."""
    _check_removable(client, abilities, uid)
    was_marked = bool(search(client, f"UID {uid} DELETED"))
    ask(client, "STORE", uid, "+FLAGS", _MARK)
    try:
        _expunge(client, abilities, uid)
        if search(client, f"UID {uid}"):
            raise Rejected("the mail server answered that it deleted the e-mail, but it is still there")
    except imaplib.IMAP4.abort:
        raise  # the connection is gone
    except (imaplib.IMAP4.error, WrenError):
        if not was_marked:
            ask(client, "STORE", uid, "-FLAGS", _MARK)
        raise


def _expunge(client: imaplib.IMAP4, abilities: frozenset[str], uid: str) -> None:
    if "UIDPLUS" in abilities:
        ask(client, "EXPUNGE", uid)
        return
    _check_removable(client, abilities, uid)  # again: another program may have marked one in the meantime
    status, data = client.expunge()
    if status != "OK":
        raise imaplib.IMAP4.error(f"EXPUNGE: {data!r}")


def _check_removable(client: imaplib.IMAP4, abilities: frozenset[str], uid: str) -> None:
    others = [] if "UIDPLUS" in abilities else [found for found in search(client, "DELETED") if str(found) != uid]
    if others:
        step = "empty the folder's deleted e-mails in a mail program"
        message = f"the mail server (without UIDPLUS) would also remove {len(others)} others that are marked as deleted"
        raise Rejected(f"{message}; nothing was changed: {step}, then try again", code="OTHERS_MARKED_AS_DELETED")
