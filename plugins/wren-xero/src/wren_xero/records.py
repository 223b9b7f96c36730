"""Parameters and results of the methods, with Xero's names in snake case; see `api.to_python`."""

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import AliasPath, Field

from wren_core import Record

# Every JSON parser reads fifteen digits exactly; Xero stores four of them after the decimal point.
Money = Annotated[Decimal, Field(max_digits=15)]


class LineItem(Record):
    """One line of an invoice."""

    description: Annotated[str, Field(pattern=r"\S"), "Description"]
    quantity: Annotated[Money, "Quantity"] = Decimal(1)
    unit_amount: Annotated[Money | None, "Price per unit"] = None
    account_code: Annotated[str | None, "Code of the account, see list_accounts()"] = None
    tax_type: Annotated[str | None, "Tax type, such as OUTPUT2; default: that of the account"] = None
    item_code: Annotated[str | None, "Code of an inventory item"] = None
    line_amount: Annotated[Money | None, "Total of the line; computed by Xero if omitted"] = None


class NewLine(LineItem, extra="forbid"):
    """One line of a new invoice; unknown fields are an error."""


class Invoice(Record):
    """An invoice to a customer, or a bill of a supplier."""

    invoice_id: Annotated[str, "Xero's id of the invoice; the invoice_id of other methods"]
    invoice_number: Annotated[str, "Invoice number; empty for bills without one"] = ""
    type: Annotated[str, "ACCREC for an invoice to a customer, ACCPAY for a bill"]
    status: Annotated[str, "DRAFT, SUBMITTED, AUTHORISED, PAID, VOIDED or DELETED"]
    contact_id: Annotated[str, Field(validation_alias=AliasPath("contact", "contact_id")), "Id of the contact"] = ""
    contact_name: Annotated[str, Field(validation_alias=AliasPath("contact", "name")), "Name of the contact"] = ""
    date: Annotated[dt.date | None, "Date of issue"] = None
    due_date: Annotated[dt.date | None, "Due date"] = None
    reference: Annotated[str, "Additional reference"] = ""
    currency_code: Annotated[str, "Currency, such as NZD"] = ""
    sub_total: Annotated[Decimal, "Total without tax"] = Decimal(0)
    total_tax: Annotated[Decimal, "Tax"] = Decimal(0)
    total: Annotated[Decimal, "Total with tax"] = Decimal(0)
    amount_paid: Annotated[Decimal, "Amount paid"] = Decimal(0)
    amount_due: Annotated[Decimal, "Amount still due"] = Decimal(0)
    line_items: Annotated[tuple[LineItem, ...], "Lines of the invoice"] = ()


class Contact(Record):
    """A customer or a supplier."""

    contact_id: Annotated[str, "Xero's id of the contact; the contact_id of create_invoice"]
    name: Annotated[str, "Name, unique among active contacts"]
    contact_status: Annotated[str, "ACTIVE, ARCHIVED or GDPRREQUEST"] = "ACTIVE"
    email_address: Annotated[str, "E-mail address"] = ""


class Payment(Record):
    """A payment of an invoice or a bill."""

    payment_id: Annotated[str, "Xero's id of the payment; the payment_id of delete_payment"]
    invoice_id: Annotated[str, Field(validation_alias=AliasPath("invoice", "invoice_id")), "Id of the invoice"] = ""
    account_code: Annotated[str, Field(validation_alias=AliasPath("account", "code")), "Code of the account"] = ""
    date: Annotated[dt.date | None, "Date of the payment"] = None
    amount: Annotated[Decimal, "Amount"]
    reference: Annotated[str, "Reference"] = ""
    status: Annotated[str, "AUTHORISED or DELETED"] = "AUTHORISED"


class Account(Record):
    """An account of the chart of accounts."""

    account_id: Annotated[str, "Xero's id of the account"]
    code: Annotated[str, "Code used by lines and payments; some bank accounts have none"] = ""
    name: Annotated[str, "Name"]
    type: Annotated[str, "Type, such as BANK, REVENUE or EXPENSE"]
    status: Annotated[str, "ACTIVE or ARCHIVED"] = "ACTIVE"
    enable_payments_to_account: Annotated[bool, "Whether it accepts payments; BANK accounts always do"] = False
