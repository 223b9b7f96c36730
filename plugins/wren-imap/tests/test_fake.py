from email.message import EmailMessage

import pytest

from wren_core import AuthFailed, InvalidInput, NotFound, Rejected, Unavailable
from wren_core.testing import serve
from wren_imap import IMAP
from wren_imap.fake import FakeIMAP


@pytest.fixture
def fake(request):
    return FakeIMAP(**getattr(request, "param", {}))


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


@pytest.mark.parametrize("fake", [{"searches_only_ascii": True}], indirect=True)
def test_headers_are_compared_here_if_the_server_searches_only_for_ascii(fake, imap):
    for number in range(60):
        fake.deliver("Ann <ann@example.org>", f"Angebot {number}", "x")
    fake.deliver("=?utf-8?q?M=C3=BCller?= <m@example.org>", "Grüße", "x")
    fake.deliver("Ann <ann@example.org>", "Noch mehr GRÜSSE", "x")
    for number in range(60):
        fake.deliver("Ann <ann@example.org>", f"Angebot {number}", "x")

    assert [mail.subject for mail in imap.search(subject="grüße")] == ["Noch mehr GRÜSSE", "Grüße"]
    assert [mail.subject for mail in imap.search(subject="Grüße", sender="müller")] == ["Grüße"]
    assert [mail.subject for mail in imap.search(subject="grüße", sender="ann@", unread=True)] == ["Noch mehr GRÜSSE"]
    assert len(imap.search(subject="grüße", limit=1)) == 1
    with pytest.raises(Rejected, match="search by sender") as caught:
        imap.search(text="Grüße")
    assert caught.value.code == "SEARCH_NEEDS_ASCII"


@pytest.mark.parametrize("fake", [{"extensions": ()}, {"extensions": ("UIDPLUS",)}], indirect=True)
def test_a_server_without_extensions_moves_and_deletes(fake, imap):
    first, second = imap.search()

    moved = imap.move(first.id, "Archive")
    imap.delete(second.id)

    assert [len(fake.folders[name].messages) for name in ("INBOX", "Archive")] == [0, 1]
    assert (moved is None) == (not fake.extensions)


@pytest.mark.parametrize("fake", [{"extensions": ()}], indirect=True)
def test_a_server_without_uidplus_removes_marked_messages_of_others(fake, imap):
    marked, kept = imap.search()
    fake.folders["INBOX"].messages[int(marked.id.rpartition(":")[2])].flags.add("\\Deleted")

    with pytest.raises(Rejected, match="nothing was changed"):
        imap.delete(kept.id)

    assert [item.flags for item in fake.folders["INBOX"].messages.values()] == [set(), {"\\Deleted"}]


@pytest.mark.parametrize("fake", [{"password": "wörd-文件"}], indirect=True)
def test_a_password_of_any_letters_is_accepted_by_both_servers(fake, imap, connect):
    imap.send("bob@example.com", "x", "y")

    assert imap.folders()
    stranger = connect(password="wörd-wrong")
    for call in (stranger.folders, lambda: stranger.send("bob@example.com", "x", "y")):
        with pytest.raises(AuthFailed, match="ASCII"):
            call()


@pytest.mark.parametrize(
    ("sender", "to"),
    [
        ('"Last, First" <a@b.example>', '"Last, First" <a@b.example>'),
        ("=?utf-8?q?M=C3=BCller=2C_Ann?= <a@b.example>", '"Müller, Ann" <a@b.example>'),
        ("=?utf-8?q?M=C3=BCller,_Ann?= <a@b.example>", '"Müller, Ann" <a@b.example>'),
        ("Müller, Ann <a@b.example>", '"Müller, Ann" <a@b.example>'),
        ("a@b.example (Ann (Sales))", '"Ann (Sales)" <a@b.example>'),
        ('"Ann \\"Nan\\" O" <a@b.example>', '"Ann \\"Nan\\" O" <a@b.example>'),
        ("Ann <a@bücher.example>", "Ann <a@xn--bcher-kva.example>"),
        (f'"{"Very long, " * 20}Müller" <a@b.example>', f'"{"Very long, " * 20}Müller" <a@b.example>'),
    ],
)
def test_a_reply_goes_to_names_that_need_quotes(fake, imap, sender, to):
    imap.reply(fake.deliver("", "x", "y", raw=f"From: {sender}\nSubject: x\n\ny".encode()), "Thank you.")

    (sent,) = fake.sent
    assert str(sent.message["To"]) == to
    assert sent.recipients == (sent.message["To"].addresses[0].addr_spec,)


def test_a_reply_goes_to_all_reply_to_addresses_of_a_group(fake, imap):
    raw = b'From: x@b.example\nReply-To: Team: "A, B" <a@b.example>, c@b.example;, d@b.example\n\ny'

    imap.reply(fake.deliver("", "x", "y", raw=raw), "Thank you.")

    assert fake.sent[0].recipients == ("a@b.example", "c@b.example", "d@b.example")
    assert fake.sent[0].subject == "Re: "


def test_a_reply_to_a_mail_without_an_address_is_refused(fake, imap):
    with pytest.raises(InvalidInput, match="address"):
        imap.reply(fake.deliver("", "x", "y", raw=b"From: MAILER-DAEMON\nSubject: x\n\ny"), "Thank you.")

    assert fake.sent == []
