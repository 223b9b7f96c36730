from datetime import timedelta

from wren_backend.runs import cost_repository as run_costs
from wren_backend.testing import NOW, add_deployment, add_run, add_subject

MARCH, APRIL = "2026-03", "2026-04"


def read(database, function, *args, **options):
    with database.reading() as session:
        return function(session, *args, **options)


def test_calls_are_summed_by_run_deployment_month_and_workspace(database, spend, call):
    subject = add_subject(database)
    deployment, run = spend(database, subject, call(), call(nano_usd=7))
    spend(database, subject, call(nano_usd=100), deployment=deployment, at=NOW + timedelta(days=31))
    other = add_deployment(database, subject, name="other")
    spend(database, subject, call(nano_usd=2_000_000), deployment=other)

    of_run = read(database, run_costs.cost_of_run, run.workspace_id, run.id, limit=10)

    assert (of_run.nano_usd, [row.nano_usd for row in of_run.calls]) == (1_500_007, [1_500_000, 7])
    assert read(database, run_costs.sum_of_month, run.workspace_id, MARCH) == 3_500_007
    assert read(database, run_costs.sum_of_month, run.workspace_id, APRIL) == 100
    assert read(database, run_costs.sum_of_deployment, run.workspace_id, deployment.id) == 1_500_107
    assert read(database, run_costs.sum_of_deployment, run.workspace_id, deployment.id, month=APRIL) == 100


def test_a_call_that_is_stored_again_counts_once(database, spend, call):
    subject, twice = add_subject(database), call()

    _, run = spend(database, subject, twice)
    with database.writing() as session:
        run_costs.record_calls(session, run, [twice])

    assert read(database, run_costs.sum_of_month, subject.workspace_id, MARCH) == twice.nano_usd
    assert len(read(database, run_costs.cost_of_run, subject.workspace_id, run.id, limit=10).calls) == 1


def test_calls_recorded_at_once_are_all_in_the_sum(database, call, together):
    subject = add_subject(database)
    deployment = add_deployment(database, subject)
    runs = [add_run(database, deployment) for _ in range(6)]

    def record(number):
        with database.writing() as session:
            run_costs.record_calls(session, runs[number], [call(nano_usd=3) for _ in range(5)])

    together(6, record)

    assert read(database, run_costs.sum_of_month, subject.workspace_id, MARCH) == 6 * 5 * 3


def test_another_workspace_sees_nothing_of_it(database, spend):
    subject, stranger = add_subject(database), add_subject(database)
    deployment, run = spend(database, subject)

    of_run = read(database, run_costs.cost_of_run, stranger.workspace_id, run.id, limit=10)

    assert (of_run.nano_usd, of_run.calls) == (0, [])
    assert read(database, run_costs.sum_of_month, stranger.workspace_id, MARCH) == 0
    assert read(database, run_costs.sum_of_deployment, stranger.workspace_id, deployment.id) == 0
