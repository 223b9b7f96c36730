"""The integration and a real Dovecot: with all its abilities, and without those that some servers lack."""

import imaplib
from contextlib import ExitStack

import pytest

from servers.dovecot import ACCOUNT, dovecot
from wren_core import AuthFailed, InvalidInput, NotFound, Rejected
from wren_imap import IMAP

RAW = b"From: ann@example.com\r\nSubject: Invoice\r\nDate: Mon, 12 Jan 2026 25:61:00 +0100\r\n\r\nDue on Friday.\r\n"
BASE = "IMAP4rev1 SASL-IR LITERAL+"
SERVERS = {"all": "", "no UIDPLUS": f"{BASE} MOVE", "no MOVE": f"{BASE} UIDPLUS", "neither": BASE}


@pytest.fixture(scope="session")
def running():
    """Servers by their abilities, started when a test needs them."""
    with ExitStack() as stack:
        started = {}

        def find(abilities):
            if abilities not in started:
                started[abilities] = stack.enter_context(dovecot(capability=SERVERS[abilities]))
            return started[abilities]

        yield find


@pytest.fixture
def server(running, request):
    """The server that a test's parameter names, with empty folders."""
    found = running(getattr(request, "param", "all"))
    box = found.box()
    for folder in ("INBOX", "Archive"):
        if box.select(folder)[1] != [b"0"]:
            box.store("1:*", "+FLAGS", "(\\Deleted)")
            box.expunge()
    box.logout()
    return found


@pytest.fixture
def imap(server):
    integration = connect(server)
    yield integration
    integration.close()


def connect(server, *, password=None):
    config = {"host": "127.0.0.1", "port": server.port, "security": "plain"}
    credentials = {"username": ACCOUNT, "password": password or server.password}
    return IMAP.create(config, credentials=credentials)


def deliver(server, raw=RAW, *, folder="INBOX", flags=""):
    box = server.box()
    box.append(folder, flags, '"12-Jan-2026 10:00:00 +0000"', raw)
    box.logout()


def content(server, folder):
    """Return the subjects and flags in a folder, seen by another program."""
    box = server.box()
    is_empty = box.select(folder, readonly=True)[1] == [b"0"]
    found = [] if is_empty else box.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    box.logout()
    heads = [item for item in found if isinstance(item, tuple)]
    return [(text.decode().strip()[9:], imaplib.ParseFlags(head)) for head, text in heads]


every_server = pytest.mark.parametrize("server", list(SERVERS), indirect=True)
without_uidplus = pytest.mark.parametrize("server", ["no UIDPLUS", "neither"], indirect=True)


@every_server
def test_a_message_is_deleted_and_no_other(server, imap):
    deliver(server)
    deliver(server, RAW.replace(b"Invoice", b"Second"))

    imap.delete(imap.search(subject="Invoice")[0].id)

    assert [(subject, b"\\Deleted" in flags) for subject, flags in content(server, "INBOX")] == [("Second", False)]


@every_server
def test_a_message_is_moved(server, imap):
    deliver(server)
    deliver(server, RAW.replace(b"Invoice", b"Second"))

    moved = imap.move(imap.search(subject="Invoice")[0].id, "Archive")

    assert [subject for subject, _ in content(server, "INBOX")] == ["Second"]
    assert [subject for subject, _ in content(server, "Archive")] == ["Invoice"]
    assert moved is None or imap.get(moved).subject == "Invoice"


@without_uidplus
def test_other_messages_marked_as_deleted_are_kept(server, imap):
    deliver(server, RAW.replace(b"Invoice", b"Marked"), flags="(\\Deleted)")
    deliver(server)
    mail = imap.search(subject="Invoice")[0]

    with pytest.raises(Rejected, match="nothing was changed") as caught:
        imap.delete(mail.id)

    assert caught.value.code == "OTHERS_MARKED_AS_DELETED"
    assert [(subject, b"\\Deleted" in flags) for subject, flags in content(server, "INBOX")] == [
        ("Marked", True),
        ("Invoice", False),
    ]


@pytest.mark.parametrize("server", ["neither"], indirect=True)
def test_a_move_that_cannot_remove_the_original_makes_no_copy(server, imap):
    deliver(server, RAW.replace(b"Invoice", b"Marked"), flags="(\\Deleted)")
    deliver(server)

    with pytest.raises(Rejected, match="nothing was changed"):
        imap.move(imap.search(subject="Invoice")[0].id, "Archive")

    assert content(server, "Archive") == []
    assert len(content(server, "INBOX")) == 2


@pytest.mark.parametrize("server", ["all", "no MOVE"], indirect=True)
def test_with_uidplus_other_marked_messages_do_not_matter(server, imap):
    deliver(server, RAW.replace(b"Invoice", b"Marked"), flags="(\\Deleted)")
    deliver(server)
    deliver(server, RAW.replace(b"Invoice", b"Moved"))

    imap.delete(imap.search(subject="Invoice")[0].id)
    imap.move(imap.search(subject="Moved")[0].id, "Archive")

    assert [subject for subject, _ in content(server, "INBOX")] == ["Marked"]


@every_server
def test_a_move_to_an_unknown_folder_changes_nothing(server, imap):
    deliver(server)

    with pytest.raises((NotFound, Rejected)):
        imap.move(imap.search()[0].id, "Nowhere")

    assert [(subject, b"\\Deleted" in flags) for subject, flags in content(server, "INBOX")] == [("Invoice", False)]


def test_a_folder_that_can_only_be_read_is_not_changed(server, imap):
    (mail,) = imap.search("Public")

    for change in (imap.delete, imap.mark_unread, lambda identity: imap.move(identity, "Archive")):
        with pytest.raises(Rejected, match="can only be read") as caught:
            change(mail.id)
        assert caught.value.code == "READ_ONLY"
    assert imap.get(mail.id).subject == "Public"
    assert [(subject, b"\\Deleted" in flags) for subject, flags in content(server, "Public")] == [("Public", False)]


@pytest.mark.parametrize("phrase", ["Grüne", "grüne", "文件", 'with "quotes" ü'])
def test_a_search_finds_other_letters(server, imap, phrase):
    deliver(server, f"Subject: {phrase.swapcase()} today\r\n\r\nx".encode())
    deliver(server)

    assert len(imap.search(subject=phrase)) == 1


def test_a_wrong_date_is_replaced_by_the_time_of_arrival(server, imap):
    deliver(server)

    assert [mail.date.isoformat() for mail in imap.search()] == ["2026-01-12T10:00:00+00:00"]


@pytest.mark.parametrize("mechanisms", ["plain login", "login"])
def test_a_password_may_have_any_letters(mechanisms):
    with dovecot(password="wörd-文件-🔑", mechanisms=mechanisms) as server:
        imap, stranger = connect(server), connect(server, password="wörd-wrong")
        try:
            assert "INBOX" in imap.folders()
            with pytest.raises(AuthFailed, match="ASCII") as caught:
                stranger.folders()
        finally:
            imap.close()
            stranger.close()
    assert "wörd-wrong" not in caught.value.message


def test_a_large_message_is_refused_before_it_is_read(server):
    deliver(server, RAW + b"x" * 80 * 1024 * 14)
    config = {"host": "127.0.0.1", "port": server.port, "security": "plain", "max_message_mb": 1}
    imap = IMAP.create(config, credentials={"username": ACCOUNT, "password": server.password})

    with pytest.raises(InvalidInput, match="max_message_mb"):
        imap.get(imap.search()[0].id)
    imap.close()
