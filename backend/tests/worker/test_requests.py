from dataclasses import replace

import pytest

from wren_backend.connections.credentials.run_credentials import ConnectionCredentials, RunCredentials
from wren_backend.executor.request_server import Served
from wren_backend.worker.journal import RunJournal
from wren_backend.worker.requests import MessageBudget, MessageLimitExceeded, OperationUnknown, RunRequests
from wren_backend.worker.spending import RunSpending
from wren_core.errors import InvalidInput


def requests_of(workplace, credentials=None, check_budget=None):
    workplace.enqueue(workplace.deploy("pass", name="daily"))
    run = workplace.claim()
    journal = RunJournal(run, database=workplace.database, clock=workplace.clock)
    spending = RunSpending(
        run=run, journal=journal, clock=workplace.clock, check_budget=check_budget or (lambda workspace_id: None)
    )
    return RunRequests(
        run=run,
        sender="daily",
        credentials=credentials or RunCredentials([], refresh=None),
        spending=spending,
        database=workplace.database,
        clock=workplace.clock,
    )


def test_a_message_sent_is_found_in_the_inbox_of_the_runs_workspace(workplace):
    ask = requests_of(workplace)

    sent = ask("messages.send", {"body": "done", "subject": "Report", "to": "alice"}).result
    (found,) = ask("messages.list", {"limit": 5}).result["messages"]

    assert found == sent
    assert (found["body"], found["subject"], found["to"], found["sender"]) == ("done", "Report", "alice", "daily")
    assert found["run_id"] == ask.run.id


def test_a_fresh_credential_is_asked_for_by_the_name_of_an_integration_the_run_holds(workplace):
    opened = ConnectionCredentials(
        connection_id="conn_1",
        workspace_id="ws_1",
        integration="mail",
        alias="default",
        version=1,
        env={"MAIL_TOKEN": "old"},
    )
    credentials = RunCredentials([opened], refresh=lambda old: replace(old, version=2, env={"MAIL_TOKEN": "new"}))
    ask = requests_of(workplace, credentials)

    answer = ask("credentials.refresh", {"integration": "mail"})

    assert answer == Served(result={"env": {"MAIL_TOKEN": "new"}}, secrets=("new",))
    with pytest.raises(InvalidInput, match="no credentials of 'chat'"):
        ask("credentials.refresh", {"integration": "chat"})


def test_of_a_renewed_credential_only_the_values_its_declaration_keeps_secret_are_secret(workplace):
    env = {"MAIL_TOKEN": "new-token", "MAIL_STORE": "kites-store"}
    held = ConnectionCredentials(
        connection_id="conn_1",
        workspace_id="ws_1",
        integration="mail",
        version=1,
        env={"MAIL_TOKEN": "old-token", "MAIL_STORE": "kites-store"},
        alias="default",
        public_variables=frozenset({"MAIL_STORE"}),
    )
    ask = requests_of(workplace, RunCredentials([held], refresh=lambda old: replace(old, version=2, env=env)))

    assert ask("credentials.refresh", {"integration": "mail"}) == Served(result={"env": env}, secrets=("new-token",))


def test_an_operation_that_is_not_on_the_list_is_refused_with_the_list(workplace):
    with pytest.raises(OperationUnknown, match=r"'files\.read'; there are messages\.send, messages\.list"):
        requests_of(workplace)("files.read", {"path": "/etc/passwd"})


@pytest.mark.parametrize(
    ("operation", "payload", "field"),
    [
        ("messages.send", {}, "body"),
        ("messages.send", {"body": 7}, "body"),
        ("messages.send", {"body": "x", "workspace_id": "ws_other"}, "workspace_id"),
        ("messages.list", {"limit": 10**9}, "limit"),
        ("credentials.refresh", {"integration": ["mail"]}, "integration"),
    ],
)
def test_a_payload_that_does_not_fit_names_the_field(workplace, operation, payload, field):
    with pytest.raises(InvalidInput) as caught:
        requests_of(workplace)(operation, payload)

    assert caught.value.details["field"] == field


def test_a_run_sends_no_more_messages_than_one_run_may(workplace):
    ask = replace(requests_of(workplace), budget=MessageBudget(most=2))
    ask("messages.send", {"body": "1"})
    ask("messages.send", {"body": "2"})

    with pytest.raises(MessageLimitExceeded, match=r"a run may send 2 messages.*put several entries into one"):
        ask("messages.send", {"body": "3"})

    assert len(ask("messages.list", {}).result["messages"]) == 2
