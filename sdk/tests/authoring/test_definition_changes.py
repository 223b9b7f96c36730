"""What changed between two definitions, and how much it weighs."""

import pytest

from wren.authoring.change import Level
from wren.authoring.definition_changes import compare_definitions
from wren_core.contract.definition import IntegrationDefinition

TEXT = {"type": "string"}
METHOD = {
    "id": "send",
    "name": "Send",
    "description": "Send it.",
    "inputSchema": {"type": "object", "properties": {"to": TEXT}, "required": ["to"], "additionalProperties": False},
    "outputSchema": {"type": "object", "properties": {"id": TEXT}, "required": ["id"]},
    "effect": "write",
    "idempotent": True,
    "scopes": ["send"],
    "undo": {"method": "unsend", "arguments": {"id": "/output/id"}},
    "simulate": "validate_only",
    "requiresApproval": False,
    "example": "post.send('a')",
}
TOKEN = {
    "key": "access_token",
    "type": "oauth2",
    "description": "A token",
    "envVar": "POST_ACCESS_TOKEN",
    "required": True,
    "oauthScopes": [],
    "refreshKey": "refresh_token",
    "refreshEnvVar": "POST_REFRESH_TOKEN",
}
MODEL = {
    "id": "m1",
    "name": "M",
    "capabilities": ["text", "vision"],
    "contextWindow": 8000,
    "maxTokens": 1000,
    "inputFormats": ["text/plain"],
    "outputFormats": [],
    "costPerToken": {"input": 0.1, "output": 0.2},
}
TRIGGER = {"name": "arrived", "description": "", "configSchema": {"type": "object", "properties": {"box": TEXT}}}
BASE = {
    "integrationId": "post",
    "name": "Post",
    "description": "Letters.",
    "methods": [METHOD],
    "configSchema": {"type": "object", "properties": {"box": {**TEXT, "default": "in"}}},
    "authType": "oauth2",
    "oauth2Config": {"authorizationUrl": "https://p.example/a", "tokenUrl": "https://p.example/t", "scopes": ["send"]},
    "credentials": [TOKEN],
    "oauthProvider": "post",
    "oauthScopes": ["send"],
    "baseUrl": "https://api.p.example",
    "hosts": ["api.p.example"],
    "triggers": [TRIGGER],
}
AI = {"provider": "post", "availableModels": [MODEL], "defaultModel": "m1"}


def definition(**changed):
    return IntegrationDefinition.model_validate({**BASE, **changed})


def method(**changed):
    return {"methods": [{**METHOD, **changed}]}


def token(**changed):
    return {"credentials": [{**TOKEN, **changed}]}


def takes(properties, required=("to",)):
    schema = {**METHOD["inputSchema"], "properties": properties, "required": list(required)}
    return method(inputSchema=schema)


def gives(properties, required=("id",)):
    return method(outputSchema={"type": "object", "properties": properties, "required": list(required)})


def models(**changed):
    return {"type": "ai", "aiConfig": {**AI, "availableModels": [{**MODEL, **changed}]}}


API_KEY = {"oauth2Config": None, "oauthProvider": None, "oauthScopes": [], "apiKeyConfig": {"name": "X-Key"}}
CASES = [
    ("nothing", {}, Level.NONE),
    ("the version alone", {"version": "2.0.0"}, Level.NONE),
    ("another name for people", {"name": "The Post"}, Level.PATCH),
    ("another description", {"description": "Letters and parcels."}, Level.PATCH),
    ("another address of the API", {"baseUrl": "https://v2.p.example"}, Level.PATCH),
    ("another address of its OAuth", {"oauth2Config": {**BASE["oauth2Config"], "tokenUrl": "https://x.example"}}, 1),
    ("another name for scripts", {"integrationId": "mail"}, Level.MAJOR),
    ("another type", {"type": "documents"}, Level.MAJOR),
    ("another way to connect", {"authType": "apikey", **API_KEY}, Level.MAJOR),
    ("another OAuth provider", {"oauthProvider": "mail"}, Level.MAJOR),
    ("one scope more", {"oauthScopes": ["send", "read"]}, Level.MAJOR),
    ("one scope less", {"oauthScopes": []}, Level.PATCH),
    ("a host more", {"hosts": ["api.p.example", "files.p.example"]}, Level.MINOR),
    ("a host that is configured", {"configHosts": ["{box}"]}, Level.MINOR),
    ("a host less", {"hosts": []}, Level.PATCH),
    # credentials
    ("a variable renamed", token(envVar="POST_TOKEN"), Level.MAJOR),
    ("the variable of the refresh token renamed", token(refreshEnvVar="POST_RENEW"), Level.MAJOR),
    ("a credential of another type", token(type="token"), Level.MAJOR),
    ("a credential needed no longer", token(required=False), Level.MINOR),
    ("a credential less", {"credentials": []}, Level.MAJOR),
    ("a required credential more", {"credentials": [TOKEN, {**TOKEN, "key": "b", "envVar": "B"}]}, Level.MAJOR),
    (
        "an optional credential more",
        {"credentials": [TOKEN, {**TOKEN, "key": "b", "envVar": "B", "required": False}]},
        Level.MINOR,
    ),
    ("a credential described otherwise", token(description="The token"), Level.PATCH),
    # configuration
    ("a setting removed", {"configSchema": {"type": "object", "properties": {}}}, Level.MAJOR),
    ("another default", {"configSchema": {"type": "object", "properties": {"box": {**TEXT, "default": "x"}}}}, 3),
    (
        "a setting newly required",
        {"configSchema": {"type": "object", "properties": {"box": TEXT}, "required": ["box"]}},
        Level.MAJOR,
    ),
    (
        "an optional setting added",
        {"configSchema": {"type": "object", "properties": {**BASE["configSchema"]["properties"], "size": TEXT}}},
        Level.MINOR,
    ),
    (
        "settings in another order",
        {"configSchema": {"type": "object", "properties": {"size": TEXT, **BASE["configSchema"]["properties"]}}},
        Level.MINOR,
    ),
    # methods
    ("a method removed", {"methods": []}, Level.MAJOR),
    ("a method added", {"methods": [METHOD, {**METHOD, "id": "fetch"}]}, Level.MINOR),
    ("a parameter removed", takes({}, ()), Level.MAJOR),
    ("a parameter newly required", takes({"to": TEXT, "note": TEXT}, ("to", "note")), Level.MAJOR),
    ("an optional parameter added at the end", takes({"to": TEXT, "note": TEXT}), Level.MINOR),
    ("an optional parameter added in front", takes({"note": TEXT, "to": TEXT}), Level.MAJOR),
    ("a type narrowed", takes({"to": {**TEXT, "enum": ["a"]}}), Level.MAJOR),
    ("a type widened", takes({"to": {"type": ["string", "null"]}}), Level.MINOR),
    ("a result removed", gives({}, ()), Level.MAJOR),
    ("a result no longer guaranteed", gives({"id": TEXT}, ()), Level.MAJOR),
    ("a result added", gives({"id": TEXT, "at": TEXT}), Level.MINOR),
    ("it destroys", method(effect="destructive"), Level.MAJOR),
    ("it only reads", method(effect="read"), Level.MINOR),
    ("it may not be repeated", method(idempotent=False), Level.MAJOR),
    ("it asks a person", method(requiresApproval=True), Level.MAJOR),
    ("it cannot be simulated", method(simulate="none"), Level.MAJOR),
    ("it can be simulated by the provider", method(simulate="native"), Level.MINOR),
    ("it cannot be undone", method(undo=None), Level.MAJOR),
    ("it is undone otherwise", method(undo={"method": "recall", "arguments": {}}), Level.MINOR),
    ("it needs another scope", method(scopes=["send", "read"]), Level.MAJOR),
    ("it needs a scope less", method(scopes=[]), Level.PATCH),
    ("another example", method(example="post.send('b')"), Level.PATCH),
    ("another title", method(name="Send it"), Level.PATCH),
    # triggers
    ("a trigger removed", {"triggers": []}, Level.MAJOR),
    ("a trigger added", {"triggers": [TRIGGER, {**TRIGGER, "name": "left"}]}, Level.MINOR),
    (
        "a setting of a trigger removed",
        {"triggers": [{**TRIGGER, "configSchema": {"type": "object", "properties": {}}}]},
        Level.MAJOR,
    ),
]


@pytest.mark.parametrize(("changed", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_change_of_a_definition_weighs_what_it_does_to_users(changed, expected):
    found = compare_definitions(definition(), definition(**changed))

    assert max((change.level for change in found), default=0) == expected


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        pytest.param(token(refreshEnvVar=None), Level.MINOR, id="a variable where there was none"),
        pytest.param(method(idempotent=False), Level.MINOR, id="it may be repeated now"),
        pytest.param(method(requiresApproval=True), Level.MINOR, id="it needs no approval now"),
        pytest.param(method(undo=None), Level.MINOR, id="it can be undone now"),
        pytest.param(token(required=False), Level.MAJOR, id="a credential is needed now"),
    ],
)
def test_the_other_way_round_weighs_otherwise(back, expected):
    found = compare_definitions(definition(**back), definition())

    assert max(change.level for change in found) is expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(models(capabilities=["text"]), Level.MAJOR, id="a capability less"),
        pytest.param(models(capabilities=["text", "vision", "tools"]), Level.MINOR, id="a capability more"),
        pytest.param(models(contextWindow=4000), Level.MAJOR, id="a smaller context window"),
        pytest.param(models(maxTokens=None), Level.MINOR, id="no limit of tokens"),
        pytest.param(models(costPerToken={"input": 1, "output": 2}), Level.PATCH, id="another price"),
        pytest.param(
            {"type": "ai", "aiConfig": {**AI, "availableModels": [MODEL, {**MODEL, "id": "m2"}]}},
            Level.MINOR,
            id="a model more",
        ),
        pytest.param(
            {"type": "ai", "aiConfig": {**AI, "availableModels": [{**MODEL, "id": "m2"}], "defaultModel": "m2"}},
            Level.MAJOR,
            id="another model",
        ),
    ],
)
def test_a_change_of_the_models_weighs_what_it_does_to_users(changed, expected):
    found = compare_definitions(definition(type="ai", aiConfig=AI), definition(**changed))

    assert max(change.level for change in found) is expected


def test_values_of_a_connection_by_hand_are_input():
    form = {"type": "object", "properties": {"host": TEXT}}
    by_hand = {"authType": "custom", "oauth2Config": None, "oauthProvider": None, "oauthScopes": []}
    old = definition(**by_hand, customAuth={"parameters": form})
    new = definition(**by_hand, customAuth={"parameters": {**form, "required": ["host"]}})

    (change,) = compare_definitions(old, new)

    assert str(change) == "authentication: value 'host' is newly required"


def test_the_gravest_change_comes_first():
    new = definition(description="Else.", methods=[{**METHOD, "scopes": ["send", "x"]}, {**METHOD, "id": "fetch"}])

    found = compare_definitions(definition(), new)

    assert [change.level for change in found] == [Level.MAJOR, Level.MINOR, Level.PATCH]
    assert [str(change) for change in found][:2] == ["send: scope 'x' was added", "methods: method 'fetch' was added"]
