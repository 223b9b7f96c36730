import email
import socket
import threading
from datetime import UTC, date, datetime, timedelta
from email.policy import default

import pytest

from wren_core import AuthFailed, InvalidInput, NotFound, Rejected, Unavailable, UserFacingConfigError

PLAIN = b"""From: Dana Whitfield <dana@northwind.example>
To: Ann <ann@example.com>, Bob <bob@example.com>
Cc: carol@example.com
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from the harbour
Date: Fri, 30 Jan 2026 09:15:00 +0100
Message-ID: <m1@northwind.example>

Item 3 still needs an owner.
"""
RICH = b"""From: billing@harbour.example
Reply-To: Desk <desk@harbour.example>
To: ann@example.com
Subject: Invoice 2041
Date: nonsense
Message-ID: <m2@harbour.example>
References: <m0@harbour.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/html; charset=utf-8

<html><style>p { color: red }</style><p>Due on <b>Friday</b> &amp; not later.</p></html>
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="../../2041.pdf"
Content-Transfer-Encoding: base64

JVBERg==
--b
Content-Type: text/csv
Content-Disposition: attachment; filename*=utf-8''%C3%BCbersicht.csv

a,b
--b--
"""
BROKEN = b"""From: =?utf-8?b?%%%?= <x@example.com
Subject: =?utf-8?b?a?=
Content-Type: text/plain; charset=nonsense

\xff\xfe \xed\xa0\x80
"""


def last_sent(mail):
    envelope = mail.taken[-1]
    return envelope, email.message_from_bytes(envelope.content, policy=default)


def test_folders_are_listed(imap):
    assert {"INBOX", "Archive"} <= set(imap.folders())


def test_a_folder_lists_its_newest_first_without_their_bodies(imap, deliver):
    older, newer = deliver(PLAIN, flags="(\\Seen)"), deliver(RICH)

    found = imap.search()

    assert [(mail.id, mail.unread) for mail in found] == [(newer, True), (older, False)]
    assert (found[1].subject, found[1].sender) == ("Grüße from the harbour", "Dana Whitfield <dana@northwind.example>")
    assert (found[1].to, found[1].cc) == (("Ann <ann@example.com>", "Bob <bob@example.com>"), ("carol@example.com",))
    assert found[1].date == datetime(2026, 1, 30, 8, 15, tzinfo=UTC)
    assert abs(found[0].date - datetime.now(UTC)) < timedelta(hours=1)  # its Date is nonsense: when it arrived
    assert (found[0].text, found[0].attachments, found[0].size > 500) == ("", (), True)


@pytest.mark.parametrize(
    ("criteria", "subjects"),
    [
        ({"sender": "dana"}, ["Grüße from the harbour"]),
        ({"to": "ann@example.com", "unread": True}, ["Invoice 2041"]),
        ({"subject": "Invoice"}, ["Invoice 2041"]),
        ({"subject": "Grüße"}, ["Grüße from the harbour"]),
        ({"text": "owner"}, ["Grüße from the harbour"]),
        ({"text": 'a "quoted" \\ word'}, []),
        ({"since": date.today() - timedelta(days=1)}, ["Invoice 2041", "Grüße from the harbour"]),
        ({"since": date.today() + timedelta(days=2)}, []),
        ({"limit": 1}, ["Invoice 2041"]),
        ({"folder": "Archive"}, []),
    ],
)
def test_a_search_combines_all_conditions(imap, deliver, criteria, subjects):
    deliver(PLAIN, flags="(\\Seen)")
    deliver(RICH)

    assert [mail.subject for mail in imap.search(**criteria)] == subjects


def test_the_next_page_starts_after_the_last_id(imap, deliver):
    ids = [deliver(PLAIN) for _ in range(5)]

    first = imap.search(limit=2)
    second = imap.search(limit=2, older_than=first[-1].id)
    third = imap.search(limit=2, older_than=second[-1].id)

    assert [mail.id for mail in [*first, *second, *third]] == ids[::-1]


@pytest.mark.parametrize("value", ["x\r\nA1 DELETE INBOX", "x\ny", "x\x00"])
def test_no_argument_can_inject_a_command(imap, value):
    for arguments in ({"sender": value}, {"folder": value}, {"subject": value}):
        with pytest.raises(InvalidInput):
            imap.search(**arguments)


def test_a_message_stays_unread_when_it_is_read(imap, deliver):
    mail = imap.get(deliver(RICH))

    assert mail.text == "Due on Friday & not later."
    assert "<b>Friday</b>" in mail.html
    assert mail.attachments == ("../../2041.pdf", "übersicht.csv")
    assert (mail.reply_to, mail.references) == (("Desk <desk@harbour.example>",), "<m0@harbour.example>")
    assert imap.search()[0].unread


def test_a_message_that_cannot_be_parsed_does_not_hide_the_others(imap, deliver):
    broken = deliver(BROKEN)
    deliver(PLAIN)

    found = imap.search()

    assert [mail.id for mail in found][1] == broken
    assert found[0].subject == "Grüße from the harbour"
    assert imap.get(broken).size > 0


def test_attachments_are_saved_under_names_that_stay_in_the_folder(imap, deliver, tmp_path):
    message = deliver(RICH)

    saved = imap.save_attachments(message, tmp_path / "in")
    again = imap.save_attachments(message, tmp_path / "in")

    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == [
        "_.._2041 (1).pdf",
        "_.._2041.pdf",
        "übersicht (1).csv",
        "übersicht.csv",
    ]
    assert (tmp_path / "in" / "_.._2041.pdf").read_bytes() == b"%PDF"
    assert len(saved) == len(again) == 2


def test_a_message_that_is_too_large_is_not_read(connect, deliver):
    imap = connect(max_message_mb=1)
    message = deliver(PLAIN + b"x" * 80 * 1024 * 14)

    with pytest.raises(InvalidInput, match="max_message_mb"):
        imap.get(message)


def test_marks_can_be_set_and_removed(imap, deliver, mail):
    message, doomed = deliver(PLAIN), deliver(RICH, flags="(\\Deleted)")

    imap.mark_read(message)
    assert [item.unread for item in imap.search() if item.id == message] == [False]
    imap.mark_unread(message)

    assert {item.id: item.unread for item in imap.search()} == {message: True, doomed: True}


def test_a_message_is_moved_and_found_under_its_new_id(imap, deliver):
    message = deliver(PLAIN)

    moved = imap.move(message, "Archive")

    assert imap.search() == []
    assert imap.get(moved).subject == "Grüße from the harbour"
    with pytest.raises(NotFound, match="search for it"):
        imap.get(message)


def test_deleting_a_message_keeps_others_that_are_marked_as_deleted(imap, deliver):
    doomed, message = deliver(RICH, flags="(\\Deleted)"), deliver(PLAIN)

    imap.delete(message)

    assert [item.id for item in imap.search()] == [doomed]


def test_an_id_of_a_recreated_folder_is_not_found(imap, deliver):
    folder, generation, number = deliver(PLAIN).split(":")
    stale = f"{folder}:{int(generation) + 1}:{number}"

    for call in (imap.get, imap.mark_read, imap.delete):
        with pytest.raises(NotFound, match="recreated"):
            call(stale)
    assert len(imap.search()) == 1


@pytest.mark.parametrize("call", [lambda imap: imap.search("Nowhere"), lambda imap: imap.get("Nowhere:1:1")])
def test_an_unknown_folder_error_says_how_to_list_folders(imap, call):
    with pytest.raises(NotFound, match=r"imap\.folders\(\)"):
        call(imap)


def test_moving_to_an_unknown_folder_keeps_the_message(imap, deliver):
    message = deliver(PLAIN)

    with pytest.raises((NotFound, Rejected)):
        imap.move(message, "Nowhere")

    assert imap.search()[0].id == message


def test_an_email_is_sent_with_all_its_parts(imap, mail, tmp_path):
    (tmp_path / "übersicht.csv").write_text("a,b\n")

    sent = imap.send(
        "Bob Müller <bob@example.com>",
        "Grüße",
        "Hallo",
        html="<b>Hallo</b>",
        cc=["carol@example.com"],
        bcc="dora@example.com",
        files=[tmp_path / "übersicht.csv"],
    )

    envelope, message = last_sent(mail)
    assert envelope.mail_from == "ann@example.com"
    assert sorted(envelope.rcpt_tos) == ["bob@example.com", "carol@example.com", "dora@example.com"]
    assert (message["Subject"], str(message["To"])) == ("Grüße", "Bob Müller <bob@example.com>")
    assert message["Bcc"] is None
    assert message["Message-ID"] == sent.message_id
    assert message.get_body(("plain",)).get_content().strip() == "Hallo"
    assert message.get_body(("html",)).get_content().strip() == "<b>Hallo</b>"
    assert [item.get_filename() for item in message.iter_attachments()] == ["übersicht.csv"]
    assert sent.refused == {}


def test_html_gets_a_text_alternative_and_the_configured_sender(connect, imap, mail):
    connect(sender="Desk <desk@example.com>").send("bob@example.com", "x", html="<p>One</p><p>Two</p>")

    envelope, message = last_sent(mail)
    assert (envelope.mail_from, str(message["From"])) == ("desk@example.com", "Desk <desk@example.com>")
    assert message.get_body(("plain",)).get_content().split() == ["One", "Two"]


def test_a_reply_goes_to_the_reply_to_address_in_the_conversation(imap, mail, deliver):
    imap.reply(deliver(RICH), "On its way.")

    _, message = last_sent(mail)
    assert (str(message["To"]), message["Subject"]) == ("Desk <desk@harbour.example>", "Re: Invoice 2041")
    assert message["In-Reply-To"] == "<m2@harbour.example>"
    assert message["References"] == "<m0@harbour.example> <m2@harbour.example>"


@pytest.mark.parametrize(
    "arguments",
    [
        {"to": "bob"},
        {"to": "bob@"},
        {"to": ""},
        {"to": "bob@example.com, ,@x"},
        {"to": ("bob@example.com", "Evil\r\nBcc: evil@example.com")},
        {"to": "bob@example.com", "subject": "x\r\nBcc: evil@example.com"},
        {"to": "bob@example.com", "cc": "x\ny@example.com"},
    ],
)
def test_invalid_addresses_and_header_injection_are_not_sent(imap, mail, arguments):
    with pytest.raises(InvalidInput):
        imap.send(**{"subject": "x", "text": "y", **arguments})

    assert mail.taken == []


def test_an_attachment_that_cannot_be_read_is_not_sent(imap, mail, tmp_path):
    with pytest.raises(InvalidInput, match="/files"):
        imap.send("bob@example.com", "x", "y", files=[tmp_path / "nothing.pdf"])

    assert mail.taken == []


def test_refused_recipients_are_reported(imap, mail):
    mail.replies["bad@example.com"] = "550 no such user"

    sent = imap.send(["bob@example.com", "bad@example.com"], "x", "y")
    with pytest.raises(Rejected, match="no such user"):
        imap.send("bad@example.com", "x", "y")

    assert sent.refused == {"bad@example.com": "550 no such user"}
    assert len(mail.taken) == 1


@pytest.mark.parametrize(
    ("reply", "error", "again"),
    [
        ("451 try later", Unavailable, True),
        ("552 too large", Rejected, False),
        ("hang up", Unavailable, False),
    ],
)
def test_the_smtp_reply_decides_whether_a_retry_makes_sense(imap, mail, reply, error, again):
    mail.replies["DATA"] = reply

    with pytest.raises(error) as caught:
        imap.send("bob@example.com", "x", "y")

    assert caught.value.can_retry is again
    assert mail.taken == []


def test_sending_without_an_smtp_server_is_a_configuration_error(connect):
    with pytest.raises(UserFacingConfigError, match="smtp_host"):
        connect(smtp_host=None).send("bob@example.com", "x", "y")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encrypted_connections_work_and_are_verified(connect, imap, mail, monkeypatch, security):
    ports = {"port": getattr(mail, f"imap_{security}"), "smtp_port": getattr(mail, f"smtp_{security}")}
    config = {**ports, "security": security, "smtp_security": security}
    trusting = connect(**config)

    assert "INBOX" in trusting.folders()
    trusting.send("bob@example.com", "x", "y")
    assert len(mail.taken) == 1

    monkeypatch.delenv("SSL_CERT_FILE")
    for call in (lambda: connect(**config).folders(), lambda: connect(**config).send("bob@example.com", "x", "y")):
        with pytest.raises(UserFacingConfigError) as caught:
            call()
        assert caught.value.code == "CERTIFICATE_REFUSED"
    assert len(mail.taken) == 1


def test_a_certificate_of_another_host_is_refused(connect, imap, mail):
    with pytest.raises(UserFacingConfigError):
        connect(host="localhost", port=mail.imap_tls, security="tls").folders()


@pytest.mark.parametrize("password", ["wrong-password", "wröng-password", "a\r\nb"])
def test_a_refused_password_raises_auth_failed(connect, imap, password):
    stranger = connect(password=password)

    for call in (stranger.folders, lambda: stranger.send("bob@example.com", "x", "y")):
        with pytest.raises(AuthFailed) as caught:
            call()
        assert password not in caught.value.message


def test_an_unreachable_server_is_unavailable(connect):
    nowhere = connect(port=1, smtp_port=1)

    for call in (nowhere.folders, lambda: nowhere.send("bob@example.com", "x", "y")):
        with pytest.raises(Unavailable) as caught:
            call()
        assert caught.value.can_retry


def test_a_server_that_never_answers_times_out(connect):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for call in (
            lambda: connect(port=port, timeout_seconds=1).folders(),
            lambda: connect(smtp_port=port, smtp_security="plain", timeout_seconds=1).send("bob@example.com", "x", "y"),
        ):
            with pytest.raises(Unavailable, match="timed out"):
                call()


def test_threads_share_one_connection_without_mixing_responses(imap, deliver):
    ids = [deliver(PLAIN.replace(b"Item 3", f"Item {number}".encode())) for number in range(4)]
    read = {}

    def get(number):
        read[number] = imap.get(ids[number]).text

    threads = [threading.Thread(target=get, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read == {number: f"Item {number} still needs an owner." for number in range(4)}
