import pytest

from wren_backend.runs import cost_repository as run_costs
from wren_backend.runs.money import month_of
from wren_backend.spending.errors import BudgetExceeded
from wren_backend.storage.errors import DatabaseBusy
from wren_backend.worker.journal import RunJournal
from wren_backend.worker.requests import RunRequests
from wren_backend.worker.spending import RunSpending
from wren_core.errors import InvalidInput

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ALLOW = {"integration": "parrot", "model": "grey"}
SPENT = {
    **ALLOW,
    "outcome": "ok",
    "input_tokens": 1000,
    "cached_input_tokens": 0,
    "output_tokens": 200,
    "images": 0,
    "is_estimated": False,
    "nano_usd": 6_000_000,
}


def recorded(workplace, run):
    with workplace.database.reading() as session:
        return run_costs.cost_of_run(session, run.workspace_id, run.id, limit=100)


@pytest.fixture
def run(workplace):
    workplace.enqueue(workplace.deploy("pass"))
    return workplace.claim()


@pytest.fixture
def ask(workplace, run):
    """Make the server of a run's requests over a database that fails so many writes."""

    def make(*, writes=0, check_budget=lambda workspace_id: None):
        journal = RunJournal(run, database=workplace.unsteady(writes=writes), clock=workplace.clock)
        made = RunSpending(run=run, journal=journal, clock=workplace.clock, check_budget=check_budget)
        return made, journal

    return make


def test_a_call_is_recorded_before_the_script_goes_on(workplace, run, ask):
    server, _ = ask()

    assert server.spent(SPENT) == {}

    found = recorded(workplace, run)
    assert (found.nano_usd, found.calls[0].model, found.calls[0].at.tzinfo is not None) == (6_000_000, "grey", True)


def test_a_spent_budget_refuses_the_next_call(run, ask):
    asked = []

    def check_budget(workspace_id):
        asked.append(workspace_id)
        raise BudgetExceeded("spent")

    server, _ = ask(check_budget=check_budget)

    with pytest.raises(BudgetExceeded):
        server.allow(ALLOW)
    assert asked == [run.workspace_id]


def test_a_cost_the_database_did_not_take_is_kept_and_recorded_with_the_next_flush(workplace, run, ask):
    server, journal = ask(writes=1)

    server.spent(SPENT)
    before = recorded(workplace, run).nano_usd
    journal.flush()

    assert (before, recorded(workplace, run).nano_usd) == (0, 6_000_000)


def test_no_call_is_allowed_while_an_earlier_one_is_not_recorded(workplace, run, ask):
    server, _ = ask(writes=2)
    server.spent(SPENT)

    with pytest.raises(DatabaseBusy):
        server.allow(ALLOW)
    server.allow(ALLOW)

    assert recorded(workplace, run).nano_usd == 6_000_000


def test_a_run_whose_lease_is_lost_still_spent_what_it_spent(workplace, run, ask):
    journal = RunJournal(
        run.model_copy(update={"lease_token": "lost"}), database=workplace.database, clock=workplace.clock
    )
    server = RunSpending(run=run, journal=journal, clock=workplace.clock, check_budget=lambda workspace_id: None)

    server.spent(SPENT)
    journal.say("goodbye")

    assert journal.flush() is False
    assert recorded(workplace, run).nano_usd == 6_000_000
    with workplace.database.reading() as session:
        assert run_costs.sum_of_month(session, run.workspace_id, month_of(workplace.clock.now())) == 6_000_000


@pytest.mark.parametrize(
    "lie",
    [
        {"nano_usd": -1},
        {"nano_usd": 1.5},
        {"nano_usd": float("nan")},
        {"nano_usd": float("inf")},
        {"nano_usd": 10**12 + 1},
        {"nano_usd": "6"},
        {"nano_usd": True},
        {"input_tokens": -5},
        {"output_tokens": 10**12},
        {"images": -1},
        {"model": "x" * 300},
        {"at": "2020-01-01"},
        {"workspace_id": "ws_other"},
    ],
)
def test_what_no_call_can_have_cost_is_refused_and_not_recorded(workplace, run, ask, lie):
    server, _ = ask()
    requests = RunRequests(
        run=run, sender="x", credentials=None, spending=server, database=workplace.database, clock=workplace.clock
    )

    with pytest.raises(InvalidInput):
        requests("ai.spent", {**SPENT, **lie})

    assert recorded(workplace, run).calls == []
