import re

from wren_core.contract.spec import MethodSpec
from wren_core.export.dynamic_tools import CALL, DESCRIBE, DYNAMIC_TOOLS, NAMESPACE, SEARCH, search_hit
from wren_core.export.tools import openai_tool, tool_name
from wren_core.schemas.validator import Validator


def test_every_tool_has_a_schema_that_holds_and_words_for_all_its_parameters():
    for spec in DYNAMIC_TOOLS:
        Validator(spec.input_schema)
        assert spec.description.endswith(".")
        assert all(part["description"] for part in spec.input_schema["properties"].values())


def test_the_tools_speak_of_one_another_by_the_names_a_model_sees():
    names = {tool_name(NAMESPACE, spec) for spec in DYNAMIC_TOOLS}
    said = {word for spec in DYNAMIC_TOOLS for word in re.findall(r"\btools_\w+", str(spec.model_dump()))}

    assert names == {"tools_search", "tools_describe", "tools_call"}
    assert said <= names


def test_reading_can_be_strict_and_only_calling_changes_anything():
    assert [openai_tool(NAMESPACE, spec)["function"]["strict"] for spec in DYNAMIC_TOOLS] == [True, True, False]
    assert [spec.effect for spec in (SEARCH, DESCRIBE, CALL)] == ["read", "read", "write"]


def test_a_hit_is_the_name_and_the_first_line():
    method = MethodSpec(id="send", name="Send", description="Send a mail.\n\nAt once.", input_schema={"type": "object"})

    assert search_hit("mail", method) == "mail_send: Send a mail."
