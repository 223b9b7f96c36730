import pytest
from sqlmodel import select

from wren_backend.deployments import repository as deployments
from wren_backend.deployments.models import Deployment
from wren_backend.idempotency import repository as idempotency
from wren_backend.idempotency.models import IdempotencyKey
from wren_backend.idempotency.repository import KEPT_FOR, IdempotencyConflict, KeyedRequest, StoredReply
from wren_backend.testing import NOW, add_subject


def request(subject, *, request_hash="hash-1", operation="deploy", key="key-1"):
    return KeyedRequest(workspace_id=subject.workspace_id, operation=operation, key=key, request_hash=request_hash)


def answer(database, keyed, body='{"b": 1, "a": 2}', *, now=NOW):
    """Answer the way a service does: once, in one transaction."""
    with database.writing() as session:
        reply = idempotency.begin(session, keyed, now=now)
        if reply is None:
            reply = StoredReply(status_code=201, body=body)
            idempotency.complete(session, keyed, reply)
    return reply


def test_a_repeated_request_gets_the_first_answer_byte_for_byte(database):
    keyed = request(add_subject(database))

    first = answer(database, keyed)
    again = answer(database, keyed, "another body")

    assert again == first == StoredReply(status_code=201, body='{"b": 1, "a": 2}')
    with database.reading() as session:
        assert idempotency.find_reply(session, keyed, now=NOW) == first


def test_a_new_key_has_no_answer(database):
    with database.reading() as session:
        assert idempotency.find_reply(session, request(add_subject(database)), now=NOW) is None


def test_the_same_key_for_a_different_request_is_refused(database):
    subject = add_subject(database)
    answer(database, request(subject))

    with pytest.raises(IdempotencyConflict) as caught:
        answer(database, request(subject, request_hash="hash-2"))
    with pytest.raises(IdempotencyConflict), database.reading() as session:
        idempotency.find_reply(session, request(subject, request_hash="hash-2"), now=NOW)

    assert (caught.value.type, caught.value.code) == ("AgentFixableError", "IDEMPOTENCY_KEY_REUSED")


def test_keys_of_other_workspaces_and_operations_are_independent(database):
    mine, theirs = add_subject(database), add_subject(database)
    answer(database, request(mine), "mine")

    assert answer(database, request(theirs, request_hash="hash-2"), "theirs").body == "theirs"
    assert answer(database, request(mine, operation="run", request_hash="hash-3"), "run").body == "run"
    assert answer(database, request(mine), "again").body == "mine"


def test_a_request_that_failed_leaves_its_key_free(database):
    keyed = request(add_subject(database))

    def fail() -> None:
        with database.writing() as session:
            idempotency.begin(session, keyed, now=NOW)
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert answer(database, keyed, "second").body == "second"


def test_a_key_is_forgotten_after_a_day(database):
    keyed = request(add_subject(database))
    answer(database, keyed, "first")

    with database.reading() as session:
        assert idempotency.find_reply(session, keyed, now=NOW + KEPT_FOR) is None
    assert answer(database, keyed, "second", now=NOW + KEPT_FOR).body == "second"


def test_forgotten_keys_are_purged(database):
    answer(database, request(add_subject(database)))

    with database.writing() as session:
        assert idempotency.purge_expired(session, now=NOW) == 0
        assert idempotency.purge_expired(session, now=NOW + KEPT_FOR) == 1
        assert session.exec(select(IdempotencyKey)).all() == []


def test_twenty_deploys_with_one_key_store_one_script_and_give_one_answer(database, together):
    subject = add_subject(database)
    keyed = request(subject)

    def deploy(number: int) -> StoredReply:
        with database.writing() as session:
            reply = idempotency.begin(session, keyed, now=NOW)
            if reply is None:
                script = deployments.NewScript(name="report", script=str(number), declared={})
                made = deployments.create_or_new_version(
                    session, subject.workspace_id, subject.user_id, script, now=NOW
                )
                reply = StoredReply(status_code=201, body=made.deployment.id)
                idempotency.complete(session, keyed, reply)
        return reply

    replies = together(20, deploy)

    assert len({reply.body for reply in replies}) == 1
    with database.reading() as session:
        assert [row.version for row in session.exec(select(Deployment))] == [1]
