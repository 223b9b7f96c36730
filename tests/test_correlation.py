"""One correlation id leads from a request to its response, its run and all their log lines."""

import json
import re
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from servers.backend import backend, wait_for
from wren_backend.storage.database import open_database
from wren_backend.triggers.models import Trigger

SCRIPT = 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily():\n    return 1\n'
OURS = re.compile(r"corr_[\w-]{20,}")


@pytest.fixture(scope="module")
def standard_error(tmp_path_factory):
    return tmp_path_factory.mktemp("stderr") / "lines"


@pytest.fixture(scope="module")
def server(standard_error, tmp_path_factory):
    """A backend whose standard error is captured separately from its standard output."""
    python = standard_error.with_name("python")
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@" 2>>{standard_error}\n')
    python.chmod(0o755)
    with backend(tmp_path_factory.mktemp("correlation"), python=str(python)) as running:
        yield running


@pytest.fixture(scope="module")
def deployment_id(server):
    return server.deploy(SCRIPT, name="daily")["deployment_id"]


@pytest.fixture
def logged(standard_error):
    """Return the matching lines of the log, once there are `count` of them."""

    def find(word, *, count):
        def look():
            # The last line may be incomplete.
            lines = [line for line in standard_error.read_text().splitlines(keepends=True) if line.endswith("\n")]
            found = [json.loads(line) for line in lines if word in line]
            return found if len(found) >= count else None

        return wait_for(look, seconds=10, what=f"{count} lines with {word}")

    return find


def test_a_clients_correlation_id_is_in_the_response_the_run_and_its_log(server, deployment_id, logged):
    mine = "ticket-4711.retry_2"

    answer = server.request("POST", f"/v1/deployments/{deployment_id}/run", headers={"X-Correlation-ID": mine})
    run = server.finished_run(answer.json()["run_id"])

    assert answer.headers["X-Correlation-ID"] == mine
    assert run["correlation_id"] == mine
    lines = [line for line in logged(mine, count=2) if line["event"].startswith("run.")]
    assert [line["event"] for line in lines] == ["run.started", "run.finished"]
    assert {(line["run_id"], line["correlation_id"]) for line in lines} == {(run["run_id"], mine)}


@pytest.mark.parametrize(("path", "status"), [("/v1/runs/run_none", 404), ("/v1/runs?limit=0", 422)])
def test_a_clients_correlation_id_is_in_an_error(server, path, status):
    answer = server.request("GET", path, headers={"X-Correlation-ID": "mine-2"})

    assert answer.status_code == status
    assert answer.headers["X-Correlation-ID"] == answer.json()["error"]["correlation_id"] == "mine-2"


@pytest.mark.parametrize("sent", ["", "two words", "x" * 129, "{}", "naïve"])
def test_an_invalid_correlation_id_is_replaced(server, sent):
    answer = server.request("GET", "/v1/runs/run_none", headers={"X-Correlation-ID": sent.encode()})

    given = answer.headers["X-Correlation-ID"]
    assert OURS.fullmatch(given)
    assert answer.json()["error"]["correlation_id"] == given


def test_each_request_without_a_correlation_id_gets_a_new_one(server, deployment_id):
    answers = [server.request("POST", f"/v1/deployments/{deployment_id}/run") for _ in range(2)]

    given = [answer.headers["X-Correlation-ID"] for answer in answers]
    assert [answer.json()["correlation_id"] for answer in answers] == given
    assert len(set(given)) == 2
    assert all(map(OURS.fullmatch, given))


def test_a_fired_schedule_leads_to_its_run_and_the_log_of_the_run(server, logged):
    made = server.deploy(SCRIPT, name="fired")
    come_due(server, made["deployment_id"])

    fired = next(line for line in logged(made["deployment_id"], count=3) if line["event"] == "trigger.fired")

    (run,) = fired["runs"]
    assert server.finished_run(run["run_id"])["correlation_id"] == run["correlation_id"]
    lines = {line["event"]: line for line in logged(run["run_id"], count=3)}
    assert set(lines) == {"trigger.fired", "run.started", "run.finished"}
    assert lines["run.finished"]["correlation_id"] == lines["run.started"]["correlation_id"] == run["correlation_id"]


def test_every_line_on_standard_error_is_a_json_object_with_its_event_level_and_time(
    server, deployment_id, standard_error
):
    server.request("GET", "/v1/nothing")
    server.finished_run(server.start_run(deployment_id))

    lines = [json.loads(line) for line in standard_error.read_text().splitlines()]

    assert len(lines) > 5
    assert [line for line in lines if not {"event", "level", "timestamp"} <= set(line)] == []
    assert "Wren listens on" in server.log


def come_due(server, deployment_id):
    """Set the next fire time of the schedule to now."""
    database = open_database(f"sqlite:///{server.data_dir / 'wren.db'}")
    with database.writing() as session:
        statement = update(Trigger).where(Trigger.deployment_id == deployment_id)
        session.exec(statement.values(next_fire_at=datetime.now(UTC)))
    database.dispose()
