import pytest

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.authorization.departures import Departure
from wren_backend.connections.authorization.pages import Pages
from wren_core.errors import InternalError

DEPARTURE = Departure(url="https://p.test/authorize?a=1&b=%20", cookie_name="wren_flow_1", cookie_value="secret")


def test_over_tls_the_cookie_is_secure():
    response = Pages(Addresses(public_url="https://w.test/wren")).depart(DEPARTURE, seconds=600)

    assert {"Secure", "HttpOnly", "Path=/wren/integrations"} <= set(response.headers["set-cookie"].split("; "))


def test_the_address_at_the_provider_is_passed_on_unchanged():
    response = Pages(Addresses(public_url="https://w.test")).depart(DEPARTURE, seconds=600)

    assert (response.status_code, response.headers["location"]) == (303, DEPARTURE.url)


def test_a_failure_of_ours_tells_no_details():
    page = Pages(Addresses(public_url="https://w.test")).problem(InternalError("disk /dev/sda1"), integration=None)

    assert page.status_code == 500
    assert b"sda1" not in page.body


def test_each_page_has_its_own_nonce(stand_in):
    pages = Pages(Addresses(public_url="https://w.test"))

    first, second = (pages.start(stand_in.Parcel.spec, again=False) for _ in range(2))

    assert first.headers["content-security-policy"] != second.headers["content-security-policy"]


@pytest.mark.parametrize("again", [True, False])
def test_what_a_person_typed_is_shown_back_as_text(stand_in, again):
    pages = Pages(Addresses(public_url="https://w.test"))

    page = pages.start(stand_in.Parcel.spec, again=again, alias='"><script>', problem="<i>")

    assert b"<script>" not in page.body
    assert b"<i>" not in page.body


def test_a_departure_does_not_show_its_secrets():
    assert "secret" not in repr(DEPARTURE)
    assert "p.test" not in repr(DEPARTURE)
