import json

import pytest

from wren_core.protocol.frames import encode_line
from wren_core.protocol.jobs import (
    PROTOCOL_VERSION,
    DescribeJob,
    Job,
    JobConnection,
    ProtocolMismatch,
    RunJob,
    read_job,
)

RUN = RunJob(
    script="def main(): pass",
    filename="daily.py",
    func="main",
    event={"trigger": "manual", "payload": {"n": 1}},
    run_id="run_1",
    correlation_id="corr_1",
    env={"MAIL_TOKEN": "token-0123456789"},
    definitions={"ledger": "{}"},
    connections=(
        JobConnection(
            integration="mail",
            alias="work",
            is_default=True,
            credentials={"MAIL_TOKEN": "token-0123456789"},
            config={"size": 3},
            base_url="http://127.0.0.1:1",
        ),
        JobConnection(integration="mail", alias="home"),
    ),
)


@pytest.mark.parametrize("job", [RUN, DescribeJob(script="x = 1", filename="daily.py")])
def test_a_job_arrives_as_it_was_sent(job: Job):
    assert read_job(encode_line(job)) == job


def test_a_job_does_not_show_its_secrets():
    assert "token-0123456789" not in repr(RUN)


@pytest.mark.parametrize("version", [PROTOCOL_VERSION + 1, 0, None, "1"])
def test_a_job_of_another_version_is_refused_whatever_its_shape(version: object):
    with pytest.raises(ProtocolMismatch, match=f"version {version}, and this runner speaks version {PROTOCOL_VERSION}"):
        read_job(json.dumps({"version": version, "task": "unknown"}).encode())


@pytest.mark.parametrize("line", [b"1", b"[]", b"{}"])
def test_a_document_without_a_version_is_refused(line: bytes):
    with pytest.raises(ProtocolMismatch, match="version None"):
        read_job(line)


def test_a_job_of_another_shape_is_refused_with_the_place_and_without_the_value():
    document = {**json.loads(encode_line(RUN)), "env": {"MAIL_TOKEN": ["token-0123456789"]}}

    with pytest.raises(ProtocolMismatch, match=r"run\.env\.MAIL_TOKEN") as caught:
        read_job(json.dumps(document).encode())

    assert "0123456789" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_connection_tells_what_the_documented_variables_say_where_it_is_the_default_one():
    assert RUN.connections is not None
    first, second = RUN.connections

    assert first.to_variables() == {
        "MAIL_TOKEN": "token-0123456789",
        "WREN_INTEGRATIONS__MAIL__CONFIG": '{"size": 3}',
        "WREN_INTEGRATIONS__MAIL__BASE_URL": "http://127.0.0.1:1",
    }
    assert second.to_variables() == {}
