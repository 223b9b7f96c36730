"""The description of the API is a product surface: people and models work from it alone."""

import re

import pytest
from jsonschema import Draft202012Validator

from wren_backend.app import create_app

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

# Names that clients rely on: the schema a path leads to, and the least its fields are.
FIXED_NAMES = {
    "ValidateBody": {"integrations"},
    "ValidateAnswer": {"valid", "errors", "warnings"},
    "ValidationProblem": {"type", "code", "integration", "message", "action_url", "docs_url"},
    "DeployBody": {"script", "name", "metadata"},
    "MetadataBody": {"integrations", "triggers", "schedules"},
    "TriggerBody": {"type", "func", "config"},
    "ScheduleBody": {"cron", "func_name"},
    "DeployAnswer": {"deployment_id", "status", "version", "triggers_registered", "created_at", "next_run"},
    "DeploymentList": {"deployments"},
    "DeploymentRead": {"id", "name", "status", "version", "triggers", "last_run", "next_run", "created_at"},
    "RunList": {"runs"},
    "RunRead": {
        *("run_id", "deployment_id", "trigger", "status", "started_at", "completed_at", "duration_ms", "logs_url"),
    },
    "ErrorBody": {"error"},
    "ErrorDetail": {"type", "code", "message", "action_url", "correlation_id", "can_retry"},
}
ANSWERS = {
    "POST /v1/integrations/validate": "ValidateAnswer",
    "POST /v1/scripts/deploy": "DeployAnswer",
    "GET /v1/deployments": "DeploymentList",
    "GET /v1/deployments/{deployment_id}/runs": "RunList",
    "GET /v1/runs": "RunList",
}
BODIES = {
    "POST /v1/integrations/validate": "ValidateBody",
    "POST /v1/scripts/deploy": "DeployBody",
    "POST /v1/connections": "ConnectBody",
}


@pytest.fixture
def description(platform):
    return create_app(platform).openapi()


@pytest.fixture
def operations(description):
    return {
        f"{method.upper()} {path}": operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def of_api(operations):
    return {name: operation for name, operation in operations.items() if " /v1/" in name}


def schema_of(content):
    return content["application/json"]["schema"]


def validator(description, schema):
    return Draft202012Validator({**schema, "components": description["components"]})


def test_the_description_is_public_and_has_a_title_and_a_version(client_of):
    body = client_of(None).get("/openapi.json").json()

    assert (body["info"]["title"], bool(body["info"]["version"])) == ("Wren", True)
    assert body["openapi"].startswith("3.1")


def test_every_operation_has_a_unique_id_a_summary_and_a_description(operations):
    ids = [operation.get("operationId", "") for operation in operations.values()]
    texts = {name: (item.get("summary", ""), item.get("description", "")) for name, item in operations.items()}

    assert len(operations) > 20
    assert len(set(ids)) == len(ids)
    assert [id_ for id_ in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*", id_)] == []
    assert [name for name, (summary, _) in texts.items() if not summary or summary.endswith(".")] == []
    assert [name for name, (summary, text) in texts.items() if len(text) < 20 or text == summary] == []


def test_every_operation_has_one_tag_and_every_tag_is_explained(description, operations):
    explained = {tag["name"]: tag["description"] for tag in description["tags"]}

    assert {tuple(operation["tags"]) for operation in operations.values()} == {(name,) for name in explained}
    assert all(explained.values())


def test_every_parameter_is_explained(operations):
    unexplained = [
        (name, parameter["name"])
        for name, operation in operations.items()
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]

    assert unexplained == []


def test_every_operation_of_the_api_takes_a_key_and_no_other_does(description, operations):
    assert description["components"]["securitySchemes"]["api_key"]["scheme"] == "bearer"
    for name, operation in operations.items():
        assert operation.get("security") == ([{"api_key": []}] if " /v1/" in name else None), name


def test_every_operation_of_the_api_documents_its_errors_with_the_error_body(operations):
    for name, operation in of_api(operations).items():
        expected = {"401", "422", "500", "503"}
        expected |= {"404"} if "_id}" in name or "{name}" in name else set()
        expected |= {"400", "413", "415"} if "requestBody" in operation else set()
        documented = {status: answer for status, answer in operation["responses"].items() if status >= "400"}

        assert expected <= documented.keys(), name
        for status, answer in documented.items():
            assert schema_of(answer["content"])["$ref"].endswith("/ErrorBody"), (name, status)
            assert answer["description"], (name, status)


def test_every_operation_documents_what_it_returns(operations):
    for name, operation in operations.items():
        (success,) = [answer for status, answer in operation["responses"].items() if status < "300"]

        for kind, content in success["content"].items():
            assert content.get("schema"), (name, kind)


def test_no_answer_is_described_as_a_framework_would_give_it(description):
    assert {"HTTPValidationError", "ValidationError"} & description["components"]["schemas"].keys() == set()


def test_every_schema_is_explained(description):
    unexplained = [
        name
        for name, schema in description["components"]["schemas"].items()
        if not schema.get("description") and "enum" not in schema
    ]

    assert unexplained == []


def test_the_names_clients_rely_on_are_there(description):
    schemas = description["components"]["schemas"]

    missing = {name: fields - schemas[name]["properties"].keys() for name, fields in FIXED_NAMES.items()}

    assert {name: fields for name, fields in missing.items() if fields} == {}
    assert schemas["RunStatus"]["enum"] == ["queued", "running", "success", "failed", "timeout", "cancelled", "lost"]


def test_the_fixed_shapes_belong_to_their_operations(operations):
    answered = {name: schema_of(operations[name]["responses"]["200"]["content"])["$ref"] for name in ANSWERS}
    taken = {name: schema_of(operations[name]["requestBody"]["content"])["$ref"] for name in BODIES}

    assert {name: ref.rpartition("/")[2] for name, ref in answered.items()} == ANSWERS
    assert {name: ref.rpartition("/")[2] for name, ref in taken.items()} == BODIES


def test_every_body_has_an_example_that_fits_it(description, operations):
    bodies = {
        name: schema_of(operation["requestBody"]["content"])
        for name, operation in operations.items()
        if "requestBody" in operation
    }

    assert len(bodies) >= 6
    for name, schema in bodies.items():
        refs = [part["$ref"] for part in schema.get("anyOf", [schema]) if "$ref" in part]
        (body,) = [description["components"]["schemas"][ref.rpartition("/")[2]] for ref in refs]
        assert body.get("examples"), name


def test_every_example_of_a_schema_fits_it(description):
    examples = [
        (name, schema, example)
        for name, schema in description["components"]["schemas"].items()
        for example in schema.get("examples", [])
    ]

    assert {"DeployBody", "DeployAnswer", "ValidateBody", "ValidateAnswer", "ConnectBody", "ErrorBody"} <= {
        name for name, _, _ in examples
    }
    for name, schema, example in examples:
        assert [error.message for error in validator(description, schema).iter_errors(example)] == [], name


def test_the_example_of_a_deploy_can_be_deployed(description, client):
    (example,) = description["components"]["schemas"]["DeployBody"]["examples"]

    answer = client.post("/v1/scripts/deploy", json=example)

    assert (answer.status_code, answer.json().get("name")) == (200, "daily_report"), answer.text


def test_every_form_of_a_log_is_described(operations):
    content = operations["GET /v1/runs/{run_id}/logs"]["responses"]["200"]["content"]

    assert content.keys() == {"application/json", "text/plain", "text/event-stream"}


def test_an_instant_is_described_as_one(description):
    fields = description["components"]["schemas"]["RunRead"]["properties"]

    assert fields["created_at"]["format"] == "date-time"
    assert {"type": "null"} in fields["started_at"]["anyOf"]
