"""What the methods take and return; the names are Xero's in snake case, see `api.to_python`."""

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import AliasPath, Field

from wren_core import Record

# Fifteen digits are what a JSON number holds exactly wherever it is read; Xero keeps four of them behind the point.
Money = Annotated[Decimal, Field(max_digits=15)]


class LineItem(Record):
    """One line of an invoice."""

    description: Annotated[str, Field(pattern=r"\S"), "What it is for"]
    quantity: Annotated[Money, "How many"] = Decimal(1)
    unit_amount: Annotated[Money | None, "Price of one"] = None
    account_code: Annotated[str | None, "Code of the account, as list_accounts() shows it"] = None
    tax_type: Annotated[str | None, "Tax type, such as OUTPUT2; the account's when left out"] = None
    item_code: Annotated[str | None, "Code of an inventory item"] = None
    line_amount: Annotated[Money | None, "Sum of the line; Xero works it out when left out"] = None


class NewLine(LineItem, extra="forbid"):
    """One line of an invoice as it is written; a misspelt amount is an error."""


class Invoice(Record):
    """An invoice to a customer, or a bill of a supplier."""

    invoice_id: Annotated[str, "Xero's id of the invoice; what other methods take"]
    invoice_number: Annotated[str, "Number a person knows it by; empty for bills without one"] = ""
    type: Annotated[str, "ACCREC for an invoice to a customer, ACCPAY for a bill"]
    status: Annotated[str, "DRAFT, SUBMITTED, AUTHORISED, PAID, VOIDED or DELETED"]
    contact_id: Annotated[str, Field(validation_alias=AliasPath("contact", "contact_id")), "Id of the contact"] = ""
    contact_name: Annotated[str, Field(validation_alias=AliasPath("contact", "name")), "Name of the contact"] = ""
    date: Annotated[dt.date | None, "Day it was issued"] = None
    due_date: Annotated[dt.date | None, "Day it is due"] = None
    reference: Annotated[str, "Reference beside the number"] = ""
    currency_code: Annotated[str, "Currency, such as NZD"] = ""
    sub_total: Annotated[Decimal, "Sum without tax"] = Decimal(0)
    total_tax: Annotated[Decimal, "Tax"] = Decimal(0)
    total: Annotated[Decimal, "Sum with tax"] = Decimal(0)
    amount_paid: Annotated[Decimal, "What was paid"] = Decimal(0)
    amount_due: Annotated[Decimal, "What is left to pay"] = Decimal(0)
    line_items: Annotated[tuple[LineItem, ...], "Its lines"] = ()


class Contact(Record):
    """A customer or a supplier."""

    contact_id: Annotated[str, "Xero's id of the contact; what create_invoice takes"]
    name: Annotated[str, "Name, unique among the active ones"]
    contact_status: Annotated[str, "ACTIVE, ARCHIVED or GDPRREQUEST"] = "ACTIVE"
    email_address: Annotated[str, "E-mail address"] = ""


class Payment(Record):
    """A payment of an invoice or a bill."""

    payment_id: Annotated[str, "Xero's id of the payment; what delete_payment takes"]
    invoice_id: Annotated[str, Field(validation_alias=AliasPath("invoice", "invoice_id")), "What was paid"] = ""
    account_code: Annotated[str, Field(validation_alias=AliasPath("account", "code")), "Account it went through"] = ""
    date: Annotated[dt.date | None, "Day it was made"] = None
    amount: Annotated[Decimal, "How much"]
    reference: Annotated[str, "What it says"] = ""
    status: Annotated[str, "AUTHORISED or DELETED"] = "AUTHORISED"


class Account(Record):
    """An account of the chart of accounts."""

    account_id: Annotated[str, "Xero's id of the account"]
    code: Annotated[str, "Code that lines and payments name; some bank accounts have none"] = ""
    name: Annotated[str, "Name"]
    type: Annotated[str, "Type, such as BANK, REVENUE or EXPENSE"]
    status: Annotated[str, "ACTIVE or ARCHIVED"] = "ACTIVE"
    enable_payments_to_account: Annotated[bool, "Payments may go through it; through BANK ones always"] = False
