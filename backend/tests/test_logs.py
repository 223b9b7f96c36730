"""Logging is configured once for a whole process, so each test reads the output of a separate process."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest

PRELUDE = """
import logging, warnings
warnings.simplefilter("error")
import structlog
from asgi_correlation_id import correlation_id
from pydantic import SecretStr
from wren_backend.logs import configure_logging

log = structlog.get_logger("wren_backend.test")
"""


def written_by(script):
    command = [sys.executable, "-c", PRELUDE + dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


@pytest.fixture(scope="module")
def lines():
    """What one process that logs JSON has written, by event."""
    text = written_by("""
        configure_logging(level="info", log_format="json")
        configure_logging(level="info", log_format="json")
        log.info("plain", run_id="run_1", n=3, text="zwei\\nZeilen ü")
        log.debug("too small")
        logging.getLogger("some.library").warning("from %s", "a library")
        logging.getLogger("uvicorn.access").info("GET /integrations/x/callback?code=hunter2")
        logging.getLogger("httpx2").info("HTTP Request: POST https://x/?token=hunter2")
        logging.getLogger("uvicorn.error").error("started")
        correlation_id.set("corr_here")
        log.info("within")
        logging.getLogger("some.library").warning("also within")
        log.info("of a run", correlation_id="corr_of_run")
        log.info("settings", client_secret=SecretStr("hunter2"), nested={"key": SecretStr("hunter2")})
        log.info("odd", thing=object(), raw=b"bytes", many={1, 2})
        password = "hunter2"
        try:
            raise ValueError("broken")
        except ValueError as exc:
            log.error("failed", exc_info=exc)
            logging.getLogger("some.library").exception("failed too")
    """)
    assert "hunter2" not in text
    return {line["event"]: line for line in map(json.loads, text.splitlines())}


def test_a_line_is_one_json_object_with_its_level_its_time_and_its_fields(lines):
    line = lines["plain"]

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "plain", "level": "info", "run_id": "run_1", "n": 3, "text": "zwei\nZeilen ü"}


def test_configuring_twice_writes_each_line_once(lines):
    text = written_by("""
        for _ in range(2):
            configure_logging(level="info", log_format="json")
            log.info("after each")
            logging.getLogger("some.library").warning("library")
    """)

    assert [json.loads(line)["event"] for line in text.splitlines()] == ["after each", "library"] * 2


def test_what_is_below_the_level_is_left_out(lines):
    assert "too small" not in lines


def test_the_level_is_the_one_that_was_asked_for():
    text = written_by("""
        configure_logging(level="error", log_format="json")
        log.warning("no")
        log.error("yes")
    """)

    assert [json.loads(line)["event"] for line in text.splitlines()] == ["yes"]


def test_libraries_write_in_the_same_form(lines):
    assert lines["from a library"]["level"] == "warning"
    assert lines["started"]["level"] == "error"


def test_what_libraries_say_about_addresses_is_left_out_because_it_holds_codes_and_tokens(lines):
    assert not [event for event in lines if "http" in event.lower() or "GET" in event]


def test_a_line_carries_the_correlation_id_of_its_request_or_the_one_it_was_given(lines):
    assert "correlation_id" not in lines["plain"]
    assert lines["within"]["correlation_id"] == lines["also within"]["correlation_id"] == "corr_here"
    assert lines["of a run"]["correlation_id"] == "corr_of_run"


def test_a_secret_given_as_a_field_is_not_written(lines):
    assert lines["settings"]["client_secret"] == "SecretStr('**********')"
    assert lines["settings"]["nested"] == {"key": "SecretStr('**********')"}


def test_what_json_does_not_know_is_written_all_the_same(lines):
    assert lines["odd"]["raw"] == "b'bytes'"
    assert lines["odd"]["thing"].startswith("<object object at ")


def test_an_exception_is_written_in_the_line_without_the_values_of_variables(lines):
    for event in ("failed", "failed too"):
        assert lines[event]["exception"].startswith("Traceback (most recent call last):\n")
        assert lines[event]["exception"].endswith("ValueError: broken")


def test_the_console_format_is_for_people_and_keeps_the_fields_and_the_secrets():
    text = written_by("""
        configure_logging(level="info", log_format="console")
        correlation_id.set("corr_here")
        log.info("plain", run_id="run_1", secret=SecretStr("hunter2"))
        logging.getLogger("some.library").warning("from a library")
        local = "hunter2"
        try:
            raise ValueError("broken")
        except ValueError as exc:
            log.error("failed", exc_info=exc)
    """)

    first, second, *rest = text.splitlines()
    assert "plain" in first
    assert "run_id=run_1" in first
    assert "correlation_id=corr_here" in first
    assert "from a library" in second
    assert rest[-1] == "ValueError: broken"
    assert "\x1b[" not in text
    assert "hunter2" not in text
