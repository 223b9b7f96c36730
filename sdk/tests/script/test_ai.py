import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

import wren
from wren.script import session
from wren.script.ai_choice import choose_integration
from wren.script.ai_prompt import build_prompt
from wren.script.catalogue import installed
from wren.script.session import ScriptSession
from wren.script.terminal_host import TerminalHost
from wren_core.errors import AgentFixableError, InvalidInput, UserFacingConfigError

SITE = Path(__file__).parents[1] / "ai_site"
PNG = b"\x89PNG\r\n\x1a\n rest"


class Mail(BaseModel):
    sender: str
    received: date


class Forecast(BaseModel):
    city: str
    degrees: int


@dataclass
class Reading:
    at: date
    degrees: int


class Place(TypedDict):
    city: str


@pytest.fixture
def birds(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Install `parrot` and `crow` for one test, in a clean environment and its own session."""
    monkeypatch.syspath_prepend(str(SITE))
    monkeypatch.syspath_prepend(str(SITE.parent / "site"))
    for name in [name for name in os.environ if name.endswith(("_KEY", "_INTEGRATION"))]:
        monkeypatch.delenv(name)
    installed.cache_clear()
    with session.entered(ScriptSession(host=TerminalHost(write=lambda _text: None))):
        module = __import__("wren_parrot")
        module.Repeater.answers.clear()
        module.Repeater.asked.clear()
        yield module
    installed.cache_clear()
    for name in ("wren_parrot", "wren_parcel", "wren_broken"):
        sys.modules.pop(name, None)


@pytest.fixture
def parrot(birds: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What stands for the provider of the one ai integration that is connected."""
    monkeypatch.setenv("PARROT_KEY", "k")
    return birds.Repeater


def test_an_answer_is_text_that_knows_what_it_cost(parrot: Any) -> None:
    parrot.answers.append("Paris")

    answer = wren.ai("What is the capital of France?")

    assert answer == "Paris"
    assert json.dumps({"answer": answer}) == '{"answer": "Paris"}'
    assert (answer.completion.model, answer.completion.cost_usd) == ("grey", 0.002)


def test_model_system_and_limit_are_handed_on(parrot: Any) -> None:
    wren.ai("hi", model="green", system="Be kind.", max_tokens=7)

    (asked,) = parrot.asked
    assert (asked.model.id, asked.system, asked.max_tokens) == ("green", "Be kind.", 7)


def test_data_becomes_text_and_images(parrot: Any, tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(PNG)
    mail = Mail(sender="alice", received=date(2026, 3, 2))

    wren.ai("Summarise", "as it is", mail, {"a": [1, "ä"]}, PNG, tmp_path / "scan.png", [PNG, PNG], 7)

    (turn,) = parrot.asked[0].messages
    prompt, text, record, values, number = turn.text.split("\n\n")
    assert (prompt, text, number) == ("Summarise", "as it is", "7")
    assert json.loads(record) == {"sender": "alice", "received": "2026-03-02"}
    assert (json.loads(values), "ä" in values) == ({"a": [1, "ä"]}, True)
    assert turn.images == [PNG] * 4


@pytest.mark.parametrize("item", [b"%PDF-1.7", Path("/does/not/exist.png"), object(), {"x": object()}])
def test_data_that_no_model_can_read_is_refused_by_its_place(item: Any) -> None:
    with pytest.raises(InvalidInput, match="data 2") as caught:
        build_prompt("Summarise", ["fine", item])

    assert caught.value.details["position"] == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"city": "Rome", "degrees": 21}',
        '```json\n{"city": "Rome", "degrees": 21}\n```',
        '  ```\n{"city": "Rome", "degrees": 21}\n```\n',
    ],
)
def test_a_schema_gives_a_checked_object(parrot: Any, text: str) -> None:
    parrot.answers.append(text)

    found = wren.ai("The forecast", schema=Forecast)

    assert found == Forecast(city="Rome", degrees=21)
    assert '"degrees"' in parrot.asked[0].messages[0].text, "the model gets the schema"


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        (list[int], "[1, 2]", [1, 2]),
        (Literal["low", "high"], '"high"', "high"),
        (Reading, '{"at": "2026-03-02", "degrees": 21}', Reading(at=date(2026, 3, 2), degrees=21)),
        (Place, '{"city": "Rome"}', {"city": "Rome"}),
        (Forecast | None, "null", None),
    ],
)
def test_any_type_can_be_a_schema(parrot: Any, schema: Any, text: str, expected: Any) -> None:
    parrot.answers.append(text)

    assert wren.ai("What is it?", schema=schema) == expected


def test_an_answer_that_does_not_fit_is_sent_back_once_with_what_is_wrong(parrot: Any) -> None:
    parrot.answers += ['{"city": "Rome", "degrees": "warm"}', '{"city": "Rome", "degrees": 21}']

    found = wren.ai("The forecast", PNG, schema=Forecast)

    question, answer, complaint = parrot.asked[1].messages
    assert found.degrees == 21
    assert (question.images, answer.text) == ([PNG], '{"city": "Rome", "degrees": "warm"}')
    assert "- degrees: Input should be a valid integer" in complaint.text


def test_an_answer_that_does_not_fit_twice_is_an_error_that_shows_it(parrot: Any) -> None:
    parrot.answers += ["warm", "still warm"]

    with pytest.raises(AgentFixableError) as caught:
        wren.ai("The forecast", schema=Forecast)

    assert caught.value.code == "AI_ANSWER_INVALID"
    assert caught.value.details["answer"] == "still warm"
    assert len(parrot.asked) == 2


def test_an_empty_answer_is_not_handed_back_as_a_turn(parrot: Any) -> None:
    parrot.answers += ["", "7"]

    assert wren.ai("A number", schema=int) == 7
    assert [turn.role for turn in parrot.asked[1].messages] == ["user", "user"]


def test_an_answer_that_was_cut_off_says_so(parrot: Any) -> None:
    parrot.answers += ['{"city": "Ro...', '{"city": "Ro...']

    with pytest.raises(AgentFixableError, match="longer than max_tokens"):
        wren.ai("The forecast", schema=Forecast)


@pytest.mark.parametrize("schema", [ModuleType, {"type": "object"}, Forecast(city="Rome", degrees=1)])
def test_an_invalid_schema_is_refused_before_anything_is_asked(parrot: Any, schema: Any) -> None:
    with pytest.raises(InvalidInput, match="JSON Schema"):
        wren.ai("The forecast", schema=schema)

    assert parrot.asked == []


def test_the_error_says_why_a_type_is_not_a_schema(parrot: Any) -> None:
    with pytest.raises(InvalidInput, match="CallableSchema"):
        wren.ai("The forecast", schema=Callable[[], int])


def test_a_prompt_that_is_not_text_is_refused(parrot: Any) -> None:
    with pytest.raises(InvalidInput, match="the prompt must be text, not dict"):
        wren.ai({"city": "Rome"})  # type: ignore[call-overload]  # what a script may do


def test_an_integration_is_made_once_for_a_session(parrot: Any) -> None:
    wren.ai("one")
    instance = session.current().instances["parrot"]
    wren.ai("two")

    assert session.current().instances == {"parrot": instance}


def test_a_terminal_adds_up_what_models_cost(parrot: Any) -> None:
    wren.ai("one")
    wren.ai("two")

    host = session.current().host
    assert isinstance(host, TerminalHost)
    assert host.cost_usd == 0.004


@pytest.mark.parametrize(
    ("environ", "chosen"),
    [
        ({"PARROT_KEY": "k"}, "parrot"),
        ({"CROW_KEY": "k"}, "crow"),
        ({"PARROT_KEY": "k", "CROW_KEY": "k", "WREN_AI_INTEGRATION": "crow"}, "crow"),
    ],
)
def test_the_integration_with_a_credential_is_asked(birds: ModuleType, environ: Mapping[str, str], chosen: str) -> None:
    assert choose_integration(environ=environ) == chosen


def test_a_named_integration_is_asked_whatever_is_connected(birds: ModuleType) -> None:
    assert choose_integration("crow", {"PARROT_KEY": "k"}) == "crow"


def test_several_connected_ones_are_named_so_that_the_script_can_choose(birds: ModuleType) -> None:
    with pytest.raises(AgentFixableError, match="crow, parrot") as caught:
        choose_integration(environ={"PARROT_KEY": "k", "CROW_KEY": "k"})

    assert caught.value.code == "AI_INTEGRATION_AMBIGUOUS"
    assert "integration='crow'" in caught.value.message


def test_where_none_is_connected_the_error_says_what_to_set(birds: ModuleType) -> None:
    with pytest.raises(UserFacingConfigError) as caught:
        choose_integration(environ={})

    assert caught.value.code == "AI_NOT_CONFIGURED"
    assert "parrot (PARROT_KEY)" in caught.value.message
    assert {"parrot", "crow"} <= set(caught.value.details["integrations"])


def test_an_integration_without_models_cannot_be_asked(birds: ModuleType) -> None:
    with pytest.raises(AgentFixableError, match="'parcel' offers no models") as caught:
        choose_integration("parcel", {})

    assert caught.value.code == "AI_INTEGRATION_INVALID"
