from email.message import EmailMessage

import pytest

from wren_core import AuthFailed, NotFound, Rejected, Unavailable
from wren_core.testing import serve
from wren_imap import IMAP
from wren_imap.fake import FakeIMAP


@pytest.fixture
def fake():
    return FakeIMAP()


@pytest.fixture
def connect(fake):
    made = []
    with serve(fake) as url:

        def perform(**changed):
            credentials = {**fake.credentials(), **changed}
            made.append(IMAP.create(fake.configuration(url), credentials=credentials))
            return made[-1]

        yield perform
        for integration in made:
            integration.close()


@pytest.fixture
def imap(connect):
    return connect()


def test_a_new_account_has_two_emails_and_four_folders(imap):
    assert imap.folders() == ["INBOX", "Archive", "Sent", "Trash"]
    assert [mail.subject for mail in imap.search()] == ["Invoice 2041", "Agenda for Thursday"]


def test_emails_can_be_found_read_moved_and_deleted(fake, imap, tmp_path):
    fake.deliver("Eve <eve@example.org>", "Grüße", "Hello", html="<b>Hello</b>", files={"a.txt": b"x"})
    (mail,) = imap.search(subject="Grüße", sender="eve", unread=True, since=imap.search()[0].date.date())

    imap.mark_read(mail.id)
    moved = imap.move(mail.id, "Archive")

    whole = imap.get(moved)
    assert (whole.text, whole.html.strip(), whole.attachments, whole.unread) == (
        "Hello",
        "<b>Hello</b>",
        ("a.txt",),
        False,
    )
    assert imap.save_attachments(moved, tmp_path) == [str(tmp_path / "a.txt")]
    imap.delete(moved)
    assert fake.folders["Archive"].messages == {}


def test_sent_emails_are_stored_and_delivered_to_its_own_account(fake, imap):
    imap.send(["bob@example.com", "alice@example.com"], "Hello", "See you.\n.\n..", bcc="eve@example.org")

    (sent,) = fake.sent
    assert (sent.sender, sent.subject) == ("alice@example.com", "Hello")
    assert sorted(sent.recipients) == ["alice@example.com", "bob@example.com", "eve@example.org"]
    assert isinstance(sent.message, EmailMessage)
    assert sent.message.get_content().split() == ["See", "you.", ".", ".."]
    assert imap.search()[0].subject == "Hello"


def test_invalid_requests_are_refused_as_servers_do(fake, imap, connect):
    fake.refused["bad@example.com"] = "550 no such user"
    stranger = connect(password="wrong")

    with pytest.raises(NotFound):
        imap.search("Nowhere")
    with pytest.raises(Rejected, match="no such user"):
        imap.send("bad@example.com", "x", "y")
    for call in (stranger.folders, lambda: stranger.send("bob@example.com", "x", "y")):
        with pytest.raises(AuthFailed):
            call()


def test_a_broken_connection_is_opened_again(fake, imap):
    message = imap.search()[0].id
    fake.drop_clients()
    assert len(imap.search()) == 2

    fake.drop_clients()
    imap.mark_read(message)
    assert [mail.unread for mail in imap.search()] == [False, True]


def test_a_broken_connection_leaves_a_change_in_doubt_but_not_a_read(fake, imap):
    message = imap.search()[0].id

    for verb, call, again in (
        ("STORE", lambda: imap.delete(message), False),
        ("STORE", lambda: imap.mark_read(message), True),
        ("FETCH", lambda: imap.get(message), True),
    ):
        fake.interrupt_next(verb)
        with pytest.raises(Unavailable) as caught:
            call()
        assert caught.value.can_retry is again
    assert imap.get(message).subject == "Invoice 2041"


def test_both_servers_can_stall_and_recover(fake, connect):
    fake.drop_next(times=5)
    imap = connect()
    for call in (imap.folders, lambda: imap.send("bob@example.com", "x", "y")):
        with pytest.raises(Unavailable):
            call()

    fake.end_faults()

    assert imap.folders()
    assert imap.send("bob@example.com", "x", "y").refused == {}


def test_a_recreated_folder_invalidates_its_ids(fake, imap):
    message = imap.search()[0].id
    fake.folders["INBOX"].generation += 1

    with pytest.raises(NotFound, match="recreated"):
        imap.get(message)
