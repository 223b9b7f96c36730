"""The connect page with a real database behind it: credentials are tried in the sandbox before they are stored."""

import httpx2
import pytest

from servers.backend import backend
from wren_core.testing.patience import patience


@pytest.fixture(scope="module")
def server(tmp_path_factory, postgres_server):
    """A backend whose operator configured a database server on this machine."""
    config = f'{{"host": "127.0.0.1", "port": {postgres_server.port}, "sslmode": "disable"}}'
    with backend(tmp_path_factory.mktemp("backend"), {"WREN_INTEGRATIONS__POSTGRES__CONFIG": config}) as running:
        yield running


@pytest.fixture
def browser():
    with httpx2.Client(timeout=patience(60)) as client:
        yield client


def begin(server, *options):
    return server.wren_json("connect", "postgres", "--no-browser", "--no-wait", *options)


def status(server, made):
    return server.get(f"/v1/connections/{made['connection_id']}")["status"]


def test_an_account_that_the_database_refuses_is_not_stored(server, browser):
    made = begin(server, "--alias", "wrong")

    page = browser.post(made["connect_url"], data={"value.username": "stranger", "value.password": "not-this-one"})

    assert page.status_code == 422, page.text
    assert "the service refused these credentials" in page.text
    assert "Nothing was saved" in page.text
    assert "not-this-one" not in page.text
    assert status(server, made) == "pending"


def test_credentials_that_work_are_stored_and_nothing_else_is_asked_for(server, browser):
    made = begin(server, "--alias", "right")
    form = browser.get(made["connect_url"])

    page = browser.post(made["connect_url"], data={"value.username": "postgres", "value.password": "only-for-tests"})

    assert page.status_code == 200, page.text
    assert "PostgreSQL is connected" in page.text
    assert 'name="config.host"' not in form.text
    assert status(server, made) == "active"


def test_a_private_address_that_a_user_types_is_refused_by_the_test(server, browser):
    made = begin(server, "--alias", "private", "--config", "port=1")

    page = browser.post(made["connect_url"], data={"value.username": "postgres", "value.password": "only-for-tests"})

    assert page.status_code == 422, page.text
    assert status(server, made) == "pending"


def test_a_person_may_store_what_cannot_be_tested_now(server, browser):
    made = begin(server, "--alias", "later")

    page = browser.post(
        made["connect_url"], data={"value.username": "postgres", "value.password": "another", "untested": "1"}
    )

    assert page.status_code == 200, page.text
    assert status(server, made) == "active"
