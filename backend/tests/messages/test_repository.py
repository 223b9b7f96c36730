from datetime import timedelta

from wren_backend.messages import repository as messages
from wren_backend.messages.repository import NewMessage
from wren_backend.testing import NOW, add_deployment, add_run, add_subject

LATER = NOW + timedelta(hours=1)


def send(database, sender, body="hello", *, now=NOW, **fields):
    with database.writing() as session:
        return messages.add_message(
            session, sender.workspace_id, NewMessage(sender="report", body=body, **fields), now=now
        )


def stored(database, workspace_id):
    with database.reading() as session:
        return messages.list_messages(session, workspace_id, limit=10).items


def test_a_message_is_found_as_it_was_sent(database):
    subject = add_subject(database)
    run = add_run(database, add_deployment(database, subject))

    row = send(database, subject, subject="Hi", recipient="ops", run_id=run.id)

    assert stored(database, subject.workspace_id) == [row]
    assert (row.sender, row.subject, row.body, row.recipient, row.run_id) == ("report", "Hi", "hello", "ops", run.id)
    assert (row.created_at, row.read_at) == (NOW, None)


def test_messages_are_listed_newest_first_page_by_page(database):
    subject = add_subject(database)
    for number in range(5):
        send(database, subject, str(number), now=NOW + timedelta(seconds=number))

    with database.reading() as session:
        first = messages.list_messages(session, subject.workspace_id, limit=3)
        second = messages.list_messages(session, subject.workspace_id, limit=3, after=first.next)

    assert [row.body for row in first.items] == ["4", "3", "2"]
    assert [row.body for row in second.items] == ["1", "0"]
    assert second.next is None


def test_messages_of_another_workspace_are_not_found(database):
    row, stranger = send(database, add_subject(database)), add_subject(database).workspace_id

    with database.writing() as session:
        assert messages.list_messages(session, stranger, limit=10).items == []
        assert messages.mark_read(session, stranger, row.id, now=LATER) is None

    assert [message.read_at for message in stored(database, row.workspace_id)] == [None]


def test_a_message_is_read_at_the_first_time(database):
    row = send(database, add_subject(database))

    for hours in (1, 2):
        with database.writing() as session:
            read = messages.mark_read(session, row.workspace_id, row.id, now=NOW + timedelta(hours=hours))

    assert read.read_at == LATER


def test_text_that_no_database_could_hold_is_made_storable(database):
    row = send(database, add_subject(database), "a\x00b", subject="\ud800")

    assert (row.body, row.subject) == ("a\ufffdb", "\ufffd")
