from datetime import date, timedelta
from decimal import Decimal

import pytest

from wren_core import InvalidInput, NotFound, Rejected

NOBODY = "99999999-0000-4000-8000-000000000000"
SOON = date.today() + timedelta(days=14)


@pytest.fixture
def due(xero, harbour, tea):
    """An authorised invoice over 10.35."""
    return xero.create_invoice(harbour.contact_id, tea, status="AUTHORISED", due_date=SOON)


def numbers(items):
    return [item.invoice_number for item in items]


def test_an_invoice_is_created_and_read_again(xero, harbour, tea, fake):
    made = xero.create_invoice(harbour.contact_id, tea, reference="PO 7", date=date(2026, 2, 28), due_date="2026-03-14")

    assert xero.get_invoice(made.invoice_id) == made
    assert (made.invoice_number, made.status, made.type) == ("INV-0001", "DRAFT", "ACCREC")
    assert (made.contact_id, made.contact_name, made.reference) == (harbour.contact_id, "Harbour Ltd", "PO 7")
    assert (made.date, made.due_date) == (date(2026, 2, 28), date(2026, 3, 14))
    assert (made.sub_total, made.total_tax, made.total) == (Decimal("9.0"), Decimal("1.35"), Decimal("10.35"))
    assert [item["InvoiceID"] for item in fake.invoices()] == [made.invoice_id]


@pytest.mark.parametrize("amount", ["0.1", "0.3333", "1234567890.1234", "-19.99", "99999999999.9999"])
def test_amounts_are_exact_both_ways(xero, harbour, amount):
    line = {"description": "Odd", "quantity": 1, "unit_amount": amount}

    made = xero.create_invoice(harbour.contact_id, [line])

    assert made.line_items[0].unit_amount == Decimal(amount)


@pytest.mark.parametrize("amount", ["1234567890123456", "0.1234567890123456", "NaN", "much"])
def test_amounts_beyond_the_precision_of_json_are_refused(xero, harbour, fake, amount):
    fake.requests.clear()

    with pytest.raises(InvalidInput):
        xero.create_invoice(harbour.contact_id, [{"description": "Odd", "unit_amount": amount}])

    assert fake.requests == []


def test_a_misspelt_field_of_a_line_is_refused(xero, harbour):
    with pytest.raises(InvalidInput, match="unit_amuont"):
        xero.create_invoice(harbour.contact_id, [{"description": "Tea", "unit_amuont": 1}])


def test_a_given_invoice_number_gets_the_prefix(connect, xero, harbour, tea):
    bare = connect(invoice_prefix="")

    assert xero.create_invoice(harbour.contact_id, tea, number="1042").invoice_number == "INV-1042"
    assert bare.create_invoice(harbour.contact_id, tea, number="R-7").invoice_number == "R-7"


@pytest.mark.parametrize(("mode", "total"), [("Exclusive", "10.35"), ("Inclusive", "9.00"), ("NoTax", "9.00")])
def test_tax_is_exclusive_inclusive_or_absent(xero, harbour, tea, mode, total):
    assert xero.create_invoice(harbour.contact_id, tea, line_amount_types=mode).total == Decimal(total)


def test_a_bill_is_an_invoice_of_a_supplier(xero, harbour, tea):
    made = xero.create_invoice(harbour.contact_id, tea, type="ACCPAY", number="A-1")

    assert (made.type, made.invoice_number) == ("ACCPAY", "INV-A-1")


def test_an_update_changes_only_the_given_values(xero, harbour, tea):
    made = xero.create_invoice(harbour.contact_id, tea, reference="First")
    cake = {"description": "Cake", "unit_amount": 3, "account_code": "200"}

    referred = xero.update_invoice(made.invoice_id, reference="Second")
    changed = xero.update_invoice(made.invoice_id, line_items=[cake], status="AUTHORISED", due_date=SOON)

    assert (referred.reference, referred.total) == ("Second", made.total)
    assert [line.description for line in changed.line_items] == ["Cake"]
    assert (changed.status, changed.reference, changed.due_date) == ("AUTHORISED", "Second", SOON)


def test_every_validation_error_is_reported(xero, harbour):
    lines = [{"description": "Tea", "account_code": "999"}]

    with pytest.raises(Rejected) as caught:
        xero.create_invoice(harbour.contact_id, lines, status="AUTHORISED")

    assert "Account code '999' is not a valid code" in caught.value.message
    assert "Due date must be specified." in caught.value.message
    assert len(caught.value.details["validation_errors"]) == 2


def test_a_draft_is_deleted_and_an_authorised_invoice_is_voided(xero, harbour, tea, due):
    draft = xero.create_invoice(harbour.contact_id, tea)

    assert xero.void_invoice(draft.invoice_id).status == "DELETED"
    assert xero.void_invoice(due.invoice_id).status == "VOIDED"
    assert xero.get_invoice(due.invoice_id).amount_due == 0


def test_the_result_has_all_arguments_of_its_undo(xero, harbour, tea):
    made = {
        "create_invoice": xero.create_invoice(harbour.contact_id, tea),
        "create_contact": harbour,
        "create_payment": None,
    }
    invoice = xero.create_invoice(harbour.contact_id, tea, status="AUTHORISED", due_date=SOON)
    made["create_payment"] = xero.create_payment(invoice.invoice_id, "090", 1)

    for method_id, result in made.items():
        undo = xero.full_spec().method(method_id).undo
        arguments = {name: getattr(result, pointer.split("/")[2]) for name, pointer in undo.arguments.items()}
        xero.invoke(undo.method, arguments)

    assert xero.get_invoice(made["create_invoice"].invoice_id).status == "DELETED"
    assert xero.list_contacts() == []
    assert xero.get_invoice(invoice.invoice_id).amount_paid == 0


def test_an_invoice_is_paid_in_two_parts_and_a_payment_is_deleted(xero, due):
    first = xero.create_payment(due.invoice_id, "090", "4.35", reference="Cash")
    half = xero.get_invoice(due.invoice_id)
    second = xero.create_payment(due.invoice_id, "090", Decimal("6.00"), date=date(2026, 3, 1))
    paid = xero.get_invoice(due.invoice_id)
    gone = xero.delete_payment(second.payment_id)

    assert (first.amount, first.date, first.account_code) == (Decimal("4.35"), date.today(), "090")
    assert (half.status, half.amount_due) == ("AUTHORISED", Decimal("6.0"))
    assert (paid.status, paid.amount_due, second.date) == ("PAID", 0, date(2026, 3, 1))
    assert (gone.status, xero.get_invoice(due.invoice_id).status) == ("DELETED", "AUTHORISED")


@pytest.mark.parametrize(
    ("account", "amount", "said"),
    [
        ("090", "10.36", "exceeds the amount outstanding"),
        ("200", "1", "does not take payments"),
        ("090", "0", "exceeds"),
    ],
)
def test_an_invalid_payment_is_rejected(xero, due, account, amount, said):
    with pytest.raises(Rejected, match=said):
        xero.create_payment(due.invoice_id, account, amount)

    assert xero.list_payments() == []


def test_a_paid_invoice_is_not_voided(xero, due):
    xero.create_payment(due.invoice_id, "090", due.total)

    with pytest.raises(Rejected, match="has a payment"):
        xero.void_invoice(due.invoice_id)


def test_payments_are_listed_by_invoice(xero, harbour, tea, due):
    other = xero.create_invoice(harbour.contact_id, tea, status="AUTHORISED", due_date=SOON)
    for invoice in (due, other):
        xero.create_payment(invoice.invoice_id, "090", 1)

    assert [item.invoice_id for item in xero.list_payments()] == [other.invoice_id, due.invoice_id]
    assert [item.invoice_id for item in xero.list_payments(due.invoice_id)] == [due.invoice_id]


def test_invoices_are_listed_by_state_contact_and_number(xero, harbour, tea, due):
    pier = xero.create_contact("Pier Ltd")
    xero.create_invoice(pier.contact_id, tea)

    assert numbers(xero.list_invoices()) == ["INV-0002", "INV-0001"]
    assert numbers(xero.list_invoices(statuses=["AUTHORISED", "PAID"])) == ["INV-0001"]
    assert numbers(xero.list_invoices(contact_id=pier.contact_id)) == ["INV-0002"]
    assert numbers(xero.list_invoices(invoice_number="INV-0001")) == ["INV-0001"]


def test_lists_are_read_page_by_page_up_to_the_limit(xero, fake):
    for number in range(230):
        fake.contact(f"Contact {number:03d}")
    fake.requests.clear()

    contacts = xero.list_contacts(limit=1000)
    asked = [request.query["page"] for request in fake.requests]
    some = xero.list_contacts(limit=100)

    assert [contact.name for contact in contacts] == [f"Contact {number:03d}" for number in range(230)]
    assert asked == ["1", "2", "3"]
    assert len(some) == 100


def test_contacts_are_found_by_part_of_a_name(xero, harbour):
    xero.create_contact("Pier Ltd")

    assert [contact.name for contact in xero.list_contacts("HARB")] == ["Harbour Ltd"]
    assert xero.list_contacts("harbour.example")[0].email_address == "pay@harbour.example"


def test_an_archived_contact_frees_its_name(xero, harbour):
    with pytest.raises(Rejected, match="already assigned"):
        xero.create_contact("harbour ltd")

    archived = xero.archive_contact(harbour.contact_id)

    assert archived.contact_status == "ARCHIVED"
    assert xero.list_contacts() == []
    assert xero.create_contact("Harbour Ltd").contact_id != harbour.contact_id


def test_accounts_are_listed_by_type(xero):
    assert [account.code for account in xero.list_accounts()] == ["090", "200", "400", "610"]
    assert [account.name for account in xero.list_accounts("BANK")] == ["Business Bank Account"]


def test_unknown_ids_are_not_found(xero, tea):
    with pytest.raises(NotFound):
        xero.get_invoice(NOBODY)
    with pytest.raises(NotFound):
        xero.delete_payment(NOBODY)
    with pytest.raises(Rejected, match="A Contact must be specified"):
        xero.create_invoice(NOBODY, tea)


@pytest.mark.parametrize("key", ["INV-0001", "../Contacts", f'{NOBODY}")||Total>0||Reference==("', f"{NOBODY}\n"])
def test_an_invalid_id_is_refused_without_a_request(xero, fake, key):
    with pytest.raises(InvalidInput, match="/invoice_id"):
        xero.get_invoice(key)
    with pytest.raises(InvalidInput, match="/invoice_id"):
        xero.list_payments(key)

    assert fake.requests == []
