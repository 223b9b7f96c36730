from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from wren_backend.connections.credentials import refresh_repository
from wren_backend.tenancy import repository as tenancy
from wren_backend.testing import open_credentials
from wren_core.testing import FakeResponse
from wren_core.testing.patience import patience

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def begin(api):
    """Ask for a connection and return its id and link."""

    def begin(integration="parcel", **body):
        answer = api.post("/v1/connections", json={"integration": integration, **body}).json()
        return answer["connection_id"], answer["connect_url"]

    return begin


@pytest.fixture
def stored(context, subject):
    """Read a connection with its credentials as they are stored."""

    def read(connection_id):
        with context.database.reading() as session:
            row = refresh_repository.find_any(session, subject.workspace_id, connection_id)
            return row, dict(context.vault.open(session, row.place))

    return read


@pytest.fixture
def connected(begin, browser, stand_in):
    """Connect as Alice and return the connection's id."""
    connection_id, link = begin()
    page = browser.get(browser.consent(browser.depart(link), stand_in.ALICE.email))
    assert page.status_code == 200
    return connection_id


def link_in(page):
    return page.text.partition('name="link" value="')[2].partition('"')[0]


def with_query(url, **changes):
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), **changes}
    return parts._replace(query=urlencode({key: value for key, value in query.items() if value is not None})).geturl()


def assert_refused(page, message, status=400):
    assert page.status_code == status
    assert message in page.text
    assert page.headers["content-type"].startswith("text/html")


def test_a_person_connects_by_consenting_at_the_provider(begin, browser, stored, provider, stand_in, clock):
    connection_id, link = begin()

    departure = browser.depart(link)
    back = browser.consent(departure, stand_in.ALICE.email)
    page = browser.get(back)

    row, tokens = stored(connection_id)
    assert departure.status_code == 303
    assert page.status_code == 200
    assert "alice@parcel.test" in page.text
    assert "tester in Test" in page.text
    assert (row.status, row.account_id, row.account_label) == ("active", "id-of-Alice", "alice@parcel.test")
    assert row.scopes == ["parcels.read", "parcels.write"]
    assert row.expires_at == clock.now() + timedelta(hours=1)
    assert row.next_refresh_at == clock.now() + timedelta(minutes=55)
    assert provider.oauth.user_of(tokens["access_token"]) == stand_in.ALICE
    assert not any(token in page.text for token in tokens.values())
    assert dict(browser.client.cookies) == {}


def test_the_request_carries_pkce_and_the_registered_redirect_uri(begin, browser, stand_in):
    departure = browser.depart(begin()[1])

    query = {key: values[0] for key, values in parse_qs(urlsplit(departure.headers["location"]).query).items()}
    assert query["redirect_uri"] == f"{stand_in.PUBLIC_URL}/integrations/parcel/callback"
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert len(query["code_challenge"]) == 43
    assert query["scope"] == "parcels.read parcels.write"


def test_the_cookie_is_for_this_flow_and_out_of_reach_of_scripts(begin, browser):
    cookie = browser.depart(begin()[1]).headers["set-cookie"]

    assert cookie.startswith("wren_flow_")
    assert {"HttpOnly", "Max-Age=600", "Path=/integrations", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_every_page_is_private_and_runs_nothing(begin, browser, connected):
    pages = [
        browser.get("http://127.0.0.1:8080/integrations/parcel/setup"),
        browser.get("http://127.0.0.1:8080/integrations/parcel/callback"),
        browser.get(begin("weather")[1]),
        browser.get(begin("parcel", alias="two")[1]),
        browser.depart(begin("parcel", alias="three")[1]),
    ]

    assert [page.status_code for page in pages] == [200, 400, 200, 200, 303]
    for page in pages:
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-frame-options"] == "DENY"
        assert "<script" not in page.text
    policies = [page.headers["content-security-policy"] for page in pages[:4]]
    assert all(policy.startswith("default-src 'none'") for policy in policies)
    assert all("frame-ancestors 'none'" in policy and "base-uri 'none'" in policy for policy in policies)


def test_a_link_works_once(begin, browser, new_browser):
    _, link = begin()
    browser.depart(link)

    assert_refused(new_browser().get(link), "has been used, has expired")
    assert_refused(new_browser().depart(link), "has been used, has expired")


@pytest.mark.parametrize("page", ["setup", "reauthorize"])
def test_a_preview_of_a_link_shows_what_it_is_for_and_leaves_it_good(begin, browser, new_browser, stored, page):
    connection_id, link = begin()
    link = link.replace("/setup?", f"/{page}?")

    previews = [new_browser().get(link) for _ in range(3)]
    heads = [new_browser().client.head(str(previews[0].url)) for _ in range(2)]

    assert [item.status_code for item in [*previews, *heads]] == [200] * 5
    assert all(text in previews[0].text for text in ("Parcel", "tester", "Test", "Continue to Parcel"))
    assert "set-cookie" not in previews[0].headers
    assert heads[0].content == b""
    assert browser.depart(link).status_code == 303
    assert stored(connection_id)[0].status == "pending"


def test_a_form_that_another_site_sends_does_not_start_a_flow(begin, browser):
    _, link = begin()

    page = browser.post(link, {}, headers={"sec-fetch-site": "cross-site"})

    assert_refused(page, "another site")
    assert browser.depart(link).status_code == 303


def test_a_link_ends(begin, browser, clock):
    _, link = begin()
    clock.advance(timedelta(hours=24))

    assert_refused(browser.get(link), "has been used, has expired")


def test_a_link_is_good_for_its_own_integration_only(begin, browser):
    _, link = begin()

    assert_refused(browser.get(link.replace("/parcel/", "/weather/")), "was not made for this page")
    assert browser.depart(link).status_code == 303


def test_a_link_of_a_user_who_was_disabled_is_refused(begin, browser, database, subject, clock):
    _, link = begin()
    with database.writing() as session:
        tenancy.disable_user(session, subject.workspace_id, subject.user_id, now=clock.now())

    assert_refused(browser.get(link), "may no longer use Wren")


@pytest.mark.parametrize("state", [None, "", "made-up"])
def test_an_answer_without_our_state_is_refused(begin, browser, stored, stand_in, state):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)

    page = browser.get(with_query(back, state=state))

    assert page.status_code == 400
    assert stored(connection_id) == (stored(connection_id)[0], {})
    assert stored(connection_id)[0].status == "pending"


def test_a_state_works_once(begin, browser, connected, stored, provider, stand_in):
    _, link = begin(alias="again")
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)
    browser.get(back)
    calls = provider.oauth.token_requests

    assert_refused(browser.get(back), "no authorization that started in this browser")
    assert provider.oauth.token_requests == calls


def test_a_state_ends_after_ten_minutes(begin, browser, stored, stand_in, clock, provider):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)
    clock.advance(timedelta(minutes=10))

    assert_refused(browser.get(back), "it came too late")
    assert stored(connection_id)[1] == {}
    assert provider.oauth.token_requests == 0


def test_another_browser_cannot_finish_and_does_not_spoil_it(begin, browser, new_browser, stored, stand_in, provider):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)

    page = new_browser().get(back)

    assert_refused(page, "no authorization that started in this browser")
    assert (stored(connection_id)[1], provider.oauth.token_requests) == ({}, 0)
    assert browser.get(back).status_code == 200


def test_another_user_cannot_finish_with_their_own_cookie(
    begin, browser, new_browser, base_url, stranger, key_for, stored, stand_in
):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)
    theirs = new_browser()
    headers = {"Authorization": f"Bearer {key_for(stranger)}"}
    body, url = {"integration": "parcel"}, f"{base_url}/v1/connections"
    answer = httpx2.post(url, json=body, headers=headers, timeout=patience(5)).json()
    own_back = theirs.consent(theirs.depart(answer["connect_url"]), stand_in.BOB.email)

    page = theirs.get(with_query(own_back, state=dict(parse_qsl(urlsplit(back).query))["state"]))

    assert page.status_code == 400
    assert stored(connection_id)[1] == {}


def test_an_answer_at_another_integrations_address_is_refused(begin, browser, stored, stand_in):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)

    assert browser.get(back.replace("/parcel/", "/weather/")).status_code == 400
    assert stored(connection_id)[1] == {}


def test_a_code_of_another_flow_fails_by_its_verifier(begin, browser, stored, stand_in):
    first_id, first = begin()
    _, second = begin(alias="second")
    first_back = browser.consent(browser.depart(first), stand_in.ALICE.email)
    second_back = browser.consent(browser.depart(second), stand_in.BOB.email)
    stolen = dict(parse_qsl(urlsplit(second_back).query))["code"]

    page = browser.get(with_query(first_back, code=stolen))

    assert_refused(page, "invalid_grant")
    assert stored(first_id)[1] == {}


def test_two_flows_in_one_browser_do_not_end_one_another(begin, browser, stand_in):
    _, first = begin()
    _, second = begin(alias="second")
    first_back = browser.consent(browser.depart(first), stand_in.ALICE.email)
    second_back = browser.consent(browser.depart(second), stand_in.BOB.email)

    assert [browser.get(second_back).status_code, browser.get(first_back).status_code] == [200, 200]


def test_an_answer_of_another_issuer_is_refused_before_the_code_is_sent_anywhere(
    begin, browser, stored, stand_in, provider
):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)

    page = browser.get(with_query(back, iss="https://evil.test"))

    assert_refused(page, "another authorization server")
    assert (stored(connection_id)[1], provider.oauth.token_requests) == ({}, 0)


def test_an_answer_that_names_our_issuer_passes(begin, browser, stand_in, provider_url):
    back = browser.consent(browser.depart(begin()[1]), stand_in.ALICE.email)

    assert browser.get(with_query(back, iss=provider_url)).status_code == 200


def test_a_refusal_at_the_provider_is_reported_and_stores_nothing(begin, browser, stored):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), "")

    page = browser.get(back)

    assert_refused(page, "access was not granted")
    assert "wren connect parcel" in page.text
    assert stored(connection_id)[0].status == "pending"


def test_a_client_that_waits_for_the_connection_sees_why_it_failed_until_a_new_link_is_made(api, begin, browser):
    connection_id, link = begin()
    browser.get(browser.consent(browser.depart(link), ""))

    failed = api.get(f"/v1/connections/{connection_id}").json()
    begin()
    begun_again = api.get(f"/v1/connections/{connection_id}").json()

    assert (failed["status"], begun_again["status"]) == ("pending", "pending")
    assert failed["error"] == {"code": "OAUTH_FLOW_REFUSED", "message": "access was not granted"}
    assert begun_again["error"] is None


def test_a_refusal_while_authorising_again_leaves_the_live_connection_alone(api, browser, connected, stored):
    before = stored(connected)
    link = api.post(f"/v1/connections/{connected}/reauthorize").json()["connect_url"]

    browser.get(browser.consent(browser.depart(link), ""))

    assert stored(connected) == before


def test_what_the_provider_says_is_shown_as_text(begin, browser, stand_in):
    back = browser.consent(browser.depart(begin()[1]), "")

    page = browser.get(with_query(back, error="<b>x", error_description="<img src=x onerror=alert(1)>"))

    assert "&lt;img src=x" in page.text
    assert "<img" not in page.text
    assert "<b>x" not in page.text


def test_what_a_stranger_says_is_not_shown_at_all(browser, stand_in):
    page = browser.get(f"{stand_in.PUBLIC_URL}/integrations/parcel/callback?state=x&error_description=call+0900")

    assert page.status_code == 400
    assert "0900" not in page.text


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (FakeResponse(status=500), 503, "the provider answered 500"),
        (FakeResponse(body="<h1>oops</h1>"), 503, "neither JSON nor a form"),
        (FakeResponse(body={"ok": False, "error": "code_already_used"}), 400, "code_already_used"),
        (FakeResponse(body={"access_token": ""}), 400, "no usable access_token"),
        (FakeResponse(body={"access_token": "at", "expires_in": -5}), 400, "has ended already"),
        (FakeResponse(body={"access_token": "at", "pad": "x" * 400_000}), 503, "did not answer"),
    ],
)
def test_a_failed_exchange_is_reported_and_stores_nothing(
    begin, browser, stored, stand_in, provider, answer, status, message
):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)
    provider.fail_next(answer.status, path="/token", body=answer.body)

    assert_refused(browser.get(back), message, status)
    assert stored(connection_id)[0].status == "pending"
    assert stored(connection_id)[1] == {}


def test_a_refused_client_is_the_operators_matter(begin, browser, stored, stand_in, provider):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)
    provider.oauth.client_secret = "another"

    assert_refused(browser.get(back), "WREN_PROVIDERS__PARCELCO__CLIENT_SECRET", 409)
    assert stored(connection_id)[1] == {}


def test_fewer_scopes_than_asked_for_are_stored_as_granted_and_told(
    begin, browser, stored, stand_in, platform, subject
):
    connection_id, link = begin()
    departure = browser.depart(link)
    departure.headers["location"] = with_query(departure.headers["location"], scope="parcels.read")

    page = browser.get(browser.consent(departure, stand_in.ALICE.email))

    assert "parcels.write" in page.text
    assert stored(connection_id)[0].scopes == ["parcels.read"]
    assert [problem.code for problem in platform.integrations.check(subject, ["parcel"])] == ["OAUTH_SCOPE_MISSING"]


def test_a_provider_without_userinfo_leaves_the_account_unnamed(begin, browser, stored, stand_in, provider):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)
    provider.fail_next(500, path="/userinfo")

    assert browser.get(back).status_code == 200
    assert stored(connection_id)[0].account_label is None


def test_authorising_again_keeps_the_connection_and_replaces_its_tokens(api, browser, connected, stored, stand_in):
    _, before = stored(connected)
    link = api.post(f"/v1/connections/{connected}/reauthorize").json()["connect_url"]

    page = browser.get(browser.consent(browser.depart(link), stand_in.ALICE.email))

    row, after = stored(connected)
    assert page.status_code == 200
    assert after["access_token"] != before["access_token"]
    assert row.status == "active"


def test_a_dead_connection_lives_again_in_place(api, browser, connected, stored, stand_in, provider, platform, subject):
    provider.oauth.revoke_everything()
    platform.clock.advance(timedelta(hours=2))
    assert [p.code for p in platform.integrations.check(subject, ["parcel"])] == []
    with pytest.raises(Exception, match="must be authorised again"):
        open_credentials(platform.connections.credentials, subject, ["parcel"])
    link = api.post(f"/v1/connections/{connected}/reauthorize").json()["connect_url"]
    link = link.replace("/setup?", "/reauthorize?")

    browser.get(browser.consent(browser.depart(link), stand_in.ALICE.email))

    assert stored(connected)[0].status == "active"
    assert open_credentials(platform.connections.credentials, subject, ["parcel"]).get("parcel").env


def test_another_account_is_not_swapped_in(api, browser, connected, stored, stand_in):
    before = stored(connected)
    link = api.post(f"/v1/connections/{connected}/reauthorize").json()["connect_url"]

    page = browser.get(browser.consent(browser.depart(link), stand_in.BOB.email))

    assert_refused(page, "you signed in as bob@parcel.test, but this connection belongs to alice@parcel.test", 409)
    assert stored(connected) == before


def test_an_account_without_a_name_is_not_swapped_in_either(api, browser, connected, stored, stand_in, provider):
    before = stored(connected)
    link = api.post(f"/v1/connections/{connected}/reauthorize").json()["connect_url"]
    back = browser.consent(browser.depart(link), stand_in.BOB.email)
    provider.fail_next(500, path="/userinfo")

    assert_refused(browser.get(back), "did not say whose account", 409)
    assert stored(connected) == before


def test_a_connection_removed_meanwhile_stays_removed(api, begin, browser, stored, stand_in):
    connection_id, link = begin()
    back = browser.consent(browser.depart(link), stand_in.ALICE.email)
    api.delete(f"/v1/connections/{connection_id}")

    assert_refused(browser.get(back), "has been removed")
    assert stored(connection_id) == (stored(connection_id)[0], {})
    assert stored(connection_id)[0].status == "revoked"


def test_a_key_is_typed_into_a_form_and_never_stands_in_an_address(begin, browser, stored):
    connection_id, link = begin("weather")
    form = browser.get(link)
    token = dict(parse_qsl(urlsplit(link).query))["link"]

    page = browser.post(link.split("?")[0], {"link": token, "value.api_key": "k-123", "value.station": ""})

    assert 'type="password"' in form.text
    assert "From &lt;x&gt;" in form.text
    assert page.status_code == 200
    assert "k-123" not in page.text
    assert stored(connection_id)[1] == {"api_key": "k-123"}
    assert stored(connection_id)[0].status == "active"


def test_a_form_that_does_not_fit_may_be_sent_again(begin, browser, stored):
    connection_id, link = begin("weather")
    token = dict(parse_qsl(urlsplit(link).query))["link"]

    first = browser.post(link, {"link": token, "value.api_key": " "})
    second = browser.post(link, {"link": token, "value.api_key": "k"})
    third = browser.post(link, {"link": token, "value.api_key": "k2"})

    assert (first.status_code, second.status_code, third.status_code) == (422, 200, 400)
    assert "API key is missing" in first.text
    assert 'aria-invalid="true"' in first.text
    assert stored(connection_id)[1] == {"api_key": "k"}


def test_a_form_from_another_site_is_refused(begin, browser, stored):
    connection_id, link = begin("weather")
    token = dict(parse_qsl(urlsplit(link).query))["link"]
    fields = {"link": token, "value.api_key": "k"}

    page = browser.post(link, fields, headers={"sec-fetch-site": "cross-site"})

    assert_refused(page, "another site")
    assert stored(connection_id)[1] == {}


def test_a_form_of_the_wrong_kind_or_size_is_refused(browser, stand_in):
    setup = f"{stand_in.PUBLIC_URL}/integrations/weather/setup"

    assert browser.post(setup, {"wren_key": "x" * 200_000}).status_code == 413
    assert browser.post(setup, {str(number): "" for number in range(200)}).status_code == 400


def test_without_a_link_the_page_tells_how_and_takes_a_wren_key(browser, stand_in, key_for, subject, api):
    setup = f"{stand_in.PUBLIC_URL}/integrations/parcel/setup"
    page = browser.get(setup)

    onward = browser.post(setup, {"wren_key": key_for(subject), "alias": ""})
    departure = browser.post(setup, {"link": link_in(onward)})

    assert "wren connect parcel" in page.text
    assert onward.status_code == 200
    assert "tester" in onward.text
    assert departure.status_code == 303
    assert [item["status"] for item in api.get("/v1/connections").json()["connections"]] == ["pending"]


def test_the_page_to_authorise_again_finds_the_only_connection(browser, stand_in, key_for, subject, connected, stored):
    page = f"{stand_in.PUBLIC_URL}/integrations/parcel/reauthorize"

    assert "Authorise Parcel again" in browser.get(page).text
    onward = browser.post(page, {"wren_key": key_for(subject)})
    browser.get(browser.consent(browser.post(page, {"link": link_in(onward)}), stand_in.ALICE.email))

    assert stored(connected)[0].version > 2


def test_a_wrong_wren_key_is_refused_and_soon_not_even_tried(browser, stand_in, key_for, subject, clock):
    setup = f"{stand_in.PUBLIC_URL}/integrations/parcel/setup"
    wrong = [browser.post(setup, {"wren_key": f"wren_{number}"}).status_code for number in range(11)]

    limited = browser.post(setup, {"wren_key": key_for(subject)})
    clock.advance(timedelta(minutes=5))
    later = browser.post(setup, {"wren_key": key_for(subject)})

    assert wrong == [401] * 10 + [429]
    assert (limited.status_code, later.status_code) == (429, 200)


def test_a_wren_key_is_not_shown_back(browser, stand_in):
    page = browser.post(f"{stand_in.PUBLIC_URL}/integrations/parcel/setup", {"wren_key": "wren_secretsecret"})

    assert page.status_code == 401
    assert "secretsecret" not in page.text


@pytest.mark.parametrize("target", ["//evil.test", r"\\evil.test", "javascript:alert(1)", "https://evil.test"])
@pytest.mark.parametrize("name", ["next", "return_to", "redirect_uri"])
def test_no_page_leads_anywhere_else(begin, browser, name, target):
    _, link = begin()

    page = browser.get(f"{link}&{urlencode({name: target})}")

    assert page.status_code == 400
    assert "location" not in page.headers
    assert "evil" not in page.text


@pytest.mark.parametrize("page", ["setup", "callback?state=x", "reauthorize"])
def test_an_unknown_integration_is_a_page_that_is_not_there(browser, stand_in, page):
    answer = browser.get(f"{stand_in.PUBLIC_URL}/integrations/<b>/{page}")

    assert answer.status_code == 404
    assert "<b>" not in answer.text


def test_an_integration_that_failed_to_load_says_so(browser, stand_in):
    assert_refused(browser.get(f"{stand_in.PUBLIC_URL}/integrations/broken/setup"), "it raised", 409)
