"""The OAuth of the fake, which the backend meets: consent, rotation, revocation."""

import html
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from wren_xero import Xero
from wren_xero.fake import FakeXero

BACK = "http://127.0.0.1:9/integrations/xero/callback"
CLIENT = {"client_id": "fake-client", "client_secret": "fake-client-secret"}


def path(address):
    return urlsplit(address).path


def consent(fake_server):
    auth = Xero.spec.auth
    query = {**CLIENT, "redirect_uri": BACK, "scope": " ".join(auth.scopes), "state": "s", "response_type": "code"}
    page = httpx2.get(f"{fake_server.url}{path(auth.authorization_url)}?{urlencode(query)}").text
    form = re.search(r"<form.*?</form>", page, re.DOTALL)[0]
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    back = httpx2.post(f"{fake_server.url}{path(auth.authorization_url)}", data=fields).headers["location"]
    return parse_qs(urlsplit(back).query)["code"][0]


def token(fake_server, **grant):
    return httpx2.post(
        f"{fake_server.url}{path(Xero.spec.auth.token_url)}", data={**CLIENT, "redirect_uri": BACK, **grant}
    )


def test_a_consent_returns_half_hour_tokens_with_the_declared_scopes(fake, fake_server):
    answer = token(fake_server, grant_type="authorization_code", code=consent(fake_server)).json()

    assert answer["expires_in"] == 1800
    assert answer["scope"].split() == list(Xero.spec.required_scopes)
    assert answer["refresh_token"]


def test_a_refresh_token_works_once(fake, fake_server, connect):
    first = token(fake_server, grant_type="authorization_code", code=consent(fake_server)).json()["refresh_token"]

    second = token(fake_server, grant_type="refresh_token", refresh_token=first)
    again = token(fake_server, grant_type="refresh_token", refresh_token=first)

    assert connect(token=second.json()["access_token"]).list_contacts() == []
    assert second.json()["refresh_token"] != first
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_dates_are_accepted_in_all_of_xeros_formats(fake):
    books = fake.books[next(iter(fake.tenants))]
    contact = {"ContactID": fake.contact("Harbour Ltd")["ContactID"]}
    days = ["2026-03-01", "/Date(1772323200000)/", "/Date(1772323200000+0000)/", "2026-03-01T00:00:00"]

    made = [books.save_invoice({"Type": "ACCREC", "Contact": contact, "Date": day}, None) for day in days]

    assert {(item["Date"], item["DateString"]) for item in made} == {
        ("/Date(1772323200000+0000)/", "2026-03-01T00:00:00")
    }


def test_the_fake_needs_no_arguments_and_has_the_integrations_name():
    assert FakeXero().name == Xero.spec.name


def test_an_unknown_path_is_not_found(fake, fake_server):
    headers = {"authorization": f"Bearer {fake.token()}", "xero-tenant-id": next(iter(fake.tenants))}

    assert httpx2.get(f"{fake_server.url}/api.xro/2.0/Quotes", headers=headers).status_code == 404
    assert httpx2.get(f"{fake_server.url}/elsewhere", headers=headers).status_code == 404
