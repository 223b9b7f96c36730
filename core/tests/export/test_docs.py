from typing import Annotated, Any, Literal

import pytest

from wren_core import (
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationConfig,
    IntegrationSpec,
    OAuth2Config,
    Record,
    method,
)
from wren_core.contract.spec import MethodSpec
from wren_core.export.docs import AuthType, IntegrationDocs, MethodDoc, ParamDoc, RecordDoc
from wren_core.schemas.type_words import type_words


class Author(Record):
    """Who wrote it."""

    name: Annotated[str, "As shown"]


class Posted(Record):
    """A message as posted."""

    id: Annotated[str, "Identifier"]
    author: Author | None = None


class Chat(Integration):
    """Talk to a team."""

    spec = IntegrationSpec(
        name="chat",
        display_name="Chat",
        version="1.0.0",
        docs_url="https://docs.example/chat",
        auth=OAuth2Config(provider="chat", authorization_url="https://c.example/a", token_url="https://c.example/t"),
        credentials=[CredentialSpec(key="access_token", type=CredentialType.OAUTH2, env_var="CHAT_TOKEN")],
    )

    class Config(IntegrationConfig):
        channel: Annotated[str | None, "Used when none is given"] = None

    @method(effect="write", scopes=["chat:write"], example='chat.post("hi")')
    def post(self, text: Annotated[str, "What to say"], tags: list[str] = []) -> Posted:  # noqa: B006
        """Post a message."""
        return Posted(id=text)


def test_documents_are_derived_from_the_spec():
    docs = IntegrationDocs.from_spec(Chat.full_spec())

    assert docs == IntegrationDocs(
        name="chat",
        display_name="Chat",
        description="Talk to a team.",
        version="1.0.0",
        auth_type=AuthType.OAUTH2,
        env_vars=("CHAT_TOKEN",),
        config=(ParamDoc(name="channel", type="string or null", description="Used when none is given"),),
        methods=(
            MethodDoc(
                id="post",
                description="Post a message.",
                params=(
                    ParamDoc(name="text", type="string", description="What to say", required=True),
                    ParamDoc(name="tags", type="array of string", default=[]),
                ),
                returns="Posted",
                effect="write",
                scopes=("chat:write",),
                example='chat.post("hi")',
            ),
        ),
        records=(
            RecordDoc(
                name="Author",
                description="Who wrote it.",
                fields=(ParamDoc(name="name", type="string", description="As shown", required=True),),
            ),
            RecordDoc(
                name="Posted",
                description="A message as posted.",
                fields=(
                    ParamDoc(name="id", type="string", description="Identifier", required=True),
                    ParamDoc(name="author", type="Author or null"),
                ),
            ),
        ),
        docs_url="https://docs.example/chat",
    )


def test_a_signature_shows_the_call_as_python_does():
    assert IntegrationDocs.from_spec(Chat.full_spec()).methods[0].signature == "post(text, tags=[])"


def test_documents_of_a_foreign_schema_do_not_break():
    schema = {"properties": {"any": True, "none": {}, "list": {"type": "array"}}}
    foreign = MethodSpec(id="act", name="Act", description="Act.", input_schema=schema)
    spec = IntegrationSpec(name="x", display_name="X", methods=[foreign])

    params = IntegrationDocs.from_spec(spec).methods[0].params

    assert [(param.name, param.type) for param in params] == [("any", "any"), ("none", "any"), ("list", "array of any")]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}, {"type": "integer"}]}, "integer or null"),
        ({"type": "array", "items": {"$ref": "#/$defs/Mail"}}, "array of Mail"),
        ({"$ref": "#/$defs/Mail", "$defs": {"Mail": {"type": "object"}}}, "Mail"),
        ({"$ref": "#/$defs/Colour", "$defs": {"Colour": {"enum": ["red", "blue"]}}}, "'red' | 'blue'"),
        ({"enum": ["a", 1]}, "'a' | 1"),
        ({"const": "a", "type": "string"}, "'a'"),
        ({"oneOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}, "A or B"),
        ({}, "any"),
        (True, "any"),
    ],
)
def test_a_type_is_said_in_a_few_words(schema: Any, words: Literal["any"]):
    assert type_words(schema) == words


def test_the_definitions_of_a_part_may_be_handed_in():
    assert type_words({"$ref": "#/$defs/Colour"}, {"Colour": {"enum": ["red"]}}) == "'red'"
    assert type_words({"$ref": "#/$defs/Colour", "$defs": {"Colour": {"enum": ["red"]}}}, {}) == "Colour"
