"""The settings that lead a backend to fakes."""

import json

from wren.authoring.fake_settings import ServedFake, connect_command, make_local_variables, make_settings
from wren_core.contract.definition import IntegrationDefinition

URL = "http://127.0.0.1:4000"
OAUTH = {"client_id": "fake-client", "client_secret": "s", "token_url": f"{URL}/token"}


def definition(**fields):
    return IntegrationDefinition.model_validate({"integrationId": "post", "name": "Post", **fields})


def oauth(**fields):
    config = {"authorizationUrl": "https://post.example/a", "tokenUrl": "https://post.example/token"}
    return definition(authType="oauth2", oauth2Config=config, oauthProvider="royal_mail", **fields)


def test_a_fake_serves_the_path_its_provider_has():
    settings = make_settings(
        {"post": ServedFake(url=URL)}, {"post": definition(baseUrl="https://api.post.example/v2/")}
    )

    assert settings == {"WREN_INTEGRATIONS__POST__BASE_URL": f"{URL}/v2/"}


def test_the_oauth_server_of_a_fake_stands_for_that_of_the_provider():
    settings = make_settings({"post": ServedFake(url=URL, oauth=OAUTH)}, {"post": oauth()})

    assert settings["WREN_PROVIDERS__ROYAL_MAIL__CLIENT_ID"] == "fake-client"
    assert settings["WREN_PROVIDERS__ROYAL_MAIL__TOKEN_URL"] == f"{URL}/token"


def test_a_fake_without_a_web_api_is_found_by_configuration():
    fake = ServedFake(url="imap://127.0.0.1:4000", configuration={"host": "127.0.0.1", "port": 4000})

    settings = make_settings({"post": fake}, {"post": definition()})

    assert list(settings) == ["WREN_INTEGRATIONS__POST__CONFIG"]
    assert json.loads(settings["WREN_INTEGRATIONS__POST__CONFIG"]) == {"host": "127.0.0.1", "port": 4000}


def test_an_integration_that_does_not_load_reaches_its_fake_all_the_same():
    settings = make_settings({"post": ServedFake(url=URL, failed="SyntaxError")}, {})

    assert settings == {"WREN_INTEGRATIONS__POST__BASE_URL": URL}


def test_the_command_that_connects_it_holds_what_the_fake_accepts():
    key = {"key": "api_key", "type": "api_key", "envVar": "POST_API_KEY"}
    by_key = definition(authType="apikey", apiKeyConfig={"name": "X-Key"}, credentials=[key])
    fake = ServedFake(url=URL, credentials={"api_key": "fake-key"})

    assert connect_command("post", fake, by_key) == "wren connect post --value api_key=fake-key"
    assert connect_command("post", fake, oauth()) == "wren connect post"
    assert connect_command("post", ServedFake(url=URL), definition()) is None


def test_a_script_without_a_backend_finds_the_fake_by_its_environment():
    key = {"key": "api_key", "type": "api_key", "envVar": "POST_API_KEY"}
    by_key = definition(
        authType="apikey", apiKeyConfig={"name": "X-Key"}, credentials=[key], baseUrl="https://api.post.example/v1"
    )

    fake = ServedFake(url=URL, credentials={"api_key": "fake-key"}, configuration={"box": "in"}, oauth=OAUTH)

    variables = make_local_variables({"post": fake}, {"post": by_key})

    assert variables == {
        "WREN_INTEGRATIONS__POST__BASE_URL": f"{URL}/v1",
        "WREN_INTEGRATIONS__POST__CONFIG": '{"box": "in"}',
        "POST_API_KEY": "fake-key",
    }


def test_no_repr_shows_what_a_fake_accepts():
    assert "fake-key" not in repr(ServedFake(url=URL, credentials={"api_key": "fake-key"}))
