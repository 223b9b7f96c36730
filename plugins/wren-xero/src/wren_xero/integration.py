"""The integration: what it is, what it may be told, and its methods."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field

from wren_core import Integration, IntegrationConfig, method
from wren_core.contract.spec import CredentialSpec, CredentialType, IntegrationSpec, OAuth2Config, UndoSpec
from wren_xero.api import ONLY, XeroApi
from wren_xero.records import Account, Contact, Invoice, Money, NewLine, Payment

# Part of a URL, so nothing may pass but what Xero makes ids of.
_ID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_Id, _TENANT = Field(pattern=f"^{_ID}$"), Field(pattern=f"^({_ID}|{ONLY})$")
InvoiceId = Annotated[str, _Id, "Id of the invoice: the `invoice_id` of an Invoice"]
ContactId = Annotated[str, _Id, "Id of the contact: the `contact_id` of a Contact"]
Limit = Annotated[int, Field(ge=1, le=10_000), "At most so many"]
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
                description="OAuth access token, which lasts half an hour",
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

        tenant_id: Annotated[str, _TENANT, "Id of the organisation, see list_tenants(); `only` where there is one"]
        invoice_prefix: Annotated[str, "Put before the numbers given to create_invoice"] = "INV-"

    config: Config
    client: XeroApi

    def connect(self) -> XeroApi:
        """Make the client; nothing is sent yet."""
        return XeroApi(self.base_url, self.credentials["access_token"], tenant_id=self.config.tenant_id)

    @method(example="xero.list_tenants()")
    def list_tenants(self) -> Annotated[dict[str, str], "Names by tenant_id"]:
        """List the organisations that are connected, whichever one is configured."""
        return self.client.tenants()

    @method(scopes=[_INVOICES], example='xero.list_invoices(statuses=["AUTHORISED"], limit=20)')
    def list_invoices(
        self,
        statuses: Annotated[tuple[str, ...], "Only in these states, such as AUTHORISED or PAID"] = (),
        contact_id: Annotated[str | None, _Id, "Only those of this contact"] = None,
        invoice_number: Annotated[str | None, "Only the one with this number"] = None,
        limit: Limit = 100,
    ) -> list[Invoice]:
        """List invoices and bills, newest first."""
        wanted = {"Statuses": ",".join(statuses) or None, "ContactIDs": contact_id, "InvoiceNumbers": invoice_number}
        return self.client.pages(Invoice, limit, order="Date DESC", **wanted)

    @method(scopes=[_INVOICES], example="xero.get_invoice(invoice_id).amount_due")
    def get_invoice(self, invoice_id: InvoiceId) -> Invoice:
        """Read an invoice or a bill."""
        return self.client.read(Invoice, invoice_id)[0]

    @method(effect="write", scopes=[_INVOICES], undo=_VOID, example=_EXAMPLE)
    def create_invoice(
        self,
        contact_id: ContactId,
        line_items: Annotated[list[NewLine], "Its lines"],
        type: Annotated[Literal["ACCREC", "ACCPAY"], "To a customer, or a bill"] = "ACCREC",  # noqa: A002 - Xero's word
        status: Annotated[Status, "How far it is"] = "DRAFT",
        date: Annotated[dt.date | None, "Day of issue; today when left out"] = None,
        due_date: Annotated[dt.date | None, "Day it is due; an authorised one needs it"] = None,
        number: Annotated[str | None, "Number behind the invoice_prefix; Xero's next one when left out"] = None,
        reference: Annotated[str | None, "Reference beside the number"] = None,
        currency_code: Annotated[str | None, "Currency, such as NZD; the organisation's when left out"] = None,
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
        status: Annotated[Status | None, "AUTHORISED approves it, so that it counts and can be paid"] = None,
        line_items: Annotated[list[NewLine] | None, "All the lines it shall have"] = None,
        due_date: Annotated[dt.date | None, "Day it is due"] = None,
        reference: Annotated[str | None, "Reference beside the number"] = None,
    ) -> Invoice:
        """Change an invoice that is not paid; what is left out stays as it is."""
        values = {"status": status, "line_items": line_items, "due_date": due_date, "reference": reference}
        return self.client.write(Invoice, values, invoice_id)

    @method(effect="destructive", scopes=[_INVOICES], example="xero.void_invoice(draft_id)")
    def void_invoice(self, invoice_id: InvoiceId) -> Invoice:
        """Void an invoice without payments, or delete it while it is a draft; neither can be taken back."""
        is_draft = self.client.read(Invoice, invoice_id)[0].status in ("DRAFT", "SUBMITTED")
        return self.client.write(Invoice, {"status": "DELETED" if is_draft else "VOIDED"}, invoice_id)

    @method(scopes=[_CONTACTS], example='xero.list_contacts("harbour")')
    def list_contacts(
        self, search: Annotated[str | None, "Part of a name or an e-mail address"] = None, limit: Limit = 100
    ) -> list[Contact]:
        """List active contacts by name."""
        return self.client.pages(Contact, limit, order="Name ASC", searchTerm=search)

    @method(effect="write", scopes=[_CONTACTS], undo=_ARCHIVE, example='xero.create_contact("Harbour Ltd")')
    def create_contact(
        self,
        name: Annotated[str, Field(pattern=r"\S"), "Name, not that of another active contact"],
        email_address: Annotated[str | None, "E-mail address"] = None,
    ) -> Contact:
        """Create a contact."""
        return self.client.write(Contact, {"name": name, "email_address": email_address})

    @method(effect="write", idempotent=True, scopes=[_CONTACTS], example="xero.archive_contact(contact_id)")
    def archive_contact(self, contact_id: ContactId) -> Contact:
        """Put a contact away; Xero never deletes one."""
        return self.client.write(Contact, {"contact_status": "ARCHIVED"}, contact_id)

    @method(scopes=[_PAYMENTS], example="xero.list_payments(invoice_id)")
    def list_payments(
        self, invoice_id: Annotated[str | None, _Id, "Only those of this invoice"] = None, limit: Limit = 100
    ) -> list[Payment]:
        """List payments, newest first."""
        where = f'Invoice.InvoiceID==guid("{invoice_id}")' if invoice_id else None
        return self.client.pages(Payment, limit, order="Date DESC", where=where)

    @method(effect="write", scopes=[_PAYMENTS], undo=_UNPAY, example='xero.create_payment(invoice_id, "090", "4.50")')
    def create_payment(
        self,
        invoice_id: InvoiceId,
        account_code: Annotated[str, "Code of a bank account, or of one that takes payments"],
        amount: Annotated[Money, "How much, at most what is due"],
        date: Annotated[dt.date | None, "Day of the payment; today when left out"] = None,
        reference: Annotated[str | None, "What it says"] = None,
    ) -> Payment:
        """Record that an authorised invoice was paid, wholly or in part."""
        values: dict[str, Any] = {"invoice": {"invoice_id": invoice_id}, "account": {"code": account_code}}
        values |= {"amount": amount, "date": date or dt.date.today(), "reference": reference}
        return self.client.write(Payment, values)

    @method(effect="destructive", scopes=[_PAYMENTS], example="xero.delete_payment(payment_id)")
    def delete_payment(self, payment_id: Annotated[str, _Id, "Id of the payment"]) -> Payment:
        """Take a payment back; the invoice is due again."""
        return self.client.write(Payment, {"status": "DELETED"}, payment_id, is_bare=True)

    @method(scopes=[_ACCOUNTS], example='xero.list_accounts("BANK")')
    def list_accounts(self, kind: Annotated[str | None, Field(pattern="^[A-Z]+$"), "Type"] = None) -> list[Account]:
        """List the chart of accounts, or the accounts of one type, such as BANK or REVENUE."""
        return self.client.read(Account, where=f'Type=="{kind}"' if kind else None)
