from typing import Annotated

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
from wren_core.contract.spec import ApiKeyConfig, CustomAuth, MethodSpec
from wren_core.export.docs import AuthType, IntegrationDocs, MethodDoc, ParamDoc, RecordDoc

SCRIPT = """import wren

chat = wren.integrations.chat.init()


@wren.on_schedule("0 9 * * *")
def daily():
    print(chat.post("hi"))
"""


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
        auth_type=AuthType.OAUTH,
        env_vars=["CHAT_TOKEN"],
        init_params=[
            ParamDoc(
                name="channel",
                type="str | None",
                description="Used when none is given",
                required=False,
                default="None",
            )
        ],
        methods=[
            MethodDoc(
                name="post",
                description="Post a message.",
                params=[
                    ParamDoc(name="text", type="str", description="What to say"),
                    ParamDoc(name="tags", type="list[str]", required=False, default="[]"),
                ],
                returns="Posted",
                effect="write",
                scopes=["chat:write"],
                example='chat.post("hi")',
            ),
        ],
        records=[
            RecordDoc(
                name="Author",
                description="Who wrote it.",
                fields=[ParamDoc(name="name", type="str", description="As shown")],
            ),
            RecordDoc(
                name="Posted",
                description="A message as posted.",
                fields=[
                    ParamDoc(name="id", type="str", description="Identifier"),
                    ParamDoc(name="author", type="Author | None", required=False, default="None"),
                ],
            ),
        ],
        example=SCRIPT,
        docs_url="https://docs.example/chat",
    )


def test_a_signature_shows_the_call_as_python_does():
    assert IntegrationDocs.from_spec(Chat.full_spec()).methods[0].signature == "post(text, tags=[])"


def test_documents_of_a_foreign_schema_do_not_break():
    schema = {"properties": {"any": True, "none": {}, "list": {"type": "array"}}}
    foreign = MethodSpec(id="act", name="Act", description="Act.", input_schema=schema)
    spec = IntegrationSpec(name="x", display_name="X", methods=[foreign])

    params = IntegrationDocs.from_spec(spec).methods[0].params

    assert [(param.name, param.type) for param in params] == [("any", "Any"), ("none", "Any"), ("list", "list[Any]")]


class Line(Record):
    """One line of an order."""

    product: Annotated[str, "What is bought"]
    count: Annotated[int, "How many"] = 1


class Orders(Integration):
    """Order things."""

    spec = IntegrationSpec(name="orders", display_name="Orders")

    @method(effect="write")
    def order(self, lines: list[Line]) -> list[Line]:
        """Order several things."""
        return lines


def test_a_record_that_a_method_takes_is_described_with_what_it_requires():
    record = IntegrationDocs.from_spec(Orders.full_spec()).records[0]

    assert (record.name, record.is_taken) == ("Line", True)
    assert record.fields == [
        ParamDoc(name="product", type="str", description="What is bought"),
        ParamDoc(name="count", type="int", description="How many", required=False, default="1"),
    ]


@pytest.mark.parametrize(
    ("auth", "credentials", "expected"),
    [
        (None, [], "none"),
        (ApiKeyConfig(), [], "api_key"),
        (CustomAuth(), [CredentialType.TOKEN], "token"),
        (CustomAuth(), [CredentialType.BASIC_AUTH, CredentialType.BASIC_AUTH], "custom"),
    ],
)
def test_the_auth_type_of_documents_is_a_short_word(auth, credentials, expected):
    declared = [
        CredentialSpec(key=f"k{index}", type=kind, env_var=f"X_K{index}") for index, kind in enumerate(credentials)
    ]
    spec = IntegrationSpec(name="x", display_name="X", auth=auth, credentials=declared)

    assert IntegrationDocs.from_spec(spec).auth_type == expected
