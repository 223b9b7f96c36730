"""The books of an organisation in the fake, with Xero's validation rules."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from wren_xero.api import to_python

Json = dict[str, Any]

ACCOUNTS = (
    ("090", "Business Bank Account", "BANK", "NONE"),
    ("200", "Sales", "REVENUE", "OUTPUT2"),
    ("400", "Advertising", "EXPENSE", "INPUT2"),
    ("610", "Accounts Receivable", "CURRENT", "NONE"),
)
_RATES = {"OUTPUT2": Decimal("0.15"), "INPUT2": Decimal("0.15"), "NONE": Decimal(0)}
_CENT = Decimal("0.01")


class Invalid(Exception):
    """An object violates validation rules; has their messages."""

    def __init__(self, *messages: str) -> None:
        super().__init__(*messages)
        self.messages = messages


class Books:
    """The accounts, contacts, invoices and payments of one organisation, each kind by id, oldest first."""

    def __init__(self) -> None:
        self.accounts = {item["AccountID"]: item for item in map(_account, ACCOUNTS)}
        self.contacts: dict[str, Json] = {}
        self.invoices: dict[str, Json] = {}
        self.payments: dict[str, Json] = {}
        self._numbers = count(1)

    def kind(self, name: str) -> dict[str, Json] | None:
        """Return the objects of a kind, such as `Invoices`."""
        return {
            "Accounts": self.accounts,
            "Contacts": self.contacts,
            "Invoices": self.invoices,
            "Payments": self.payments,
        }.get(name)

    def save(self, name: str, values: Json, key: str | None) -> Json:
        """Create an object of a kind, or change the one with that id."""
        savers: dict[str, Callable[[Json, str | None], Json]] = {
            "Contacts": self.save_contact,
            "Invoices": self.save_invoice,
            "Payments": self.save_payment,
        }
        return savers[name](values, key)

    def save_contact(self, values: Json, key: str | None) -> Json:
        """Create or change a contact."""
        held = self.contacts.get(key or "", {"ContactID": _new_id(), "ContactStatus": "ACTIVE", "Name": ""})
        made = {**held, **values, "UpdatedDateUTC": moment()}
        if not made["Name"].strip():
            raise Invalid("The contact name must be specified.")
        others = [item for item in self.contacts.values() if item["ContactID"] != made["ContactID"]]
        if any(item["Name"].lower() == made["Name"].lower() and item["ContactStatus"] == "ACTIVE" for item in others):
            raise Invalid(f"The contact name {made['Name']} is already assigned to another contact.")
        self.contacts[made["ContactID"]] = made
        return made

    def save_invoice(self, values: Json, key: str | None) -> Json:
        """Create or change an invoice or a bill."""
        held = self.invoices.get(key or "")
        made = {**(held or self._blank()), **values}
        problems = [*_illegal_step(held, made), *self._problems(made)]
        if problems:
            raise Invalid(*problems)
        made["Contact"] = self.contacts[made["Contact"]["ContactID"]]
        made["InvoiceNumber"] = made.get("InvoiceNumber") or self._number(made["Type"])
        for name in ("Date", "DueDate"):
            if name in values:
                made |= _days(name, values[name])
        made["LineItems"] = [self._line(item) for item in made["LineItems"]]
        self.invoices[made["InvoiceID"]] = made
        self._add_totals(made)
        return made

    def save_payment(self, values: Json, key: str | None) -> Json:
        """Pay an invoice, or delete a payment."""
        if key is not None:
            return self._delete_payment(self.payments[key], values)
        invoice = self.invoices.get(values.get("Invoice", {}).get("InvoiceID", ""))
        account = self._account(values.get("Account", {}).get("Code"))
        amount, today = Decimal(str(values.get("Amount", 0))), datetime.now(UTC).date().isoformat()
        self._check_payment(invoice, account, amount)
        made = {
            "PaymentID": _new_id(),
            "Amount": float(amount),
            "Reference": values.get("Reference", ""),
            "Status": "AUTHORISED",
            "PaymentType": "ACCRECPAYMENT",
            "IsReconciled": False,
            "Invoice": {"InvoiceID": invoice["InvoiceID"], "InvoiceNumber": invoice["InvoiceNumber"]}
            if invoice
            else {},
            "Account": {"AccountID": account["AccountID"], "Code": account["Code"]} if account else {},
            "Date": _days("Date", values.get("Date") or today)["Date"],
            "UpdatedDateUTC": moment(),
        }
        self.payments[made["PaymentID"]] = made
        self._add_totals(self.invoices[made["Invoice"]["InvoiceID"]])
        return made

    def _delete_payment(self, payment: Json, values: Json) -> Json:
        if values != {"Status": "DELETED"} or payment["Status"] == "DELETED":
            raise Invalid("The payment cannot be changed, only deleted.")
        payment["Status"] = "DELETED"
        self._add_totals(self.invoices[payment["Invoice"]["InvoiceID"]])
        return payment

    def _check_payment(self, invoice: Json | None, account: Json | None, amount: Decimal) -> None:
        if invoice is None or invoice["Status"] not in ("AUTHORISED", "PAID"):
            raise Invalid("Payments can only be made against Authorised documents")
        if account is None or not (account["Type"] == "BANK" or account["EnablePaymentsToAccount"]):
            raise Invalid("The account is not a bank account and does not take payments")
        if not 0 < amount <= Decimal(str(invoice["AmountDue"])):
            raise Invalid("Payment amount exceeds the amount outstanding on this document")

    def _problems(self, made: Json) -> Iterator[str]:
        if made.get("Contact", {}).get("ContactID") not in self.contacts:
            yield "A Contact must be specified for this type of transaction"
        others = [item for item in self.invoices.values() if item["InvoiceID"] != made["InvoiceID"]]
        if made.get("InvoiceNumber") and made["InvoiceNumber"] in [item["InvoiceNumber"] for item in others]:
            yield "Invoice # must be unique."
        codes = [item.get("AccountCode") for item in made["LineItems"]]
        yield from (
            f"Account code '{code}' is not a valid code for this document." for code in codes if self._is_unknown(code)
        )
        if made["Status"] == "AUTHORISED":
            if not made.get("DueDate"):
                yield "Due date must be specified."
            if not made["LineItems"] or None in codes:
                yield "Account code must be specified."

    def _is_unknown(self, code: str | None) -> bool:
        return code is not None and self._account(code) is None

    def _account(self, code: str | None) -> Json | None:
        return next((item for item in self.accounts.values() if item["Code"] == code), None)

    def _line(self, values: Json) -> Json:
        account = self._account(values.get("AccountCode"))
        quantity, price = Decimal(str(values.get("Quantity", 1))), Decimal(str(values.get("UnitAmount", 0)))
        tax_type = values.get("TaxType") or (account["TaxType"] if account else "NONE")
        amount = values.get("LineAmount", float((quantity * price).quantize(_CENT)))
        defaults = {"LineItemID": _new_id(), "Quantity": float(quantity), "UnitAmount": float(price)}
        return {**defaults, **values, "TaxType": tax_type, "LineAmount": amount}

    def _add_totals(self, invoice: Json) -> None:
        mode, lines = invoice["LineAmountTypes"], invoice["LineItems"]
        sums = [
            _sum_and_tax(Decimal(str(line["LineAmount"])), _RATES.get(line["TaxType"], Decimal(0)), mode)
            for line in lines
        ]
        net, tax = sum((item[0] for item in sums), Decimal(0)), sum((item[1] for item in sums), Decimal(0))
        made = [item for item in self.payments.values() if item["Invoice"]["InvoiceID"] == invoice["InvoiceID"]]
        paid = sum((Decimal(str(item["Amount"])) for item in made if item["Status"] == "AUTHORISED"), Decimal(0))
        due = net + tax - paid if invoice["Status"] in ("AUTHORISED", "PAID", "DRAFT", "SUBMITTED") else Decimal(0)
        if invoice["Status"] in ("AUTHORISED", "PAID"):
            invoice["Status"] = "PAID" if paid and not due else "AUTHORISED"
        figures = {"SubTotal": net, "TotalTax": tax, "Total": net + tax, "AmountPaid": paid, "AmountDue": due}
        invoice.update({name: float(value) for name, value in figures.items()}, UpdatedDateUTC=moment())

    def _blank(self) -> Json:
        today = datetime.now(UTC).date().isoformat()
        kept = {"Status": "DRAFT", "LineAmountTypes": "Exclusive", "LineItems": [], "CurrencyCode": "NZD"}
        return {"InvoiceID": _new_id(), **kept, **_days("Date", today), "AmountPaid": 0.0, "Reference": ""}

    def _number(self, kind: str) -> str:
        return f"INV-{next(self._numbers):04d}" if kind == "ACCREC" else ""


def _illegal_step(held: Json | None, made: Json) -> Iterator[str]:
    if held is None:
        return
    if held["AmountPaid"]:
        yield "This document cannot be edited as it has a payment or credit note allocated to it."
    steps = {"DRAFT": "DRAFT SUBMITTED AUTHORISED DELETED", "SUBMITTED": "DRAFT SUBMITTED AUTHORISED DELETED"}
    if made["Status"] not in {**steps, "AUTHORISED": "AUTHORISED VOIDED"}.get(held["Status"], "").split():
        yield "Invoice not of valid status for modification"


def _sum_and_tax(amount: Decimal, rate: Decimal, mode: str) -> tuple[Decimal, Decimal]:
    if mode == "NoTax":
        return amount, Decimal(0)
    tax = (amount * rate if mode == "Exclusive" else amount * rate / (1 + rate)).quantize(_CENT)
    return (amount if mode == "Exclusive" else amount - tax), tax


def _account(row: tuple[str, str, str, str]) -> Json:
    code, name, kind, tax = row
    made = {"AccountID": _new_id(), "Code": code, "Name": name, "Type": kind, "TaxType": tax, "Status": "ACTIVE"}
    return {**made, "EnablePaymentsToAccount": False, "UpdatedDateUTC": moment()}


def _days(name: str, given: str) -> Json:
    """Return a date, given in any format that Xero accepts, in both formats of its responses."""
    day = date.fromisoformat(to_python(given)[:10])
    milliseconds = (day - date(1970, 1, 1)) // timedelta(milliseconds=1)
    return {name: f"/Date({milliseconds}+0000)/", f"{name}String": f"{day.isoformat()}T00:00:00"}


def moment() -> str:
    return f"/Date({datetime.now(UTC).timestamp() * 1000:.0f}+0000)/"


def _new_id() -> str:
    return str(uuid.uuid4())
