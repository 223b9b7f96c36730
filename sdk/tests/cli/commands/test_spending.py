import pytest

from wren.api.client import Client
from wren.api.profile import current_profile
from wren_core.testing import FakeRequest, route

MONTH = {
    "month": "2026-03",
    "cost_usd": 1.5,
    "budget_usd": None,
    "left_usd": None,
    "deployments": [
        {"deployment_id": "dep_1", "name": "daily", "cost_usd": 1.5, "calls": 3, "input_tokens": 70, "output_tokens": 9}
    ],
}


class Ledger:
    """What the server says of spending."""

    @route("GET", "/v1/spending")
    def show(self, request: FakeRequest):
        return {**MONTH, "month": request.query.get("month", MONTH["month"])}

    @route("PUT", "/v1/spending/budget")
    def budget(self, request: FakeRequest):
        amount = request.json()["monthly_usd"]
        return {**MONTH, "budget_usd": amount, "left_usd": None if amount is None else max(0, amount - 1.5)}


@pytest.fixture
def ledger(fake):
    fake.mount(Ledger())
    return fake


def test_spending_shows_a_month_by_deployment(wren, ledger, logged_in):
    done = wren("spending", "--month", "2026-02", **logged_in)

    assert done.code == 0
    assert "2026-02: $1.5000 spent on models, no budget" in done.out
    assert "daily" in done.out


def test_a_budget_is_set_and_told(wren, ledger, logged_in):
    done = wren("spending", "budget", "25", **logged_in)

    assert done.code == 0
    assert "$23.5000 left of $25.0000" in done.out
    assert ledger.requests[-1].json() == {"monthly_usd": 25.0}


def test_an_invalid_amount_is_refused_before_it_is_sent(wren, ledger, logged_in):
    done = wren("spending", "budget", "much", "--json", **logged_in)

    assert (done.code, done.error["code"]) == (1, "INVALID_INPUT")
    assert ledger.requests == []


def test_the_client_takes_a_budget_away_and_reads_any_month(ledger, logged_in):
    with Client(current_profile(logged_in)) as client:
        assert client.set_budget(None).budget_usd is None
        assert client.spending().month == "2026-03"
        assert client.spending("2025-12").deployments[0].cost_usd == 1.5


def test_a_script_that_asks_models_is_validated_with_that(ledger, logged_in):
    with Client(current_profile(logged_in)) as client:
        client.validate(["mail"], uses_ai=True)
        client.validate(["mail"])

    asked = [request.json() for request in ledger.requests]
    assert asked == [{"integrations": ["mail"], "uses_ai": True}, {"integrations": ["mail"]}]
