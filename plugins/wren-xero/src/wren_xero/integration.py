"""The integration: its spec, its configuration and its methods."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field

from wren_core import Integration, IntegrationConfig, method
from wren_core.contract.spec import CredentialSpec, CredentialType, IntegrationSpec, OAuth2Config, UndoSpec
from wren_xero.api import ONLY, XeroApi
from wren_xero.records import Account, Contact, Invoice, Money, NewLine, Payment

# Ids become part of URLs, so only the format of Xero's ids is allowed.
_ID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_Id, _TENANT = Field(pattern=f"^{_ID}$"), Field(pattern=f"^({_ID}|{ONLY})$")
InvoiceId = Annotated[str, _Id, "Id of the invoice: the `invoice_id` of an Invoice"]
ContactId = Annotated[str, _Id, "Id of the contact: the `contact_id` of a Contact"]
Limit = Annotated[int, Field(ge=1, le=10_000), "Maximum number of items"]
Status = Literal["DRAFT", "SUBMITTED", "AUTHORISED"]

_INVOICES, _PAYMENTS, _CONTACTS = "accounting.invoices", "accounting.payments", "accounting.contacts"
_EXAMPLE = 'xero.create_invoice(contact_id, [{"description": "Tea", "unit_amount": "4.50", "account_code": "200"}])'
_ACCOUNTS = "accounting.settings.read"
_VOID = UndoSpec(method="void_invoice", arguments={"invoice_id": "/output/invoice_id"})
_UNPAY = UndoSpec(method="delete_payment", arguments={"payment_id": "/output/payment_id"})
_ARCHIVE = UndoSpec(method="archive_contact", arguments={"contact_id": "/output/contact_id"})


class Xero(Integration):
    """Keep the books of a Xero organisation: invoices, contacts, payments, accounts."""

    spec = IntegrationSpec(
        name="xero",
        display_name="Xero",
        auth=OAuth2Config(
            provider="xero",
            authorization_url="https://login.xero.com/identity/connect/authorize",
            token_url="https://identity.xero.com/connect/token",  # noqa: S106 - an address
            revoke_url="https://identity.xero.com/connect/revocation",
            scopes=("openid", "email", "offline_access", _INVOICES, _PAYMENTS, _CONTACTS, _ACCOUNTS),
        ),
        credentials=(
            CredentialSpec(
                key="access_token",
                type=CredentialType.OAUTH2,
                description="OAuth access token, valid for half an hour",
                env_var="XERO_ACCESS_TOKEN",
                refresh_key="refresh_token",
                refresh_env_var="XERO_REFRESH_TOKEN",
            ),
        ),
        base_url="https://api.xero.com",
        hosts=("api.xero.com",),
        docs_url="https://developer.xero.com/documentation/api/accounting/overview",
    )

    class Config(IntegrationConfig):
        """Settings of one instance."""

        tenant_id: Annotated[str, _TENANT, "Id of the organisation, see list_tenants(); `only` if there is one"]
        invoice_prefix: Annotated[str, "Prefix of the numbers given to create_invoice"] = "INV-"

    config: Config
    client: XeroApi

    def connect(self) -> XeroApi:
        """Create the client, without sending a request."""
        return XeroApi(self.base_url, self.credentials["access_token"], tenant_id=self.config.tenant_id)

    @method(example="xero.list_tenants()")
    def list_tenants(self) -> Annotated[dict[str, str], "Names by tenant_id"]:
        """List all connected organisations, also those that are not configured."""
        return self.client.tenants()

    @method(scopes=[_INVOICES], example='xero.list_invoices(statuses=["AUTHORISED"], limit=20)')
    def list_invoices(
        self,
        statuses: Annotated[tuple[str, ...], "Only with these statuses, such as AUTHORISED or PAID"] = (),
        contact_id: Annotated[str | None, _Id, "Only invoices of this contact"] = None,
        invoice_number: Annotated[str | None, "Only the invoice with this number"] = None,
        limit: Limit = 100,
    ) -> list[Invoice]:
        """List invoices and bills, newest first; filter by status, contact or number."""
        wanted = {"Statuses": ",".join(statuses) or None, "ContactIDs": contact_id, "InvoiceNumbers": invoice_number}
        return self.client.pages(Invoice, limit, order="Date DESC", **wanted)

    @method(scopes=[_INVOICES], example="xero.get_invoice(invoice_id).amount_due")
    def get_invoice(self, invoice_id: InvoiceId) -> Invoice:
        """Read an invoice or a bill with its lines."""
        return self.client.read_one(Invoice, invoice_id)

    @method(effect="write", scopes=[_INVOICES], undo=_VOID, example=_EXAMPLE)
    def create_invoice(
        self,
        contact_id: ContactId,
        line_items: Annotated[list[NewLine], "Lines of the invoice"],
        type: Annotated[Literal["ACCREC", "ACCPAY"], "Invoice, or a bill"] = "ACCREC",  # noqa: A002 - Xero's word
        status: Annotated[Status, "Status of the new invoice"] = "DRAFT",
        date: Annotated[dt.date | None, "Date of issue; default: today"] = None,
        due_date: Annotated[dt.date | None, "Due date; required for status AUTHORISED"] = None,
        number: Annotated[str | None, "Number after the invoice_prefix; default: Xero's next number"] = None,
        reference: Annotated[str | None, "Additional reference"] = None,
        currency_code: Annotated[str | None, "Currency, such as NZD; default: the organisation's"] = None,
        line_amount_types: Annotated[Literal["Exclusive", "Inclusive", "NoTax"], "Tax in the amounts"] = "Exclusive",
    ) -> Invoice:
        """Create an invoice to a customer, or a bill of a supplier."""
        values: dict[str, Any] = {"type": type, "status": status, "date": date, "due_date": due_date}
        values |= {"invoice_number": self.config.invoice_prefix + number if number else None, "reference": reference}
        values |= {"currency_code": currency_code, "line_amount_types": line_amount_types, "line_items": line_items}
        return self.client.write(Invoice, {**values, "contact": {"contact_id": contact_id}})

    @method(
        effect="write", idempotent=True, scopes=[_INVOICES], example='xero.update_invoice(draft_id, reference="PO 7")'
    )
    def update_invoice(
        self,
        invoice_id: InvoiceId,
        status: Annotated[Status | None, "AUTHORISED approves the invoice, so that it can be paid"] = None,
        line_items: Annotated[list[NewLine] | None, "New lines; they replace all current ones"] = None,
        due_date: Annotated[dt.date | None, "Due date"] = None,
        reference: Annotated[str | None, "Additional reference"] = None,
    ) -> Invoice:
        """Change or approve an invoice that is not paid; omitted values stay unchanged."""
        values = {"status": status, "line_items": line_items, "due_date": due_date, "reference": reference}
        return self.client.write(Invoice, values, invoice_id)

    @method(effect="destructive", scopes=[_INVOICES], example="xero.void_invoice(draft_id)")
    def void_invoice(self, invoice_id: InvoiceId) -> Invoice:
        """Void an invoice without payments, or delete a draft; neither can be undone."""
        is_draft = self.client.read_one(Invoice, invoice_id).status in ("DRAFT", "SUBMITTED")
        return self.client.write(Invoice, {"status": "DELETED" if is_draft else "VOIDED"}, invoice_id)

    @method(scopes=[_CONTACTS], example='xero.list_contacts("harbour")')
    def list_contacts(
        self, search: Annotated[str | None, "Part of a name or an e-mail address"] = None, limit: Limit = 100
    ) -> list[Contact]:
        """List active contacts, sorted by name; search here for a contact_id before creating a contact."""
        return self.client.pages(Contact, limit, order="Name ASC", searchTerm=search)

    @method(effect="write", scopes=[_CONTACTS], undo=_ARCHIVE, example='xero.create_contact("Harbour Ltd")')
    def create_contact(
        self,
        name: Annotated[str, Field(pattern=r"\S"), "Name; unique among active contacts"],
        email_address: Annotated[str | None, "E-mail address"] = None,
    ) -> Contact:
        """Create a contact, a customer or a supplier."""
        return self.client.write(Contact, {"name": name, "email_address": email_address})

    @method(effect="write", idempotent=True, scopes=[_CONTACTS], example="xero.archive_contact(contact_id)")
    def archive_contact(self, contact_id: ContactId) -> Contact:
        """Archive a contact; contacts cannot be deleted in Xero."""
        return self.client.write(Contact, {"contact_status": "ARCHIVED"}, contact_id)

    @method(scopes=[_PAYMENTS], example="xero.list_payments(invoice_id)")
    def list_payments(
        self, invoice_id: Annotated[str | None, _Id, "Only payments of this invoice"] = None, limit: Limit = 100
    ) -> list[Payment]:
        """List payments, newest first."""
        where = f'Invoice.InvoiceID==guid("{invoice_id}")' if invoice_id else None
        return self.client.pages(Payment, limit, order="Date DESC", where=where)

    @method(effect="write", scopes=[_PAYMENTS], undo=_UNPAY, example='xero.create_payment(invoice_id, "090", "4.50")')
    def create_payment(
        self,
        invoice_id: InvoiceId,
        account_code: Annotated[str, "Code of a bank account, or of an account that accepts payments"],
        amount: Annotated[Money, "Amount, at most the amount due"],
        date: Annotated[dt.date | None, "Date of the payment; default: today"] = None,
        reference: Annotated[str | None, "Reference of the payment"] = None,
    ) -> Payment:
        """Record a full or partial payment of an authorised invoice."""
        values: dict[str, Any] = {"invoice": {"invoice_id": invoice_id}, "account": {"code": account_code}}
        values |= {"amount": amount, "date": date or dt.date.today(), "reference": reference}
        return self.client.write(Payment, values)

    @method(effect="destructive", scopes=[_PAYMENTS], example="xero.delete_payment(payment_id)")
    def delete_payment(self, payment_id: Annotated[str, _Id, "Id of the payment"]) -> Payment:
        """Delete a payment; its amount is then due again."""
        return self.client.write(Payment, {"status": "DELETED"}, payment_id, is_bare=True)

    @method(scopes=[_ACCOUNTS], example='xero.list_accounts("BANK")')
    def list_accounts(self, kind: Annotated[str | None, Field(pattern="^[A-Z]+$"), "Type"] = None) -> list[Account]:
        """List the chart of accounts, or the accounts of one type, such as BANK or REVENUE."""
        return self.client.read(Account, where=f'Type=="{kind}"' if kind else None)
