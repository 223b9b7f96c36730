"""Requests of the integration and responses of the fake, checked against Xero's specification of the accounting API."""

import json
import re
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import pytest

from wren_core import Rejected

SPECIFICATION = json.loads((Path(__file__).parent / "specification" / "accounting.json").read_text())
# Newer than the specification (`pageSize`, `searchTerm`), or sent always although only amounts need it (`unitdp`).
ALSO_TAKEN = {"pageSize", "searchTerm", "unitdp"}


def operation_of(request):
    path = re.sub(r"/[0-9a-f-]{36}$", "/{id}", request.path.removeprefix("/api.xro/2.0"))
    named = {re.sub(r"\{\w+\}", "{id}", name): name for name in SPECIFICATION["operations"]}
    return SPECIFICATION["operations"][named[f"{request.method} {path}"]]


def validate(value, schema):
    """Validate a value against a schema without additional names: Xero would ignore a misspelt one."""
    definitions = {name: {**item} for name, item in SPECIFICATION["$defs"].items()}
    for item in definitions.values():
        if "properties" in item:
            item["additionalProperties"] = False
    jsonschema.validate(value, {"$ref": f"#/$defs/{schema}", "$defs": definitions})


@pytest.fixture
def exchanges(fake, monkeypatch):
    """All requests of a test with their responses, except for organisations, which are in another specification."""
    seen, handle = [], fake.handle

    def record(request):
        answer = handle(request)
        if request.path.startswith("/api.xro/"):
            seen.append((request, answer))
        return answer

    monkeypatch.setattr(fake, "handle", record)
    return seen


def use_everything(xero):
    due = date.today() + timedelta(days=14)
    lines = [
        {"description": "Tea", "quantity": "1.5", "unit_amount": "4.5555", "account_code": "200", "tax_type": "NONE"}
    ]
    contact = xero.create_contact("Harbour Ltd", "pay@harbour.example")
    draft = xero.create_invoice(contact.contact_id, lines, type="ACCPAY", number="A-1", currency_code="NZD")
    invoice = xero.create_invoice(contact.contact_id, lines, status="AUTHORISED", date=due, due_date=due, reference="x")
    xero.update_invoice(draft.invoice_id, line_items=lines, reference="y", due_date=due, status="SUBMITTED")
    payment = xero.create_payment(invoice.invoice_id, "090", 1, reference="z")
    xero.get_invoice(invoice.invoice_id)
    xero.list_invoices(statuses=["DRAFT"], contact_id=contact.contact_id, invoice_number="INV-A-1")
    xero.list_payments(invoice.invoice_id)
    xero.list_contacts("harbour")
    xero.list_accounts("BANK")
    xero.delete_payment(payment.payment_id)
    xero.void_invoice(draft.invoice_id)
    xero.archive_contact(contact.contact_id)


def test_every_request_conforms_to_the_specification(xero, exchanges):
    use_everything(xero)

    for request, _ in exchanges:
        operation = operation_of(request)
        assert set(request.query) <= {*operation["query"], *ALSO_TAKEN}
        if "body" in operation:
            validate(request.json(), operation["body"])
    assert {operation_of(request)["answer"] for request, _ in exchanges} == {
        "Invoices",
        "Contacts",
        "Payments",
        "Accounts",
    }
    assert len({(request.method, re.sub(r"[0-9a-f-]{36}", "", request.path)) for request, _ in exchanges}) == 11


def test_every_response_of_the_fake_conforms_to_the_specification(xero, exchanges):
    use_everything(xero)

    for request, answer in exchanges:
        held = {name: value for name, value in answer.body.items() if name == operation_of(request)["answer"]}
        validate(_without_day_strings(held), operation_of(request)["answer"])


def test_an_error_of_the_fake_conforms_to_the_specification(xero, exchanges):
    contact = xero.create_contact("Harbour Ltd")
    with pytest.raises(Rejected):
        xero.create_invoice(contact.contact_id, [{"description": "Tea", "account_code": "999"}])

    body = exchanges[-1][1].body
    element = {"ValidationErrors": body["Elements"][0]["ValidationErrors"]}
    validate({**body, "Elements": [element]}, "Error")


def _without_day_strings(value):
    """Remove `DateString` and `DueDateString`, which Xero returns but its specification omits."""
    if isinstance(value, dict):
        return {name: _without_day_strings(item) for name, item in value.items() if not name.endswith("DateString")}
    return [_without_day_strings(item) for item in value] if isinstance(value, list) else value
