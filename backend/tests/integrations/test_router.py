from datetime import timedelta

import pytest

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

TOKENS = {"access_token": "at-7f3a9b2c", "refresh_token": "rt-7f3a9b2c"}


def validate(api, *names):
    answer = api.post("/v1/integrations/validate", json={"integrations": list(names)})
    assert answer.status_code == 200
    return answer.json()


def test_what_is_installed_is_listed_and_so_is_what_failed(api, stand_in):
    body = api.get("/v1/integrations").json()

    assert [item["name"] for item in body["integrations"]] == ["abacus", "parcel", "ticket", "weather"]
    assert body["integrations"][1] == {
        "name": "parcel",
        "display_name": "Parcel",
        "description": "Track parcels.",
        "version": "1.2.3",
        "distribution": "wren-parcel",
        "type": "integration",
        "auth_type": "oauth2",
        "scopes": ["parcels.read", "parcels.write"],
        "credentials": ["access_token"],
        "methods": ["track"],
        "no_handler": [],
        "hosts": ["parcel.test"],
        "setup_url": f"{stand_in.PUBLIC_URL}/integrations/parcel/setup",
        "docs_url": f"{stand_in.PUBLIC_URL}/v1/integrations/parcel/docs",
        "connected": False,
    }
    assert body["failed"] == [
        {
            "name": "broken",
            "distribution": "wren-broken",
            "version": "0.1",
            "code": "PLUGIN_RAISED",
            "reason": "it raised",
        }
    ]


def test_what_needs_no_connection_has_no_setup_page_and_no_state(api):
    shown = api.get("/v1/integrations/abacus").json()

    assert (shown["setup_url"], shown["connected"]) == (None, None)


def test_what_the_caller_has_connected_says_so(api, stand_in, context, subject):
    stand_in.connect_parcel(context, subject, TOKENS)

    assert api.get("/v1/integrations/parcel").json()["connected"] is True


def test_one_is_shown_with_its_definition(api):
    shown = api.get("/v1/integrations/parcel").json()

    assert shown["definition"]["integrationId"] == "parcel"
    assert shown["definition"]["methods"][0]["inputSchema"]["required"] == ["number"]
    assert "page_size" in shown["definition"]["configSchema"]["properties"]


def test_an_unknown_one_is_not_found_and_the_nearest_is_named(api):
    answer = api.get("/v1/integrations/parcle")

    assert answer.status_code == 404
    assert "did you mean 'parcel'" in answer.json()["error"]["message"]


def test_a_failed_one_says_why(api):
    answer = api.get("/v1/integrations/broken/docs")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "PLUGIN_FAILED")


@pytest.mark.parametrize(("query", "accept"), [("?format=markdown", "*/*"), ("", "text/markdown")])
def test_documents_come_as_markdown(api, query, accept):
    answer = api.get(f"/v1/integrations/parcel/docs{query}", headers={"accept": accept})

    assert answer.headers["content-type"].startswith("text/markdown")
    assert answer.text.startswith("# Parcel\n")
    assert "### `track(number)`" in answer.text


def test_documents_come_as_json(api):
    answer = api.get("/v1/integrations/parcel/docs")

    assert answer.json()["methods"][0]["name"] == "track"


def test_what_can_be_used_is_valid(api, stand_in, context, subject):
    stand_in.connect_parcel(context, subject, TOKENS)

    assert validate(api, "parcel", "abacus") == {"valid": True, "warnings": []}
    assert validate(api) == {"valid": True, "warnings": []}


def test_what_is_not_connected_has_exactly_the_fixed_shape(api, stand_in):
    body = validate(api, "parcel")

    assert body.keys() == {"valid", "errors", "warnings"}
    assert body["errors"] == [
        {
            "type": "UserFacingConfigError",
            "code": "INTEGRATION_NOT_CONFIGURED",
            "integration": "parcel",
            "message": "Parcel is not connected; run `wren connect parcel` or open the page in action_url",
            "action_url": f"{stand_in.PUBLIC_URL}/integrations/parcel/setup",
            "docs_url": f"{stand_in.PUBLIC_URL}/v1/integrations/parcel/docs",
            "can_retry": False,
            "details": {"integration": "parcel"},
        }
    ]
    assert body["valid"] is False


def test_each_integration_gets_its_own_error_once(api):
    body = validate(api, "weather", "nothing", "broken", "weather", "abacus")

    found = [(error["integration"], error["code"], error["type"]) for error in body["errors"]]
    assert found == [
        ("weather", "INTEGRATION_NOT_CONFIGURED", "UserFacingConfigError"),
        ("nothing", "INTEGRATION_UNKNOWN", "AgentFixableError"),
        ("broken", "PLUGIN_FAILED", "UserFacingConfigError"),
    ]


def test_a_token_that_ended_is_valid_while_it_can_be_renewed(api, stand_in, context, subject):
    stand_in.connect_parcel(context, subject, TOKENS)
    context.clock.advance(timedelta(days=1))

    assert validate(api, "parcel")["valid"]


def test_an_expired_token_that_cannot_be_refreshed_is_reported(api, stand_in, context, subject):
    stand_in.connect_parcel(context, subject, {"access_token": "at"})
    context.clock.advance(timedelta(days=1))

    error = validate(api, "parcel")["errors"][0]

    assert error["code"] == "OAUTH_TOKEN_EXPIRED"
    assert error["action_url"] == f"{stand_in.PUBLIC_URL}/integrations/parcel/reauthorize"


def test_a_missing_scope_is_reported(api, stand_in, context, subject):
    stand_in.connect_parcel(context, subject, TOKENS, scopes=("parcels.read",))

    error = validate(api, "parcel")["errors"][0]

    assert (error["code"], error["details"]["missing"]) == ("OAUTH_SCOPE_MISSING", ["parcels.write"])


def test_no_answer_holds_a_token(api, stand_in, context, subject):
    stand_in.connect_parcel(context, subject, TOKENS, scopes=())

    text = api.post("/v1/integrations/validate", json={"integrations": ["parcel"]}).text

    assert "7f3a9b2c" not in text


@pytest.mark.parametrize(
    "body",
    [
        {"integrations": ["parcel"], "script": "print()"},
        {"integrations": "parcel"},
        {"integrations": [7]},
        {"integrations": ["x"] * 101},
        {},
        [],
    ],
)
def test_anything_but_names_is_refused(api, body):
    answer = api.post("/v1/integrations/validate", json=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID_REQUEST")
    assert "print()" not in answer.text
