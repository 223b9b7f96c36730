import base64
import json

import pytest

from wren_core.ai.dialect import Reply
from wren_core.ai.integration import AIIntegration
from wren_core.ai.records import ChatMessage, ToolCall, ToolResult, Usage
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.execution import to_json
from wren_core.contract.host import NoHost
from wren_core.errors import (
    AgentFixableError,
    AuthFailed,
    HostUnavailable,
    InvalidInput,
    RateLimited,
    UserFacingConfigError,
)
from wren_core.export.tools import anthropic_tool, mcp_tool, openai_tool

PNG = b"\x89PNG\r\n\x1a\n rest"
TOOL = {"name": "weather", "description": "Tell the weather.", "input_schema": {"type": "object", "properties": {}}}


def test_an_answer_has_its_usage_and_cost_and_the_host_gets_both(parrot, ledger):
    answer = parrot.generate("hi")

    assert (answer.text, answer.cost_usd) == ("Hello.", 0.006)
    assert ledger.asked == [
        ("ai.allow", {"integration": "parrot", "model": "grey"}),
        (
            "ai.spent",
            {
                "integration": "parrot",
                "model": "grey",
                "outcome": "ok",
                "input_tokens": 1000,
                "cached_input_tokens": 0,
                "output_tokens": 200,
                "images": 0,
                "is_estimated": False,
                "nano_usd": 6_000_000,
            },
        ),
    ]


def test_without_a_host_there_is_no_budget(make):
    assert make(host=NoHost()).generate("hi").cost_usd == 0.006


def test_a_host_that_cannot_be_asked_stops_the_call(parrot, ledger, script):
    ledger.refusal["ai.allow"] = HostUnavailable("the worker is gone")

    with pytest.raises(HostUnavailable):
        parrot.generate("hi")

    assert script.asked == []


@pytest.mark.parametrize(
    "call", [lambda p: p.generate("hi"), lambda p: p.generate_image("a wren"), lambda p: list(p.stream("hi"))]
)
def test_a_spent_budget_stops_every_kind_of_call_before_the_provider_is_asked(parrot, ledger, script, call):
    ledger.refusal["ai.allow"] = UserFacingConfigError("spent", code="BUDGET_EXCEEDED")

    with pytest.raises(UserFacingConfigError, match="spent"):
        call(parrot)

    assert script.asked == []
    assert ledger.spent == []


def test_a_refused_call_costs_nothing(parrot, ledger, script):
    script.parts = [RateLimited("slow down", 7)]

    with pytest.raises(RateLimited):
        parrot.generate("hi")

    assert ledger.operations == ["ai.allow"]


def test_a_model_without_prices_differs_from_a_free_one(parrot, ledger):
    answer = parrot.generate("hi", model="wild")

    assert answer.cost_usd is None
    assert ledger.spent[0]["nano_usd"] == 0


def test_a_conversation_goes_on_with_the_results_of_tools(parrot, script):
    call = ToolCall(id="1", name="weather", arguments={"city": "Rome"})
    script.parts = [Reply(text="", stop_reason="tool_use", usage=Usage(), tool_calls=[call], blocks=[{"signed": "x"}])]

    asked = parrot.generate("weather?", tools=[TOOL])
    result = ChatMessage(role="user", tool_results=[ToolResult(id="1", content="sun")])
    parrot.generate(messages=[ChatMessage(role="user", text="weather?"), asked.as_message(), result], tools=[TOOL])

    turns = script.asked[1].messages
    assert [turn.role for turn in turns] == ["user", "assistant", "user"]
    assert (turns[1].tool_calls, turns[1].blocks) == ([call], [{"signed": "x"}])
    assert turns[2].tool_results[0].content == "sun"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_images_come_as_bytes_or_as_base64(parrot, script, encode):
    content = PNG + b"\xfb\xff\xfe"

    parrot.generate("?", images=[content])
    parrot.invoke("generate", {"prompt": "?", "images": [encode(content).decode().rstrip("=")]})

    assert [request.messages[0].images for request in script.asked] == [[content], [content]]


@pytest.mark.parametrize(
    "arguments",
    [
        {"prompt": "hi", "images": ["not base64!"]},
        {"prompt": "hi", "max_tokens": 0},
        {"prompt": "hi", "temperature": 3},
        {"prompt": "hi", "tools": [{"name": "no name with blanks", "input_schema": {}}]},
        {"promt": "hi"},
    ],
)
def test_arguments_that_do_not_fit_are_refused_alike_by_calls_and_streams(parrot, arguments, ledger):
    with pytest.raises(InvalidInput):
        parrot.invoke("generate", arguments)
    with pytest.raises(InvalidInput):
        parrot.stream(**arguments)

    assert ledger.asked == []


def test_images_are_generated_and_their_price_is_reported(parrot, ledger, script):
    made = parrot.generate_images("a wren", count=3, quality="hd")

    assert (len(made.images), made.cost_usd) == (3, 0.24)
    assert to_json(parrot, "generate_images", made)["images"][0]["content"] == base64.b64encode(PNG).decode()
    assert ledger.spent[0]["images"] == 3
    assert script.asked[0].size == "1024x1024"


def test_the_shared_methods_have_the_shared_names_and_the_cost_is_the_product(parrot, ledger):
    spec = type(parrot).full_spec()
    complete, draw = spec.method("complete"), spec.method("generate_image")

    answer = parrot.invoke("complete", {"prompt": "hi", "modelId": "grey", "maxTokens": 100, "temperature": 0.5})
    made = parrot.invoke("generate_image", {"prompt": "a wren", "width": 512, "height": 256, "quality": "hd"})

    assert list(complete.input_schema["properties"]) == ["prompt", "modelId", "maxTokens", "temperature"]
    assert list(draw.input_schema["properties"]) == ["prompt", "modelId", "width", "height", "quality"]
    assert to_json(parrot, "complete", answer) == {
        "completion": "Hello.",
        "usage": {
            "promptTokens": 1000,
            "completionTokens": 200,
            "totalTokens": 1200,
            "cost": 0.006,
        },
    }
    assert to_json(parrot, "generate_image", made) == {
        "image": base64.b64encode(PNG).decode(),
        "usage": {"cost": 0.08},
    }
    assert parrot.script.asked[-1].size == "512x256"
    assert [item["nano_usd"] for item in ledger.spent] == [6_000_000, 80_000_000]


def test_a_provider_whose_dialect_has_no_images_refuses_an_image(parrot):
    parrot.client.draw = None

    with pytest.raises(AgentFixableError, match="does not generate images") as caught:
        parrot.generate_image("a wren")

    assert caught.value.code == "IMAGES_UNSUPPORTED"


def test_a_named_model_without_images_has_another_error_than_a_provider_without_images(parrot):
    with pytest.raises(InvalidInput) as caught:
        parrot.generate_image("a wren", modelId="grey")

    assert (caught.value.code, caught.value.details["models"]) == ("MODEL_UNSUITABLE", ["painter"])


def test_models_are_listed_with_abilities_and_prices(parrot):
    by_id = {model.id: model for model in parrot.models()}

    assert list(by_id) == ["grey", "macaw", "painter", "wild"]
    assert (by_id["grey"].is_default, by_id["grey"].input_usd_per_million) == (True, 3)
    assert (by_id["painter"].usd_per_image, by_id["wild"].output_usd_per_million) == (0.04, None)
    assert [model.id for model in parrot.models("vision")] == ["macaw"]


def test_an_inherited_example_names_the_integration(parrot):
    examples = [method.example for method in type(parrot).full_spec().methods]

    assert [example.split("(")[0] for example in examples] == [
        "parrot.generate",
        "parrot.complete",
        "parrot.generate_image",
        "parrot.models",
        "parrot.generate_images",
    ]
    assert AIIntegration.methods()["generate"].spec.example.startswith("{name}.")


def test_the_wire_form_and_the_tools_describe_all_methods(parrot):
    spec = type(parrot).full_spec()

    wire = json.loads(json.dumps(IntegrationDefinition.from_spec(spec).to_wire()))

    assert IntegrationDefinition.model_validate(wire).to_spec() == spec
    assert wire["aiConfig"]["availableModels"][0]["costPerToken"] == {
        "input": 3e-06,
        "output": 1.5e-05,
        "cachedInput": None,
        "long": None,
    }
    for method in spec.methods:
        names = list(method.input_schema["properties"])
        assert list(openai_tool("parrot", method)["function"]["parameters"]["properties"]) == names
        assert list(anthropic_tool("parrot", method)["input_schema"]["properties"]) == names
        assert list(mcp_tool("parrot", method)["inputSchema"]["properties"]) == names


def test_a_refused_key_is_renewed_once_and_the_call_is_repeated(parrot, script, ledger, monkeypatch):
    script.parts = [AuthFailed("no")]

    def renew(refused=None):
        script.parts = [Reply(text="Hello.", stop_reason="end", usage=Usage())]
        return True

    monkeypatch.setattr(parrot, "renew", renew)

    assert parrot.generate("hi").text == "Hello."
    script.parts = [AuthFailed("no")]
    assert list(parrot.stream("hi")) == []
    assert len(script.asked) == 4
