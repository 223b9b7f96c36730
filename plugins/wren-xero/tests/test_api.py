from datetime import date
from decimal import Decimal

import pytest

from wren_core import AuthFailed, RateLimited, Rejected, Unavailable, UserFacingConfigError
from wren_core.errors import ConfigInvalid
from wren_core.http_client import Answer
from wren_xero import Xero
from wren_xero.api import to_python, to_xero, verdict
from wren_xero.fake import DEMO, OTHER, FakeXero

TWO = {DEMO: "Demo Company", OTHER: "Other Company"}


def test_the_organisation_is_sent_in_a_header(xero, fake):
    xero.list_accounts()

    assert fake.requests[-1].headers["xero-tenant-id"] == DEMO
    assert fake.requests[-1].headers["accept"] == "application/json"


def test_the_only_organisation_is_looked_up_once(connect, fake):
    xero = connect(tenant_id="only")

    xero.list_accounts()
    xero.list_accounts()

    assert [request.path for request in fake.requests].count("/connections") == 1
    assert fake.requests[-1].headers["xero-tenant-id"] == DEMO


@pytest.mark.parametrize(("tenants", "said"), [(TWO, "Other Company"), ({}, "none")])
def test_with_several_organisations_tenant_id_must_name_one(connect, fake_server, tenants, said):
    fake_server.fake = FakeXero(tenants=tenants)

    with pytest.raises(UserFacingConfigError, match=f"must name one of the connected organisations: .*{said}"):
        connect(tenant_id="only").list_accounts()


def test_organisations_are_listed_for_any_configured_one(connect, fake_server):
    fake_server.fake = FakeXero(tenants=TWO)

    assert connect(tenant_id=DEMO).list_tenants() == TWO
    assert connect(tenant_id="only").list_tenants() == TWO


@pytest.mark.parametrize("tenant_id", ["", "Demo Company", "two\nlines"])
def test_an_invalid_tenant_id_is_refused_at_init(tenant_id):
    with pytest.raises(ConfigInvalid, match="tenant_id"):
        Xero.create({"tenant_id": tenant_id})


def test_an_organisation_that_is_not_connected_is_a_configuration_error(connect):
    with pytest.raises(UserFacingConfigError, match="list_tenants") as caught:
        connect(tenant_id=OTHER).list_accounts()

    assert caught.value.code == "TENANT_NOT_CONNECTED"


def test_a_missing_scope_is_a_configuration_error(connect, fake):
    xero = connect(token=fake.token(scopes=("accounting.contacts",)))

    with pytest.raises(UserFacingConfigError) as caught:
        xero.list_accounts()

    assert xero.list_contacts() == []
    assert caught.value.code == "OAUTH_SCOPE_MISSING"


def test_an_expired_token_raises_auth_failed(xero, fake):
    xero.list_accounts()
    fake.oauth.expire_access_tokens()

    with pytest.raises(AuthFailed, match="TokenExpired"):
        xero.list_accounts()


def test_a_rate_limit_has_its_name_and_pause(xero, fake):
    fake.limit_next(retry_after=3600, limit="day")

    with pytest.raises(RateLimited, match="day limit") as caught:
        xero.list_accounts()

    assert caught.value.retry_after == 3600.0


def test_reads_and_writes_wait_for_a_short_rate_limit(xero, fake):
    fake.limit_next(retry_after=0)
    contact = xero.create_contact("Harbour Ltd")
    fake.limit_next(retry_after=0)

    assert [item.contact_id for item in xero.list_contacts()] == [contact.contact_id]


def test_a_repeated_write_has_one_effect(xero, fake, harbour, tea):
    xero.create_invoice(harbour.contact_id, tea)
    first = fake.requests[-1]

    again = fake.handle(first)

    assert first.headers["idempotency-key"]
    assert again.body["Invoices"][0]["InvoiceID"] == fake.invoices()[0]["InvoiceID"]
    assert len(fake.invoices()) == 1


def test_two_equal_writes_have_two_effects(xero, fake, harbour, tea):
    xero.create_invoice(harbour.contact_id, tea)
    xero.create_invoice(harbour.contact_id, tea)

    assert len(fake.invoices()) == 2


def test_a_write_is_retried_with_its_idempotency_key(xero, fake):
    fake.fail_next(503, headers={"retry-after": "0"})

    xero.create_contact("Harbour Ltd")

    first, second = fake.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_a_write_that_finally_fails_may_have_been_done(xero, fake):
    fake.fail_next(503, times=3, headers={"retry-after": "0"})

    with pytest.raises(Unavailable, match="it may have been done") as caught:
        xero.create_contact("Harbour Ltd")

    assert caught.value.can_retry is False


def test_names_are_converted_in_both_directions():
    assert to_python({"InvoiceID": "x", "LineItems": [{"UnitAmount": 1}]}) == {
        "invoice_id": "x",
        "line_items": [{"unit_amount": 1}],
    }
    assert to_xero({"invoice_id": "x", "line_items": [{"unit_amount": Decimal("1.5"), "tax_type": None}]}) == {
        "InvoiceID": "x",
        "LineItems": [{"UnitAmount": 1.5}],
    }
    assert to_xero({"Contacts": [{"due_date": date(2026, 3, 1)}]}) == {"Contacts": [{"DueDate": "2026-03-01"}]}


def test_amounts_are_parsed_exactly(xero, fake):
    body = '{"Invoices":[{"InvoiceID":"x","Type":"ACCREC","Status":"PAID","Total":123456789012345.6789}]}'
    fake.fail_next(200, body=body)

    assert xero.get_invoice(DEMO).total == Decimal("123456789012345.6789")


@pytest.mark.parametrize(
    ("wire", "day"),
    [
        ("/Date(1551139200000+0000)/", "2019-02-26"),
        ("/Date(1551139200000)/", "2019-02-26"),
        ("/Date(-86400000+0000)/", "1969-12-31"),
        ("2019-02-26", "2019-02-26"),
        ("/Date(soon)/", "/Date(soon)/"),
    ],
)
def test_dates_are_parsed_in_xeros_format(wire, day):
    assert to_python(wire) == day


@pytest.mark.parametrize(
    "body", [b"", b"<h1>", b"[]", b'{"Message":"x"}', b'{"Elements":[1]}', b'{"Elements":[{"ValidationErrors":[{}]}]}']
)
def test_an_error_without_messages_is_classified_by_its_status(body):
    assert verdict(Answer(request="PUT /x", status_code=400, headers={}, body=body)) is None


def test_a_message_about_two_lines_is_reported_once():
    fault = '{"ValidationErrors":[{"Message":"Bad code"},{"Message":"Bad code"}]}'
    body = f'{{"Elements":[{fault},{fault}]}}'.encode()

    error = verdict(Answer(request="PUT /x", status_code=400, headers={}, body=body))

    assert isinstance(error, Rejected)
    assert error.details["validation_errors"] == ["Bad code"]
