from datetime import timedelta

import pytest

from wren_backend.clock import ManualClock
from wren_backend.spending.errors import BudgetExceeded
from wren_backend.testing import NOW, add_deployment

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def clock():
    return ManualClock(NOW)


@pytest.fixture
def platform(build_platform, clock):
    return build_platform(clock=clock, public_url="https://wren.test")


def test_a_month_shows_what_was_spent_and_what_is_left(platform, member, client, spend, call):
    deployment, _ = spend(platform.database, member.subject, call(nano_usd=1_500_000_000))
    client.put("/v1/spending/budget", json={"monthly_usd": 2})

    shown = client.get("/v1/spending").json()
    april = client.get("/v1/spending?month=2026-04").json()

    assert (shown["month"], shown["cost_usd"], shown["budget_usd"], shown["left_usd"]) == ("2026-03", 1.5, 2, 0.5)
    assert shown["deployments"] == [
        {
            "deployment_id": deployment.id,
            "name": "report",
            "cost_usd": 1.5,
            "calls": 1,
            "input_tokens": 1000,
            "output_tokens": 200,
            "images": 0,
        }
    ]
    assert (april["cost_usd"], april["left_usd"], april["deployments"]) == (0, 2, [])


def test_a_workspace_without_a_budget_is_shown_as_such(client):
    shown = client.get("/v1/spending").json()

    assert (shown["cost_usd"], shown["budget_usd"], shown["left_usd"]) == (0, None, None)


def test_the_budget_is_answered_and_can_be_taken_away(client):
    set_to = client.put("/v1/spending/budget", json={"monthly_usd": 0.25}).json()
    taken = client.put("/v1/spending/budget", json={"monthly_usd": None}).json()

    assert (set_to["budget_usd"], taken["budget_usd"]) == (0.25, None)


@pytest.mark.parametrize("amount", [-1, 10**10, "25", True, [1]])
def test_an_invalid_amount_is_refused(client, amount):
    answer = client.put("/v1/spending/budget", json={"monthly_usd": amount})

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID_REQUEST")


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-3", "march", "2026-03-01"])
def test_an_invalid_month_is_refused(client, month):
    assert client.get("/v1/spending", params={"month": month}).status_code == 422


def test_spending_needs_a_key(client_of):
    answers = [client_of().get("/v1/spending"), client_of().put("/v1/spending/budget", json={"monthly_usd": 1})]

    assert [answer.status_code for answer in answers] == [401, 401]


def test_a_run_and_its_deployment_show_what_models_cost(platform, member, client, spend, call):
    deployment, run = spend(platform.database, member.subject, call(nano_usd=7), call(nano_usd=5, is_estimated=True))
    spend(platform.database, member.subject, call(nano_usd=8), deployment=deployment, at=NOW - timedelta(days=31))

    of_run = client.get(f"/v1/runs/{run.id}").json()
    of_deployment = client.get(f"/v1/deployments/{deployment.id}").json()

    assert of_run["ai_cost_usd"] == 1.2e-08
    assert [(item["model"], item["cost_usd"], item["is_estimated"]) for item in of_run["ai_calls"]] == [
        ("grey", 7e-09, False),
        ("grey", 5e-09, True),
    ]
    assert (of_deployment["ai_cost_usd"], of_deployment["ai_cost_usd_this_month"]) == (2e-08, 1.2e-08)


def test_a_deployment_that_asked_nothing_costs_nothing(platform, member, client):
    deployment = add_deployment(platform.database, member.subject)

    assert client.get(f"/v1/deployments/{deployment.id}").json()["ai_cost_usd"] == 0


@pytest.mark.parametrize(
    ("budget", "spent", "is_allowed"),
    [(None, 10**12, True), (10, 9, True), (10, 10, False), (10, 11, False), (0, 0, False)],
)
def test_the_budget_is_spent_when_as_much_is_spent(platform, member, spend, call, budget, spent, is_allowed):
    platform.spending.set_budget(member.subject, budget)
    spend(platform.database, member.subject, call(nano_usd=spent))

    if is_allowed:
        platform.spending.check(member.subject.workspace_id)
        return
    with pytest.raises(BudgetExceeded, match="wren spending budget") as caught:
        platform.spending.check(member.subject.workspace_id)
    assert caught.value.action_url == "https://wren.test/docs#/spending/set_spending_budget"


def test_the_page_of_the_action_url_has_that_operation(platform, client):
    operation = client.get("/openapi.json").json()["paths"]["/v1/spending/budget"]["put"]

    assert (operation["tags"], operation["operationId"]) == (["spending"], "set_spending_budget")
    assert client.get("/docs").status_code == 200


def test_a_new_month_has_its_budget_again(platform, member, clock, spend, call):
    platform.spending.set_budget(member.subject, 10)
    spend(platform.database, member.subject, call(nano_usd=50))
    clock.advance(timedelta(days=31))

    platform.spending.check(member.subject.workspace_id)


def test_the_budget_of_one_workspace_is_nothing_to_another(platform, admit, spend, call):
    spender, other = admit().subject, admit().subject
    platform.spending.set_budget(spender, 10)
    platform.spending.set_budget(other, 10)
    spend(platform.database, spender, call(nano_usd=50))

    platform.spending.check(other.workspace_id)
