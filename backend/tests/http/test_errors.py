import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError
from structlog.testing import capture_logs

import wren_backend
import wren_core
from wren_backend.http.errors import STATUS_BY_CODE, error_response, status_of, validation_failed
from wren_backend.tenancy.errors import MissingObject
from wren_core.errors import (
    AgentFixableError,
    AuthFailed,
    InternalError,
    RateLimited,
    Unavailable,
    UserFacingConfigError,
    WrenError,
)

STATUSES = {
    "ADDRESS_UNUSABLE": 409,
    "AGENT_FIXABLE": 422,
    "ALIAS_TAKEN": 409,
    "AUTH_FAILED": 409,
    "BUDGET_EXCEEDED": 409,
    "CONFIGURATION_REQUIRED": 409,
    "CONFIG_INVALID": 422,
    "CONNECTION_AMBIGUOUS": 422,
    "CONNECTION_NEEDS_REAUTH": 409,
    "CONNECTION_NOT_NEEDED": 422,
    "CONNECTION_TEST_FAILED": 409,
    "CONNECTION_UNKNOWN": 409,
    "CREDENTIALS_INVALID": 422,
    "CREDENTIAL_MISSING": 409,
    "CREDENTIAL_UNDECRYPTABLE": 409,
    "CURSOR_INVALID": 422,
    "DATABASE_BUSY": 503,
    "DATABASE_FULL": 507,
    "DATABASE_UNUSABLE": 503,
    "DATA_DIR_UNUSABLE": 409,
    "DEFINITION_INVALID": 422,
    "DEPLOYMENT_OWNED": 409,
    "DUPLICATE_NAME": 409,
    "EXEMPTION_INVALID": 422,
    "HOST_UNAVAILABLE": 500,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "INTEGRATION_NOT_CONFIGURED": 409,
    "INTEGRATION_UNKNOWN": 422,
    "INTERNAL": 500,
    "INVALID_INPUT": 422,
    "MALFORMED_REQUEST": 400,
    "MASTER_KEY_EXPOSED": 409,
    "MASTER_KEY_INVALID": 409,
    "MASTER_KEY_IN_USE": 409,
    "MASTER_KEY_MISSING": 409,
    "MASTER_KEY_WRONG": 409,
    "MESSAGE_LIMIT_EXCEEDED": 422,
    "METADATA_INVALID": 422,
    "METADATA_MISMATCH": 422,
    "METHOD_UNKNOWN": 422,
    "NAME_TAKEN": 409,
    "NOT_ALLOWED": 403,
    "NOT_FOUND": 404,
    "NO_HANDLER": 409,
    "OAUTH_ACCOUNT_MISMATCH": 409,
    "OAUTH_FLOW_REFUSED": 409,
    "OAUTH_SCOPE_MISSING": 409,
    "OAUTH_TOKEN_EXPIRED": 409,
    "OPERATION_UNKNOWN": 422,
    "OUTPUT_INVALID": 500,
    "PLUGIN_CHECK_STOPPED": 422,
    "PLUGIN_FAILED": 409,
    "PORT_TAKEN": 409,
    "PROTOCOL_MISMATCH": 409,
    "PROVIDER_NOT_CONFIGURED": 409,
    "PROVIDER_UNAVAILABLE": 503,
    "QUEUE_FULL": 429,
    "QUOTA_EXCEEDED": 409,
    "RATE_LIMITED": 429,
    "REJECTED": 422,
    "RESPONSE_TOO_LARGE": 422,
    "RULE_UNKNOWN": 422,
    "SANDBOX_UNAVAILABLE": 503,
    "SCRIPT_INVALID": 422,
    "SCRIPT_NOT_TEXT": 422,
    "SCRIPT_TOO_LARGE": 413,
    "SERVER_BUSY": 503,
    "SERVER_EXHAUSTED": 503,
    "SETTINGS_INVALID": 409,
    "STREAM_UNFINISHED": 422,
    "TESTING_MISSING": 409,
    "TRANSIENT_FAILURE": 422,
    "TRIGGER_UNSUPPORTED": 422,
    "UNAUTHENTICATED": 401,
}


def error_classes():
    for package in (wren_core, wren_backend):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    found, waiting = set(), [WrenError]
    while waiting:
        waiting += (known := waiting.pop()).__subclasses__()
        found.add(known)
    return {cls for cls in found if cls.__module__.partition(".")[0] in ("wren_core", "wren_backend")}


def body_of(error):
    answer = error_response(error)
    return answer.status_code, json.loads(answer.body)["error"]


def test_every_error_there_is_has_its_status():
    # Some take more than a message; their code and type are of the class.
    assert {cls.code: status_of(cls.__new__(cls)) for cls in error_classes()} == STATUSES


def test_every_code_in_the_table_is_raised_somewhere():
    sources = [*Path(wren_backend.__file__).parent.rglob("*.py"), *Path(wren_core.__file__).parent.rglob("*.py")]
    text = "".join(path.read_text() for path in sources)

    unused = [code for code in STATUS_BY_CODE if len(re.findall(f'"{code}"', text)) < 2]

    assert unused == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AgentFixableError("x", code="SOMETHING_NEW"), 422),
        (UserFacingConfigError("x", code="SOMETHING_NEW"), 409),
        (InternalError("x", code="SOMETHING_NEW"), 500),
    ],
)
def test_a_code_that_is_not_listed_takes_the_status_of_its_type(error, status):
    assert status_of(error) == status


def test_the_body_has_the_fixed_shape_and_leaves_out_what_is_empty():
    error = UserFacingConfigError("it ended", code="OAUTH_TOKEN_EXPIRED", action_url="https://x/reauthorize")

    _, body = body_of(error)

    assert re.fullmatch(r"corr_[\w-]{20,}", body.pop("correlation_id"))
    assert body == {
        "type": "UserFacingConfigError",
        "code": "OAUTH_TOKEN_EXPIRED",
        "message": "it ended",
        "action_url": "https://x/reauthorize",
        "can_retry": False,
    }


def test_an_internal_error_shows_its_code_and_its_correlation_id_and_nothing_else():
    secret = "password=hunter2 in /srv/wren/wren.db"
    error = InternalError(secret, code="DATABASE_UNUSABLE", details={"where": secret}, action_url=secret)

    status, body = body_of(error)

    assert (status, body["code"]) == (503, "DATABASE_UNUSABLE")
    assert body.keys() == {"type", "code", "message", "correlation_id", "can_retry"}
    assert "hunter2" not in str(body)


@pytest.mark.parametrize("code", ["DATABASE_BUSY", "DATABASE_FULL", "SANDBOX_UNAVAILABLE"])
def test_an_internal_error_a_caller_can_act_upon_says_what_to_do(code):
    assert body_of(InternalError("wait a moment", code=code))[1]["message"] == "wait a moment"


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("slow down", 30), "30"),
        (RateLimited("slow down", 0.2), "1"),
        (RateLimited("slow down", 1.001), "2"),
        (Unavailable("later", retry_after_ms=1000), "1"),
        (RateLimited("slow down"), None),
    ],
)
def test_retry_after_is_in_whole_seconds_rounded_up(error, seconds):
    assert error_response(error).headers.get("retry-after") == seconds


def test_only_a_401_says_how_to_authenticate():
    refused = error_response(UserFacingConfigError("x", code="UNAUTHENTICATED"))

    assert refused.headers["www-authenticate"] == "Bearer"
    assert "www-authenticate" not in error_response(AuthFailed("x")).headers


def test_details_that_json_cannot_carry_are_made_plain_instead_of_breaking_the_answer():
    error = AgentFixableError("x", details={"\ud800": ["a\x00b", float("nan"), {"n": float("inf")}]})

    _, body = body_of(error)

    assert body["details"] == {"\ufffd": ["a\ufffdb", "nan", {"n": "inf"}]}


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    sizes: list[int] = []


def problems_of(value):
    with pytest.raises(ValidationError) as caught:
        Body.model_validate(value)
    return [{**problem, "loc": ("body", *problem["loc"])} for problem in caught.value.errors()]


def test_a_body_that_does_not_fit_names_every_field_and_shows_no_value():
    error = validation_failed(problems_of({"name": 7, "sizes": [1, "hunter2"], "sise": 1}))

    assert (error.type, error.code) == ("AgentFixableError", "INVALID_REQUEST")
    assert [item["field"] for item in error.details["fields"]] == ["name", "sizes.1", "sise"]
    assert error.message.startswith("name: ")
    assert "hunter2" not in str(error.to_wire())


def test_a_body_with_a_thousand_faults_names_twenty():
    assert len(validation_failed(problems_of({"sizes": ["x"] * 1000})).details["fields"]) == 20


@pytest.mark.parametrize(
    ("location", "field"),
    [
        (("body",), "body"),
        (("query", "limit"), "limit"),
        (("header", "idempotency-key"), "idempotency-key"),
        ((), "body"),
    ],
)
def test_a_field_is_named_without_the_place_it_was_sent_in(location, field):
    problem = {"type": "value_error", "loc": location, "msg": "is wrong"}

    assert validation_failed([problem]).message == f"{field}: is wrong"


def test_a_validation_error_without_problems_still_answers():
    assert validation_failed(RequestValidationError([]).errors()).message == "body: does not fit"


sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@sqlite_only
def test_an_unexpected_error_is_logged_counted_and_answered_with_its_correlation_id_alone(client, platform):
    with platform.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE messages RENAME TO gone")

    with capture_logs() as logged:
        answer = client.get("/v1/messages", headers={"X-Correlation-ID": "corr_of-mine"})

    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (500, "InternalError", "INTERNAL")
    assert error["correlation_id"] == answer.headers["x-correlation-id"] == "corr_of-mine"
    assert "messages" not in error["message"]
    assert [(line["event"], line["path"]) for line in logged] == [("request.failed", "/v1/messages")]
    assert "no such table" in str(logged[0]["exc_info"])
    assert b'wren_http_requests_total{status="500"} 1.0' in platform.metrics.render()


@sqlite_only
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "NOT_FOUND"),
        ("GET", "/", 404, "NOT_FOUND"),
        ("PUT", "/v1/runs", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_an_address_that_leads_nowhere_answers_with_the_error_body(client, method, path, status, code):
    answer = client.request(method, path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["correlation_id"] == answer.headers["x-correlation-id"]


@sqlite_only
def test_a_wrong_method_is_answered_with_the_right_ones(client):
    assert client.put("/v1/runs").headers["allow"] == "GET"


@sqlite_only
@pytest.mark.parametrize(
    "content", [b"{not json", b"\xff\xfe", b"[" * 100_000, b'{"integrations": [' + b"9" * 5000 + b"]}"]
)
def test_a_body_that_is_no_json_is_refused_as_such(client, content):
    answer = client.post("/v1/integrations/validate", content=content, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "MALFORMED_JSON")


@sqlite_only
@pytest.mark.parametrize("sent", ["", "x" * 129, "with space", "né".encode().decode("latin-1"), "{'a'}"])
def test_a_correlation_id_that_could_garble_a_log_is_replaced(client, sent):
    answer = client.get("/v1/nothing", headers={"X-Correlation-ID": sent.encode("latin-1")})

    assert re.fullmatch(r"corr_[\w-]{24}", answer.headers["x-correlation-id"])
    assert answer.json()["error"]["correlation_id"] == answer.headers["x-correlation-id"]


def test_a_missing_object_is_the_agents_to_fix():
    assert body_of(MissingObject("there is no run 'x'"))[1]["type"] == "AgentFixableError"
