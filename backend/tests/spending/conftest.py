import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from wren_backend.spending import repository as spending
from wren_backend.spending.repository import NewCall
from wren_backend.testing import NOW, add_deployment, add_run

_numbers = itertools.count(1)
CALL = NewCall(
    id="",
    integration="parrot",
    model="grey",
    outcome="ok",
    input_tokens=1000,
    cached_input_tokens=10,
    output_tokens=200,
    images=0,
    nano_usd=1_500_000,
    is_estimated=False,
    at=NOW,
)


@pytest.fixture
def call():
    """Make a call of a model; fields that are given replace the usual ones."""
    return lambda **fields: replace(CALL, id=f"aic_{next(_numbers)}", **fields)


@pytest.fixture
def spend(call):
    """Record calls of a run of a deployment, which is made where none is given; return both."""

    def record(database, subject, *calls, deployment=None, at=NOW):
        deployment = deployment or add_deployment(database, subject, now=at - timedelta(days=60))
        run = add_run(database, deployment, now=at)
        with database.writing() as session:
            spending.record_calls(session, run, [replace(item, at=at) for item in calls or (call(),)])
        return deployment, run

    return record
