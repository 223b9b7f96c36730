"""A deployed script that calls a model: chosen by connection, with its cost on the run, stopped by the budget."""

import pytest

from servers.backend import backend

SCRIPT = """
from pydantic import BaseModel

import wren


class Forecast(BaseModel):
    city: str
    degrees: int


@wren.on_schedule("0 9 * * *")
def ask():
    greeting = wren.ai("hello")
    forecast = wren.ai("the forecast, wrong at first", schema=Forecast)
    return {"greeting": greeting, "degrees": forecast.degrees, "cost": greeting.completion.cost_usd}
"""
# 100 tokens of input and 20 of output, at the price of the default model.
CALL_USD = 0.0002


@pytest.fixture(scope="module")
def server(tmp_path_factory, aimock_server):
    variables = {
        "WREN_INTEGRATIONS__OPENAI__BASE_URL": aimock_server.openai_url,
        "WREN_INTEGRATIONS__ANTHROPIC__BASE_URL": aimock_server.anthropic_url,
    }
    with backend(tmp_path_factory.mktemp("ai"), variables) as running:
        yield running


@pytest.mark.timeout(240)
def test_the_connected_model_answers_its_cost_is_recorded_and_the_budget_stops_the_next_call(server):
    refused = server.request("POST", "/v1/scripts/deploy", json={"script": SCRIPT, "name": "asks"})
    server.wren("connect", "openai", "--value", "api_key=any-key", "--no-browser")
    deployed = server.deploy(SCRIPT, name="asks")
    run = server.finished_run(server.start_run(deployed["deployment_id"]))
    spending = server.get("/v1/spending")
    limited = server.wren_json("spending", "budget", str(spending["cost_usd"] + CALL_USD / 2))
    stopped = server.finished_run(server.start_run(deployed["deployment_id"]))
    not_started = server.finished_run(server.start_run(deployed["deployment_id"]))
    raised = server.wren_json("spending", "budget", "none")
    shown = server.get(f"/v1/deployments/{deployed['deployment_id']}")

    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (409, "INTEGRATION_NOT_CONFIGURED")
    assert error["details"]["integrations"] == ["anthropic", "openai"]
    assert error["action_url"].endswith("/integrations/anthropic/setup")

    assert run["status"] == "success", run
    assert run["result"] == {"greeting": "Hello yourself.", "degrees": 21, "cost": CALL_USD}
    assert run["ai_cost_usd"] == pytest.approx(3 * CALL_USD)
    assert [call["cost_usd"] for call in run["ai_calls"]] == [CALL_USD] * 3
    assert [(call["integration"], call["method"]) for call in run["calls"]] == [("openai", "generate")] * 3
    assert spending["deployments"][0]["name"] == "asks"
    assert (spending["cost_usd"], spending["budget_usd"]) == (pytest.approx(3 * CALL_USD), None)
    assert limited["left_usd"] == pytest.approx(CALL_USD / 2)

    assert (stopped["status"], stopped["error"]["code"]) == ("failed", "BUDGET_EXCEEDED")
    assert stopped["error"]["line"] == 15, "the second call of the script"
    assert stopped["error"]["action_url"].startswith(server.url)
    assert stopped["ai_cost_usd"] == CALL_USD
    assert (not_started["error"]["code"], not_started["calls"]) == ("BUDGET_EXCEEDED", [])
    assert raised["budget_usd"] is None
    assert shown["ai_cost_usd"] == shown["ai_cost_usd_this_month"] == pytest.approx(4 * CALL_USD)
    assert "any-key" not in server.log
