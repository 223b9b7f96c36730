import json
from keyword import iskeyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.schema_check import check_schemas
from wren_core.contract.spec import (
    AIConfig,
    AIModel,
    ApiKeyConfig,
    Cost,
    CredentialSpec,
    CredentialType,
    CustomAuth,
    ImageCost,
    IntegrationSpec,
    MethodSpec,
    OAuth2Config,
    TriggerSpec,
    UndoSpec,
)
from wren_core.errors import DefinitionInvalid
from wren_core.schemas.validator import SchemaInvalid

EXAMPLE = {
    "integrationId": "xero",
    "name": "Xero Accounting",
    "description": "Invoices and contacts.",
    "version": "1.0.0",
    "type": "integration",
    "methods": [
        {
            "id": "create_invoice",
            "name": "Create Invoice",
            "description": "Create an invoice.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "contact_id": {"type": "string", "description": "Who pays"},
                    "line_items": {"type": "array", "items": {"type": "object"}},
                },
                "required": ["contact_id", "line_items"],
            },
            "outputSchema": {"type": "object", "properties": {"invoice_id": {"type": "string"}}},
        }
    ],
    "configSchema": {
        "type": "object",
        "properties": {"tenant_id": {"type": "string"}, "invoice_prefix": {"type": "string", "default": "INV-"}},
        "required": ["tenant_id"],
    },
    "authType": "oauth2",
    "oauth2Config": {
        "authorizationUrl": "https://login.example/authorize",
        "tokenUrl": "https://login.example/token",
        "scopes": ["accounting.transactions"],
        "additionalParameters": {},
    },
    "aiConfig": None,
}


def rewired(spec: IntegrationSpec) -> IntegrationSpec:
    """Take a spec to its wire form, through JSON text, and back."""
    wire = IntegrationDefinition.from_spec(spec).to_wire()
    return IntegrationDefinition.from_wire(json.loads(json.dumps(wire))).to_spec()


# Keys as authors write them, in every spelling that a careless renaming would change.
words = st.sampled_from(["contact_id", "contactId", "ContactID", "oauth_2", "input_schema", "inputSchema", "_x", "A"])
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
texts = st.text(max_size=8)
filled = st.text(min_size=1, max_size=8)
versions = st.sampled_from(["", "0.0.0", "1.2.3", "1.0.0-rc.1+build.5"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)
schemas = st.dictionaries(words, json_values, max_size=4)
urls = st.just("https://login.example/x")
scopes = st.lists(texts, max_size=2).map(tuple)
optional_text = st.none() | texts
env_vars = st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True)

oauth = st.builds(
    OAuth2Config,
    provider=names,
    authorization_url=urls,
    token_url=urls,
    revoke_url=st.none() | urls,
    userinfo_url=st.none() | urls,
    scopes=scopes,
    scope_separator=texts,
    additional_parameters=st.dictionaries(words, texts, max_size=3),
)
printable = texts.filter(str.isprintable)
api_key = st.builds(
    ApiKeyConfig, placement=st.just("header"), name=st.sampled_from(["X-Key", "authorization"]), prefix=printable
) | st.builds(ApiKeyConfig, placement=st.just("query"), name=printable.filter(str.strip), prefix=printable)
custom = st.builds(CustomAuth, parameters=schemas)
credentials = st.builds(
    CredentialSpec,
    key=names,
    type=st.sampled_from(CredentialType),
    description=texts,
    env_var=env_vars,
    required=st.booleans(),
    oauth_scopes=scopes,
    refresh_key=st.none() | names,
    refresh_env_var=st.none() | env_vars,
)


def has_no_double(specs):
    """Tell whether refresh tokens have unique keys and variables, as a spec requires."""
    renewed = [item for item in specs if item.refresh_key and item.refresh_env_var]
    keys = [item.key for item in specs] + [item.refresh_key for item in renewed]
    variables = [item.env_var for item in specs] + [item.refresh_env_var for item in renewed]
    return len(keys) == len(set(keys)) and len(variables) == len(set(variables))


methods = st.builds(
    MethodSpec,
    id=names,
    name=texts,
    description=texts,
    input_schema=schemas,
    output_schema=schemas,
    effect=st.sampled_from(["read", "write", "destructive"]),
    idempotent=st.booleans(),
    scopes=scopes,
    simulate=st.sampled_from(["native", "validate_only", "none"]),
    requires_approval=st.booleans(),
    example=optional_text,
)
prices = st.floats(0, 1)
models = st.builds(
    AIModel,
    id=st.just("m1"),
    name=filled,
    capabilities=st.lists(filled, min_size=1, max_size=2).map(tuple),
    description=texts,
    context_window=st.none() | st.integers(1, 9),
    input_formats=scopes,
    output_formats=scopes,
    max_tokens=st.none() | st.integers(1, 9),
    cost_per_token=st.none() | st.builds(Cost, input=prices, output=prices),
    cost_per_image=st.none() | st.builds(ImageCost, standard=prices, hd=prices),
)
ai_configs = st.builds(AIConfig, provider=filled, available_models=st.tuples(models), default_model=st.just("m1"))
specs = st.builds(
    IntegrationSpec,
    name=names.filter(lambda name: not iskeyword(name)),
    display_name=texts,
    description=texts,
    version=versions,
    type=st.sampled_from(["integration", "documents", "database"]),
    auth=st.none() | oauth | api_key | custom,
    credentials=st.lists(credentials, max_size=2, unique_by=(lambda item: item.key, lambda item: item.env_var)).filter(
        has_no_double
    ),
    oauth_provider=st.none() | names,
    oauth_scopes=scopes,
    setup_url_template=st.sampled_from(["/integrations/{name}/setup", "https://x.example/{user_id}"]),
    docs_url=st.none() | urls,
    base_url=st.none() | urls,
    hosts=st.lists(st.sampled_from(["a.example", "b.example:8443"]), max_size=2),
    config_hosts=st.lists(st.sampled_from(["{url}", "{host}:5432", "{host}:{port}"]), max_size=2),
    methods=st.lists(methods, max_size=2, unique_by=lambda item: item.id),
    config_schema=schemas,
    triggers=st.lists(st.builds(TriggerSpec, name=names, description=texts, config_schema=schemas), max_size=1),
)
specs |= st.builds(lambda spec, ai: IntegrationSpec(**{**dict(spec), "type": "ai", "ai": ai}), specs, ai_configs)


@given(specs)
def test_a_spec_goes_to_the_wire_and_back_without_a_loss(spec):
    assert rewired(spec) == spec


@given(specs)
def test_the_wire_form_goes_to_a_spec_and_back_without_a_loss(spec):
    wire = IntegrationDefinition.from_spec(spec).to_wire()

    assert IntegrationDefinition.from_spec(IntegrationDefinition.from_wire(wire).to_spec()).to_wire() == wire


def test_undo_survives_with_the_authors_argument_names():
    schema = {"type": "object", "properties": {"invoiceId": {}}, "required": ["invoiceId"]}
    undo = UndoSpec(method="void", arguments={"invoiceId": "/output/invoiceId"})
    create = MethodSpec(id="create", name="Create", description="Do.", input_schema={}, undo=undo)
    void = MethodSpec(id="void", name="Void", description="Undo.", input_schema=schema)
    spec = IntegrationSpec(name="xero", display_name="Xero", methods=(create, void))

    assert rewired(spec) == spec


def test_the_fields_of_the_wire_are_camel_case_and_the_authors_json_is_not_touched():
    schema = {"type": "object", "properties": {"line_items": {"x_internal_note": {"snake_case": 1}}}}
    method = MethodSpec(id="pay", name="Pay", description="Pay.", input_schema=schema, requires_approval=True)
    spec = IntegrationSpec(name="xero", display_name="Xero", methods=(method,), config_schema=schema)

    wire = IntegrationDefinition.from_spec(spec).to_wire()

    assert wire["configSchema"] == schema
    assert wire["methods"][0]["inputSchema"] == schema
    assert wire["methods"][0]["requiresApproval"] is True
    assert not [key for key in [*wire, *wire["methods"][0]] if "_" in key]


def test_the_fields_inside_an_ai_configuration_are_camel_case_too():
    model = AIModel(
        id="m1",
        name="M 1",
        capabilities=("text",),
        context_window=9,
        cost_per_token=Cost(input=0.5),
        cost_per_image=ImageCost(hd=2.0),
    )
    ai = AIConfig(provider="lab", available_models=(model,), default_model="m1")
    spec = IntegrationSpec(name="lab", display_name="Lab", type="ai", ai=ai)

    wire = IntegrationDefinition.from_spec(spec).to_wire()["aiConfig"]

    assert wire.keys() == {"provider", "availableModels", "defaultModel"}
    assert wire["availableModels"][0].items() >= {"contextWindow": 9, "maxTokens": None, "inputFormats": []}.items()
    assert wire["availableModels"][0]["costPerToken"].items() >= {"input": 0.5, "output": 0.0}.items()
    assert wire["availableModels"][0]["costPerImage"].items() >= {"standard": 0.0, "hd": 2.0}.items()
    assert rewired(spec) == spec


def test_a_provider_may_be_named_outside_the_configuration():
    spec = IntegrationDefinition.from_wire({**EXAMPLE, "oauthProvider": "intuit"}).to_spec()

    assert spec.auth is not None
    assert spec.auth.provider == "intuit"


def test_the_documented_example_is_a_definition():
    spec = IntegrationDefinition.from_wire(EXAMPLE).to_spec()

    assert spec.name == "xero"
    assert spec.auth_type == "oauth2"
    assert (spec.oauth_provider, spec.oauth_scopes) == ("xero", ("accounting.transactions",))
    assert spec.methods[0].input_schema == EXAMPLE["methods"][0]["inputSchema"]


def test_the_documented_example_comes_back_with_every_field_it_had():
    wire = IntegrationDefinition.from_spec(IntegrationDefinition.from_wire(EXAMPLE).to_spec()).to_wire()

    assert {key: wire[key] for key in EXAMPLE if key not in ("methods", "oauth2Config")} == {
        key: value for key, value in EXAMPLE.items() if key not in ("methods", "oauth2Config")
    }
    assert wire["oauth2Config"].items() >= EXAMPLE["oauth2Config"].items()
    assert wire["methods"][0].items() >= EXAMPLE["methods"][0].items()


def test_custom_auth_needs_no_configuration():
    spec = IntegrationDefinition(integration_id="x", name="X", auth_type="custom").to_spec()

    assert spec.auth == CustomAuth()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"authType": "oauth2", "oauth2Config": None}, "needs its configuration"),
        ({"authType": "none"}, "a configuration for 'oauth2' is given"),
        ({"apiKeyConfig": {"name": "X-Key"}}, "a configuration for 'apikey' is given"),
        ({"authType": "magic"}, "authType"),
        ({"methodz": []}, "methodz"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(fields, message):
    with pytest.raises(DefinitionInvalid, match=message):
        IntegrationDefinition.from_wire({**EXAMPLE, **fields})


@pytest.mark.parametrize("fault", [{"properties": None}, {"properties": ["a"]}, {"required": None}, {"required": [[]]}])
def test_a_broken_schema_is_kept_for_the_check_of_schemas(fault):
    broken = {"type": "object", "properties": {"user": {"type": "string"}}, **fault}
    undone = {"id": "undone", "name": "U", "inputSchema": broken, "description": "Undo.", "undo": {"method": "undone"}}
    fields = {
        "authType": "custom",
        "oauth2Config": None,
        "customAuth": {"parameters": broken},
        "configSchema": broken,
        "methods": [undone],
    }

    spec = IntegrationDefinition.from_wire({**EXAMPLE, **fields}).to_spec()

    with pytest.raises(SchemaInvalid, match="undone, input schema"):
        check_schemas(spec)


@pytest.mark.parametrize("document", [None, [], "xero", 7])
def test_a_value_that_is_not_an_object_is_not_a_definition(document):
    with pytest.raises(DefinitionInvalid, match="a definition is a JSON object, not"):
        IntegrationDefinition.from_wire(document)


@pytest.mark.parametrize(
    ("part", "pointer", "nearest"),
    [
        ({"methodz": []}, "/methodz", "methods"),
        ({"methods": [{"id": "x", "inputSchemas": {}}]}, "/methods/0/inputSchemas", "inputSchema"),
        ({"methods": [{"id": "x", "undo": {"methud": "y"}}]}, "/methods/0/undo/methud", "method"),
        (
            {"oauth2Config": {**EXAMPLE["oauth2Config"], "tokenURL": "https://x.example"}},
            "/oauth2Config/tokenURL",
            "tokenUrl",
        ),
        ({"credentials": [{"keyy": "x"}]}, "/credentials/0/keyy", "key"),
        ({"triggers": [{"nam": "x"}]}, "/triggers/0/nam", "name"),
        (
            {"type": "ai", "aiConfig": {"provider": "p", "availableModels": [{"costPerTokens": {}}]}},
            "/aiConfig/availableModels/0/costPerTokens",
            "costPerToken",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_its_place_and_the_nearest_one(part, pointer, nearest):
    with pytest.raises(DefinitionInvalid) as caught:
        IntegrationDefinition.from_wire({**EXAMPLE, **part}).to_spec()

    assert caught.value.details["pointer"] == pointer
    assert caught.value.details["nearest"] == nearest
    assert str(caught.value) == f"{pointer}: {pointer.rsplit('/', 1)[1]!r} is unknown; did you mean {nearest!r}?"


def test_a_key_without_similar_ones_is_refused_with_all_known_keys():
    with pytest.raises(DefinitionInvalid, match="it has integrationId, name, description, version, type, methods"):
        IntegrationDefinition.from_wire({**EXAMPLE, "zzz": 1})


def test_a_key_that_is_given_twice_is_refused():
    with pytest.raises(DefinitionInvalid, match="means the same as 'configSchema', which is given too"):
        IntegrationDefinition.from_wire({**EXAMPLE, "config_schema": {}})


@pytest.mark.parametrize(
    ("part", "pointer"),
    [
        ({"version": "1.0"}, "/version"),
        ({"methods": [{"id": "Bad Id"}]}, "/methods/0/id"),
        ({"methods": [{}]}, "/methods/0/id"),
        ({"aiConfig": {"provider": "p", "defaultModel": "m"}, "type": "ai"}, "/aiConfig/availableModels"),
        ({"oauth2Config": {**EXAMPLE["oauth2Config"], "tokenUrl": "ftp://x"}}, "/oauth2Config/tokenUrl"),
        ({"hosts": ["https://x"]}, "/hosts"),
        ({"name": "x" * 256}, "/name"),
        ({"integrationId": "Xero"}, "/integrationId"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place(part, pointer):
    with pytest.raises(DefinitionInvalid) as caught:
        IntegrationDefinition.from_wire({**EXAMPLE, **part}).to_spec()

    assert caught.value.details["pointer"] == pointer
    assert caught.value.details["reason"]


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({}, ["access_token"]),
        ({"authType": "apikey", "oauth2Config": None, "apiKeyConfig": {"name": "X-Key"}}, ["api_key"]),
        (
            {
                "authType": "custom",
                "oauth2Config": None,
                "customAuth": {"parameters": {"properties": {"user": {"description": "Who"}, "port": True}}},
            },
            ["user", "port"],
        ),
        ({"authType": "none", "oauth2Config": None}, []),
        ({"credentials": []}, []),
    ],
)
def test_a_definition_without_credentials_gets_those_of_its_auth_type(fields, keys):
    spec = IntegrationDefinition.from_wire({**EXAMPLE, **fields}).to_spec()

    assert [credential.key for credential in spec.credentials] == keys
    assert [credential.env_var for credential in spec.credentials] == [f"XERO_{key.upper()}" for key in keys]
    assert rewired(spec) == spec
