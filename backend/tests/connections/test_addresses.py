import pytest

from wren_backend.connections.addresses import Addresses


def test_the_redirect_uri_is_exactly_the_registered_one():
    assert Addresses(public_url="https://w.test").callback("parcel") == "https://w.test/integrations/parcel/callback"


def test_a_connect_link_carries_its_token_escaped():
    link = Addresses(public_url="https://w.test").connect_link("parcel", "a+b/c")

    assert link == "https://w.test/integrations/parcel/setup?link=a%2Bb%2Fc"


def test_a_public_path_is_kept_in_addresses_and_cookies():
    addresses = Addresses(public_url="https://w.test/wren")

    assert addresses.callback("parcel") == "https://w.test/wren/integrations/parcel/callback"
    assert addresses.cookie_path == "/wren/integrations"


def test_cookies_are_secure_only_where_browsers_come_over_tls():
    assert Addresses(public_url="https://w.test").is_https
    assert not Addresses(public_url="http://w.test").is_https


def test_documents_are_the_integrations_own_then_the_operators_then_ours(stand_in):
    ours, operators = Addresses(public_url="https://w.test"), Addresses(public_url="", docs_url="https://d.test/")

    assert ours.docs(stand_in.Weather.spec) == "https://weather.test/docs"
    assert operators.docs(stand_in.Parcel.spec) == "https://d.test/integrations/parcel"
    assert ours.docs(stand_in.Parcel.spec) == "https://w.test/v1/integrations/parcel/docs"


OWN = Addresses(public_url="https://wren.example/app", docs_url="https://docs.example/wren/")


@pytest.mark.parametrize(
    "link",
    [
        "https://wren.example/app",
        "https://wren.example/app/integrations/mail/setup?link=x",
        "https://docs.example/wren/integrations/mail",
    ],
)
def test_a_link_to_wren_in_the_error_of_a_script_stays(link):
    assert OWN.own_links({"message": "m", "action_url": link}) == {"message": "m", "action_url": link}


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/",
        "http://wren.example/app/x",
        "https://wren.example.evil.example/app/",
        "https://wren.example/application",
        "https://wren.example/",
        "https://wren.example/app@evil.example/",
        "https://wren.example/app\x1b[2J",
        "javascript:alert(1)",
        "https://wren.example/app/ run this",
        7,
        None,
    ],
)
def test_a_link_that_leads_elsewhere_is_removed_from_the_error_of_a_script_and_its_parts(link):
    error = {"message": "m", "action_url": link, "docs_url": link}

    assert OWN.own_links({**error, "details": {"problems": [error, "x"], "a": 1}}) == {
        "message": "m",
        "details": {"problems": [{"message": "m"}, "x"], "a": 1},
    }
