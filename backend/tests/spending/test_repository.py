from wren_backend.spending import repository as spending
from wren_backend.testing import NOW, add_deployment, add_subject

MARCH = "2026-03"


def read(database, function, *args):
    with database.reading() as session:
        return function(session, *args)


def test_a_month_is_listed_by_deployment_the_most_expensive_first(database, spend, call):
    subject, stranger = add_subject(database), add_subject(database)
    spend(database, subject, call(), call(nano_usd=7))
    other = add_deployment(database, subject, name="other")
    spend(database, subject, call(nano_usd=2_000_000), deployment=other)

    rows = read(database, spending.list_deployments, subject.workspace_id, MARCH)

    assert [(row.name, row.calls, row.nano_usd) for row in rows] == [("other", 1, 2_000_000), ("report", 2, 1_500_007)]
    assert (rows[1].input_tokens, rows[1].output_tokens) == (2000, 400)
    assert read(database, spending.list_deployments, stranger.workspace_id, MARCH) == []


def test_a_budget_is_set_changed_and_taken_away(database):
    subject = add_subject(database)
    seen = []

    for amount in (5, 10**18, 0, None):
        with database.writing() as session:
            spending.set_budget(session, subject.workspace_id, amount, now=NOW)
        seen.append(read(database, spending.find_budget, subject.workspace_id))

    assert seen == [5, 10**18, 0, None]
