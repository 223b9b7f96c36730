import pytest
from pydantic import ValidationError

from wren_core.contract.spec import (
    AIConfig,
    AIModel,
    ApiKeyConfig,
    Cost,
    CredentialSpec,
    CredentialType,
    CustomAuth,
    IntegrationSpec,
    MethodSpec,
    OAuth2Config,
    UndoSpec,
)


def credential(key="access_token", env_var="SHOP_ACCESS_TOKEN", **extra):
    return CredentialSpec(key=key, type=CredentialType.OAUTH2, env_var=env_var, **extra)


def method(method_id, properties=(), required=(), **extra):
    schema = {"type": "object", "properties": {name: {} for name in properties}, "required": list(required)}
    return MethodSpec(id=method_id, name=method_id, description="Do it.", input_schema=schema, **extra)


def oauth(**extra):
    urls = {"authorization_url": "https://shop.example/authorize", "token_url": "https://shop.example/token"}
    return OAuth2Config(**{"provider": "shop", **urls, **extra})


def spec(**extra):
    return IntegrationSpec(**{"name": "shop", "display_name": "Shop", **extra})


def test_a_spec_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        spec().name = "other"


def test_an_unknown_field_is_refused():
    with pytest.raises(ValidationError, match="methodz"):
        spec(methodz=())


@pytest.mark.parametrize("name", ["shop", "s", "a1_b", "x" * 63])
def test_a_name_is_lower_snake_case(name):
    assert spec(name=name).name == name


@pytest.mark.parametrize("name", ["", "Shop", "1shop", "_shop", "sh op", "shop\n", "shop-x", "x" * 64, "shöp", "../x"])
def test_any_other_name_is_refused(name):
    with pytest.raises(ValidationError, match="name"):
        spec(name=name)


@pytest.mark.parametrize("name", ["import", "class", "lambda"])
def test_a_python_keyword_is_refused_as_a_name(name):
    with pytest.raises(ValidationError, match="a keyword of Python"):
        spec(name=name)


@pytest.mark.parametrize("env_var", ["lower", "1X", "WITH-DASH", "X=Y", ""])
def test_an_environment_variable_is_upper_snake_case(env_var):
    with pytest.raises(ValidationError, match="env_var"):
        credential(env_var=env_var)


@pytest.mark.parametrize("host", ["api.example.com", "localhost:8080", "127.0.0.1", "a:65535"])
def test_a_host_is_a_name_with_an_optional_port(host):
    assert spec(hosts=[host]).hosts == (host,)


@pytest.mark.parametrize(
    "host", ["https://a.example", "*.example", "a.example/path", "A.example", "a:99999", "", "a b"]
)
def test_any_other_host_is_refused(host):
    with pytest.raises(ValidationError, match="name:port"):
        spec(hosts=[host])


@pytest.mark.parametrize("field", ["docs_url", "base_url"])
@pytest.mark.parametrize("url", ["javascript:alert(1)", "/relative", "ftp://x", "https://", "https://a b"])
def test_a_url_is_http(field, url):
    with pytest.raises(ValidationError, match=field):
        spec(**{field: url})


@pytest.mark.parametrize("field", ["authorization_url", "token_url", "revoke_url", "userinfo_url"])
def test_every_url_of_a_provider_is_http(field):
    with pytest.raises(ValidationError, match=field):
        oauth(**{field: "file:///etc/passwd"})


@pytest.mark.parametrize(
    ("extra", "auth_type"),
    [
        ({}, "none"),
        ({"auth": oauth()}, "oauth2"),
        ({"auth": ApiKeyConfig()}, "apikey"),
        ({"auth": {"kind": "custom"}}, "custom"),
    ],
)
def test_the_auth_type_follows_the_auth(extra, auth_type):
    assert spec(**extra).auth_type == auth_type


@pytest.mark.parametrize("auth", [oauth(scopes=["read"]), oauth(scopes=["read"]).model_dump()])
def test_provider_and_scopes_follow_the_auth(auth):
    made = spec(auth=auth)

    assert (made.oauth_provider, made.oauth_scopes) == ("shop", ("read",))


def test_provider_and_scopes_that_were_given_stay():
    made = spec(auth=oauth(scopes=["read"]), oauth_provider="mall", oauth_scopes=())

    assert (made.oauth_provider, made.oauth_scopes) == ("mall", ())


def test_required_scopes_are_those_of_the_auth_and_of_the_credentials_once_each():
    made = spec(auth=oauth(scopes=["a", "b"]), credentials=[credential(oauth_scopes=["b", "c"])])

    assert made.required_scopes == ("a", "b", "c")


def test_a_spec_survives_its_own_json():
    made = spec(auth=oauth(scopes=["a"]), credentials=[credential()], methods=[method("get")])

    assert IntegrationSpec.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"credentials": [credential(), credential(env_var="OTHER")]}, "credential key 'access_token'"),
        ({"credentials": [credential(), credential(key="other")]}, "environment variable 'SHOP_ACCESS_TOKEN'"),
        ({"methods": [method("get"), method("get")]}, "method 'get'"),
        ({"triggers": [{"name": "sold"}, {"name": "sold"}]}, "trigger 'sold'"),
    ],
)
def test_nothing_is_declared_twice(extra, message):
    with pytest.raises(ValidationError, match=f"{message} is declared twice"):
        spec(**extra)


def test_the_setup_page_is_below_the_public_address():
    assert (
        spec().get_setup_url("usr_1", public_url="https://wren.example")
        == "https://wren.example/integrations/shop/setup?user=usr_1"
    )


def test_a_setup_page_without_a_user_has_no_user_parameter():
    assert spec().get_setup_url(public_url="https://wren.example") == "https://wren.example/integrations/shop/setup"


def test_a_provider_alone_declares_oauth_whose_addresses_the_operator_has():
    made = IntegrationSpec(name="shop", display_name="Shop", oauth_provider="acme", oauth_scopes=["read"])

    assert made.auth == OAuth2Config(provider="acme", scopes=("read",))
    assert (made.auth_type, made.auth.authorization_url, made.auth.token_url) == ("oauth2", None, None)
    assert made.get_env_mapping() == {"access_token": "SHOP_ACCESS_TOKEN", "refresh_token": "SHOP_REFRESH_TOKEN"}


def test_a_template_fills_in_the_user_quoted():
    made = spec(setup_url_template="/connect/{name}?user={user_id}")

    assert made.get_setup_url("a b&x=1/../{name}") == "/connect/shop?user=a%20b%26x%3D1%2F..%2F%7Bname%7D"


def test_a_template_may_be_a_whole_address():
    made = spec(setup_url_template="https://setup.example/{user_id}")

    assert made.get_setup_url("u", public_url="https://wren.example") == "https://setup.example/u"


@pytest.mark.parametrize(
    "template", ["{name.__class__}", "/x/{other}", "/x/{}", "/x/{name!r}", "javascript:x", "relative"]
)
def test_a_template_with_anything_else_is_refused(template):
    with pytest.raises(ValidationError, match="placeholders"):
        spec(setup_url_template=template)


def test_the_environment_mapping_holds_the_refresh_token_and_that_of_a_run_does_not():
    made = spec(credentials=[credential(refresh_key="refresh_token", refresh_env_var="SHOP_REFRESH_TOKEN")])

    assert made.get_env_mapping() == {"access_token": "SHOP_ACCESS_TOKEN", "refresh_token": "SHOP_REFRESH_TOKEN"}
    assert made.get_run_env_mapping() == {"access_token": "SHOP_ACCESS_TOKEN"}


def test_a_refresh_token_has_a_separate_variable():
    with pytest.raises(ValidationError, match="environment variable 'SHOP_ACCESS_TOKEN' is declared twice"):
        spec(credentials=[credential(refresh_key="refresh_token", refresh_env_var="SHOP_ACCESS_TOKEN")])


def test_a_method_is_found_by_id():
    made = spec(methods=[method("get")])

    assert made.method("get") == made.methods[0]
    assert made.method("gone") is None


def test_an_undo_names_a_method_and_its_parameters():
    undo = UndoSpec(method="delete", arguments={"id": "/output/id"})

    made = spec(methods=[method("create", undo=undo), method("delete", ["id"], ["id"])])

    assert made.methods[0].undo == undo


@pytest.mark.parametrize(
    ("arguments", "target", "message"),
    [
        ({}, "gone", "not a method of the integration"),
        ({"id": "/output/id", "force": "/input/x"}, "delete", r"takes \['id'\]"),
        ({}, "delete", r"takes \['id'\]"),
    ],
)
def test_an_undo_that_could_not_be_called_is_refused(arguments, target, message):
    undo = UndoSpec(method=target, arguments=arguments)

    with pytest.raises(ValidationError, match=message):
        spec(methods=[method("create", undo=undo), method("delete", ["id"], ["id"])])


def model(model_id="m1", **extra):
    return AIModel(id=model_id, name=model_id, capabilities=["text"], **extra)


def test_an_ai_integration_offers_models():
    made = spec(type="ai", ai=AIConfig(provider="lab", available_models=[model()], default_model="m1"))

    assert made.ai is not None
    assert made.ai.available_models[0].capabilities == ("text",)


def test_an_ai_integration_without_models_is_refused():
    with pytest.raises(ValidationError, match="needs `ai`"):
        spec(type="ai")


def test_the_default_model_must_be_offered():
    with pytest.raises(ValidationError, match="'m2' is none of"):
        AIConfig(provider="lab", available_models=[model()], default_model="m2")


@pytest.mark.parametrize("price", [float("inf"), float("nan")])
def test_a_price_without_a_json_form_is_refused(price):
    with pytest.raises(ValidationError, match="finite"):
        Cost(input=price)


def test_a_key_or_a_token_that_the_author_does_not_declare_gets_its_usual_name():
    key, token = spec(auth=ApiKeyConfig()).credentials[0], spec(auth=oauth()).credentials[0]

    assert (key.key, key.type, key.env_var, key.required) == ("api_key", "api_key", "SHOP_API_KEY", True)
    assert (token.key, token.type, token.env_var) == ("access_token", "oauth2", "SHOP_ACCESS_TOKEN")
    assert (token.refresh_key, token.refresh_env_var) == ("refresh_token", "SHOP_REFRESH_TOKEN")
    assert "Shop" in key.description


def test_credentials_that_are_declared_stay_as_they_are_even_none():
    declared = credential()

    assert spec(auth=oauth(), credentials=[declared]).credentials == (declared,)
    assert spec(auth=ApiKeyConfig(), credentials=()).credentials == ()
    assert spec().credentials == ()


def test_usual_credentials_follow_an_auth_given_as_data_too():
    made = spec(auth={"kind": "apikey", "name": "X-Key"})

    assert [item.key for item in made.credentials] == ["api_key"]


def test_a_custom_form_asks_for_the_credentials_by_default():
    name, password = credential(key="username"), credential(key="password", env_var="PASSWORD", required=False)

    asked = spec(auth=CustomAuth(), credentials=[name, password])
    said = spec(auth=CustomAuth(parameters={"type": "object"}), credentials=[name])

    assert list(asked.auth.parameters["properties"]) == ["username", "password"]
    assert asked.auth.parameters["required"] == ["username"]
    assert said.auth.parameters == {"type": "object"}


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "1.0.0.0", "latest", "1.0.0+" + "x" * 50])
def test_a_version_that_is_given_is_a_semantic_one(version):
    with pytest.raises(ValidationError, match="is not a semantic version"):
        spec(version=version)


def test_a_name_that_is_too_long_for_a_column_is_refused():
    with pytest.raises(ValidationError, match="display_name"):
        spec(display_name="x" * 256)


@pytest.mark.parametrize(("placement", "name"), [("header", "X-Api-Key"), ("query", "api key"), ("header", "x_y.z")])
def test_a_key_goes_into_a_header_or_a_query(placement, name):
    assert ApiKeyConfig(placement=placement, name=name, prefix="Token ").name == name


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "X Key"},
        {"name": "X:Key"},
        {"name": "X-Key", "prefix": "a\r\nEvil: 1"},
        {"placement": "query", "name": " "},
        {"placement": "query", "name": "a\nb"},
        {"placement": "cookie"},
    ],
)
def test_a_key_that_cannot_be_sent_is_refused(fields):
    with pytest.raises(ValidationError):
        ApiKeyConfig(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": ""},
        {"name": ""},
        {"capabilities": []},
        {"capabilities": [""]},
        {"context_window": 0},
        {"max_tokens": -1},
        {"cost_per_token": {"input": -0.1}},
        {"cost_per_image": {"hd": -1}},
    ],
)
def test_a_model_that_says_nothing_or_nonsense_is_refused(fields):
    with pytest.raises(ValidationError):
        AIModel(**{"id": "m1", "name": "M1", "capabilities": ["text"], **fields})


def test_a_model_is_offered_once():
    with pytest.raises(ValidationError, match="model 'm1' is declared twice"):
        AIConfig(provider="lab", available_models=[model(), model()], default_model="m1")


@pytest.mark.parametrize("kind", ["integration", "documents", "database"])
def test_models_belong_to_integrations_of_type_ai(kind):
    with pytest.raises(ValidationError, match="`ai` is for integrations of type 'ai'"):
        spec(type=kind, ai=AIConfig(provider="lab", available_models=[model()], default_model="m1"))
