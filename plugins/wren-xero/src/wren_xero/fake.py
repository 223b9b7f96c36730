"""A Xero in memory, for tests without a network or an account.

It implements the part of the accounting API that the integration uses, and the OAuth pages, as Xero does: scopes and
organisations are enforced, validation errors are inside the invalid element, a repeated idempotency key gets the first
response again, and written objects can be read again.

Example:
    fake = FakeXero()
    with serve(fake) as url:
        xero = Xero.create({"tenant_id": "only"}, credentials={"access_token": fake.token()}, base_url=url)
        xero.create_contact("Harbour Ltd")
    assert fake.contact("Harbour Ltd")["ContactStatus"] == "ACTIVE"
"""

import copy
import re
import uuid
from typing import Any, ClassVar

from wren_core.testing import FakeOAuth, FakeProvider, FakeRequest, FakeResponse, FakeUser, route
from wren_xero.fake_books import Books, Invalid, Json, moment
from wren_xero.integration import Xero

ALICE = FakeUser(email="alice@example.com", name="Alice Example")
BOB = FakeUser(email="bob@example.com", name="Bob Example")
DEMO = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"
_SCOPES = {"Invoices": "invoices", "Payments": "payments", "Contacts": "contacts", "Accounts": "settings"}
_GUID = re.compile(r'(\w+)\.\w+ID==guid\("([^"]+)"\)')
_EQUALS = re.compile(r'(\w+)=="([^"]*)"')


class FakeXero(FakeProvider):
    """One organisation, or two, with four accounts: bank 090, sales 200, advertising 400, receivables 610.

    Args:
        tenants: names of the connected organisations by id.
        token_lifetime: lifetime of an access token in seconds; refresh tokens rotate.
        client_id: client id of the app that may ask for consent.
        client_secret: its client secret.
    """

    name: ClassVar[str] = "xero"

    def __init__(
        self,
        *,
        tenants: dict[str, str] | None = None,
        token_lifetime: float = 1800,
        client_id: str = "fake-client",
        client_secret: str = "fake-client-secret",  # noqa: S107 - the published secret of a fake
    ) -> None:
        super().__init__()
        self.tenants = {DEMO: "Demo Company"} if tenants is None else tenants
        self.books = {tenant_id: Books() for tenant_id in self.tenants}
        self.page_size = 100
        self._answers: dict[str, FakeResponse] = {}
        self.oauth = FakeOAuth(
            self,
            users=[ALICE, BOB],
            authorize_path="/identity/connect/authorize",
            token_path="/connect/token",  # noqa: S106 - a path
            revoke_path="/connect/revocation",
            client_id=client_id,
            client_secret=client_secret,
            token_lifetime=token_lifetime,
            rotate=True,
        )

    def token(self, user: FakeUser = ALICE, *, scopes: tuple[str, ...] | None = None) -> str:
        """Return an access token without a consent page; by default it has all scopes of the integration."""
        wanted = Xero.spec.required_scopes if scopes is None else scopes
        return str(self.oauth.issue(user, list(wanted))["access_token"])

    def contact(self, name: str, *, tenant_id: str = DEMO) -> Json:
        """Return a contact by its name; create it if there is none."""
        books = self.books[tenant_id]
        found = next((item for item in books.contacts.values() if item["Name"] == name), None)
        return found or books.save_contact({"Name": name}, None)

    def configuration(self, url: str) -> Json:  # noqa: ARG002 - the base's signature
        """Return the configuration of an instance for the first organisation."""
        return {"tenant_id": next(iter(self.tenants))}

    def example_values(self) -> Json:
        """Return values for the names in the examples: two bank accounts, contacts, invoices that are due, payments."""
        books, made = self.books[next(iter(self.tenants))], {}
        bank = next(item for item in books.accounts.values() if item["Type"] == "BANK")
        books.accounts["savings"] = {**bank, "AccountID": "savings", "Code": "091", "Name": "Savings"}
        line = {"Description": "Tea", "UnitAmount": 4.5, "AccountCode": "200"}
        for name in ("Harbour House", "Harbour Inn"):
            contact = {"ContactID": self.contact(name)["ContactID"]}
            draft = {"Type": "ACCREC", "Contact": contact, "LineItems": [line]}
            due = {**draft, "Status": "AUTHORISED", "DueDate": "2026-12-31"}
            made = {"draft": books.save_invoice(draft, None), "due": books.save_invoice(due, None), "contact": contact}
            for _ in range(2):
                payment = {"Invoice": made["due"], "Account": {"Code": "090"}, "Amount": 0.1, "Date": "2026-01-31"}
                made["payment"] = books.save_payment(payment, None)
        return {
            "contact_id": made["contact"]["ContactID"],
            "draft_id": made["draft"]["InvoiceID"],
            "invoice_id": made["due"]["InvoiceID"],
            "payment_id": made["payment"]["PaymentID"],
        }

    def invoices(self, *, tenant_id: str = DEMO) -> list[Json]:
        """Return the invoices and bills of an organisation, oldest first."""
        return list(self.books[tenant_id].invoices.values())

    def limit_next(self, *, times: int = 1, retry_after: int = 1, limit: str = "minute", path: str = "") -> None:
        """Answer the next requests with Xero's rate limit error."""
        headers = {"retry-after": str(retry_after), "x-rate-limit-problem": limit}
        self.fail_next(429, times=times, path=path, headers=headers, body="")

    def not_found(self, request: FakeRequest) -> FakeResponse:  # noqa: ARG002 - the base's signature
        """Return Xero's error for an unknown path, which is not JSON."""
        return FakeResponse(status=404, body="The resource you're looking for cannot be found")

    @route("GET", "/connections")
    def list_connections(self, request: FakeRequest) -> Any:
        """Return the organisations that the person connected."""
        if self.oauth.user_of(request.token) is None:
            return _problem(401, "Unauthorized", "TokenExpired: token expired")
        return [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_OID, key)),
                "tenantId": key,
                "tenantType": "ORGANISATION",
                "tenantName": name,
            }
            for key, name in self.tenants.items()
        ]

    @route("GET", "/api.xro/2.0/{kind}")
    def list_kind(self, request: FakeRequest) -> FakeResponse:
        """Return a page of the objects of a kind, or all of them if the kind has no pages."""
        return self._refusal(request) or self._list(request)

    @route("GET", "/api.xro/2.0/{kind}/{key}")
    def get_one(self, request: FakeRequest) -> FakeResponse:
        """Return one object."""
        refusal = self._refusal(request)
        found = (
            None if refusal else (self._books(request).kind(request.params["kind"]) or {}).get(request.params["key"])
        )
        return refusal or (_envelope(request, [found]) if found else self.not_found(request))

    @route("PUT", "/api.xro/2.0/{kind}")
    def create(self, request: FakeRequest) -> FakeResponse:
        """Create an object."""
        return self._refusal(request) or self._write_once(request, request.json()[request.params["kind"]][0])

    @route("POST", "/api.xro/2.0/{kind}/{key}")
    def change(self, request: FakeRequest) -> FakeResponse:
        """Change an object."""
        kind, key = request.params["kind"], request.params["key"]
        refusal = self._refusal(request)
        if refusal or key not in (self._books(request).kind(kind) or {}):
            return refusal or self.not_found(request)
        body = request.json()
        return self._write_once(request, body[kind][0] if kind in body else body, key)

    def _refusal(self, request: FakeRequest) -> FakeResponse | None:
        if self.oauth.user_of(request.token) is None:
            return _problem(401, "Unauthorized", "TokenExpired: token expired")
        if request.headers.get("xero-tenant-id") not in self.tenants:
            return _problem(403, "Forbidden", "AuthenticationUnsuccessful")
        if request.params["kind"] not in _SCOPES:
            return self.not_found(request)
        scope = f"accounting.{_SCOPES[request.params['kind']]}"
        wanted = {scope, f"{scope}.read"} if request.method == "GET" else {scope}
        granted = wanted.intersection(self.oauth.scopes_of(request.token))
        return None if granted else _problem(401, "Unauthorized", "AuthorizationUnsuccessful")

    def _books(self, request: FakeRequest) -> Books:
        return self.books[request.headers["xero-tenant-id"]]

    def _list(self, request: FakeRequest) -> FakeResponse:
        query, kind = request.query, request.params["kind"]
        items = [item for item in (self._books(request).kind(kind) or {}).values() if _is_wanted(item, query)]
        if query.get("order", "").startswith("Name"):
            items.sort(key=lambda item: item["Name"])
        elif "order" in query:
            items.reverse()
        if "page" not in query:
            return _envelope(request, items)
        size, page = min(int(query.get("pageSize", 100)), self.page_size), int(query["page"])
        place = {"page": page, "pageSize": size, "pageCount": -(-len(items) // size), "itemCount": len(items)}
        return _envelope(request, items[(page - 1) * size : page * size], pagination=place)

    def _write_once(self, request: FakeRequest, values: Json, key: str | None = None) -> FakeResponse:
        """Perform a write, or repeat the first response if its key is known."""
        repeated = request.headers.get("idempotency-key", "")
        if repeated not in self._answers:
            answer = self._save(request, values, key)
            self._answers[repeated or str(uuid.uuid4())] = answer
            return answer
        return self._answers[repeated]

    def _save(self, request: FakeRequest, values: Json, key: str | None) -> FakeResponse:
        try:
            return _envelope(request, [self._books(request).save(request.params["kind"], values, key)])
        except Invalid as exc:
            faults = [{"Message": message} for message in exc.messages]
            body = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred"}
            return FakeResponse(status=400, body={**body, "Elements": [{**values, "ValidationErrors": faults}]})


def _is_wanted(item: Json, query: dict[str, str]) -> bool:
    where = query.get("where", "")
    guid, equals = _GUID.fullmatch(where), _EQUALS.fullmatch(where)
    tests = [
        not query.get("Statuses") or item["Status"] in query["Statuses"].split(","),
        not query.get("ContactIDs") or item["Contact"]["ContactID"] in query["ContactIDs"].split(","),
        not query.get("InvoiceNumbers") or item["InvoiceNumber"] in query["InvoiceNumbers"].split(","),
        item.get("ContactStatus", "ACTIVE") == "ACTIVE",
        query.get("searchTerm", "").lower() in f"{item.get('Name', '')} {item.get('EmailAddress', '')}".lower(),
        not guid or item[guid[1]][f"{guid[1]}ID"] == guid[2],
        not equals or item.get(equals[1]) == equals[2],
    ]
    return all(tests)


def _envelope(request: FakeRequest, items: list[Json], **more: Json) -> FakeResponse:
    shown = copy.deepcopy(items)  # a copy of the current state
    for line in (line for item in shown for line in item.get("LineItems", ())):
        line["UnitAmount"] = round(line["UnitAmount"], int(request.query.get("unitdp", 2)))
    head = {"Id": str(uuid.uuid4()), "Status": "OK", "ProviderName": "Fake", "DateTimeUTC": moment()}
    return FakeResponse(body={**head, **more, request.params["kind"]: shown})


def _problem(status: int, title: str, detail: str) -> FakeResponse:
    return FakeResponse(status=status, body={"Type": None, "Title": title, "Status": status, "Detail": detail})
