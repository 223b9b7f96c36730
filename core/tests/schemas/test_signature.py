from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Discriminator, Field, Tag, TypeAdapter, WithJsonSchema

from wren_core import Record
from wren_core.schemas.signature import (
    arguments_of,
    described,
    input_model,
    input_schema,
    output_adapter,
    output_schema,
)
from wren_core.schemas.validator import Validator


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    sku: Annotated[str, Field(description="Stock number")]
    count: int = 1


class Mail(Record):
    subject: Annotated[str, "Subject line"]
    attachments: list[bytes] = []


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    schema = input_schema(input_model(function, "m"))
    Validator(schema)
    return schema


def returned(function: Callable[..., Any]) -> dict[str, Any]:
    schema = output_schema(output_adapter(function, "m"))
    Validator(schema)
    return schema


def test_parameters_become_a_closed_object():
    def send(self, to: str, subject: str | None = None, *, urgent: bool = False) -> None: ...

    assert parameters(send) == {
        "type": "object",
        "properties": {
            "to": {"type": "string"},
            "subject": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "urgent": {"type": "boolean", "default": False},
        },
        "required": ["to"],
        "additionalProperties": False,
    }


def test_a_function_without_parameters_takes_an_empty_object():
    def ping(self) -> None: ...

    assert parameters(ping) == {"type": "object", "properties": {}, "additionalProperties": False}


def test_the_text_of_an_annotated_is_the_description():
    def send(
        self,
        to: Annotated[str, "Who gets it"],
        limit: Annotated[int, "How many", Field(ge=1, le=9)] = 3,
        note: Annotated[str, Field(description="From pydantic"), "not this"] = "",
        line: Annotated[Line | None, "One line"] = None,
    ) -> None: ...

    properties = parameters(send)["properties"]

    assert {name: node["description"] for name, node in properties.items()} == {
        "to": "Who gets it",
        "limit": "How many",
        "note": "From pydantic",
        "line": "One line",
    }
    assert properties["limit"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "default": 3,
        "description": "How many",
    }


def test_an_annotation_without_text_is_left_alone():
    plain = Annotated[int, Field(ge=1)]

    assert described(plain) is plain
    assert described(str) is str


# Names that mean something on a pydantic model, in JSON Schema or to Python.
@pytest.mark.parametrize(
    "name",
    ["schema", "json", "copy", "model_config", "model_dump", "title", "properties", "type", "default", "_x", "cls"],
)
def test_a_parameter_may_have_any_name(name):
    namespace: dict[str, Any] = {}
    exec(f"def f(self, {name}: str, other: int = 1) -> None: ...", namespace)
    model = input_model(namespace["f"], "m")

    assert list(input_schema(model)["properties"]) == [name, "other"]
    assert arguments_of(model.model_validate({name: "v"})) == {name: "v", "other": 1}


def test_title_is_removed_where_it_is_generated_and_kept_where_it_is_a_name():
    class Book(BaseModel):
        title: str = Field(default="none", json_schema_extra={"examples": [{"title": "Emma"}]})

    def add(self, title: str, book: Book) -> None: ...

    schema = parameters(add)

    assert schema["properties"]["title"] == {"type": "string"}
    assert schema["$defs"]["Book"]["properties"]["title"]["examples"] == [{"title": "Emma"}]
    assert "title" not in schema
    assert "title" not in schema["$defs"]["Book"]


@pytest.mark.parametrize(
    ("annotation", "given", "read"),
    [
        (Path, "a/b", Path("a/b")),
        (datetime, "2025-03-01T12:00:00Z", datetime(2025, 3, 1, 12, tzinfo=UTC)),
        (date, "2025-03-01", date(2025, 3, 1)),
        (time, "09:00:00", time(9)),
        (timedelta, "-P1D", timedelta(days=-1)),
        (UUID, "12345678123456781234567812345678", UUID("12345678123456781234567812345678")),
        (Decimal, "1.5", Decimal("1.5")),
        (Colour, "red", Colour.RED),
        (Literal["a", "b"], "a", "a"),
        (bytes, "//79", b"\xff\xfe\xfd"),
        (Path | bytes, "report.pdf", Path("report.pdf")),
        (list[Line], [{"sku": "x"}], [Line(sku="x")]),
        (dict[str, Line], {"a": {"sku": "x", "count": 2}}, {"a": Line(sku="x", count=2)}),
        (set[int], [1, 2], {1, 2}),
        (tuple[int, str], [1, "a"], (1, "a")),
        (Any, {"free": [1]}, {"free": [1]}),
        (Mail, {"subject": "s", "attachments": ["_w=="]}, Mail(subject="s", attachments=[b"\xff"])),
    ],
)
def test_json_values_become_python_values(annotation, given, read):
    def f(self, value): ...

    f.__annotations__["value"] = annotation
    model = input_model(f, "m")
    assert Validator(input_schema(model)).problems({"value": given}) == []

    assert arguments_of(model.model_validate({"value": given})) == {"value": read}


def test_a_default_from_field_is_a_default():
    def page(self, limit: int = Field(20, ge=1), tags: list[str] = Field(default_factory=list)) -> None: ...

    model = input_model(page, "m")

    assert input_schema(model)["properties"]["limit"] == {"type": "integer", "default": 20, "minimum": 1}
    assert arguments_of(model.model_validate({})) == {"limit": 20, "tags": []}


def test_a_mutable_default_is_not_shared():
    def tag(self, names: list[str] = []) -> None: ...  # noqa: B006 - what authors write

    model = input_model(tag, "m")
    arguments_of(model.model_validate({}))["names"].append("x")

    assert arguments_of(model.model_validate({})) == {"names": []}


def test_titles_are_removed_wherever_they_are_and_nothing_is_assumed_of_a_foreign_schema():
    inner = {"title": "A", "type": "string"}
    foreign = {"anyOf": [inner], "properties": [], "examples": [inner], "x-list": [[inner], 1]}

    def act(self, value: Annotated[Any, WithJsonSchema(foreign)]) -> None: ...

    node = input_schema(input_model(act, "m"))["properties"]["value"]

    plain = {"type": "string"}
    assert node == {"anyOf": [plain], "properties": [], "examples": [inner], "x-list": [[plain], 1]}


def test_a_union_told_apart_by_a_function_is_a_plain_union():
    tagged = Annotated[
        Annotated[Line, Tag("line")] | Annotated[Mail, Tag("mail")],
        Discriminator(lambda value: "line" if "sku" in value else "mail"),
    ]

    def act(self, value: tagged) -> None: ...

    model = input_model(act, "m")

    assert {"$ref": "#/$defs/Line"} in parameters(act)["properties"]["value"]["oneOf"]
    assert arguments_of(model.model_validate({"value": {"sku": "x"}})) == {"value": Line(sku="x")}


def test_recursive_models_are_described_by_reference():
    class Tree(Record):
        children: Annotated[list["Tree"], "Below this one"] = []

    def grow(self, tree: Tree) -> None: ...

    schema = parameters(grow)

    assert schema["$defs"]["Tree"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}


class Opaque:
    pass


def variadic(self, *texts: str) -> None: ...
def keywords(self, **texts: str) -> None: ...
def positional(self, text: str, /) -> None: ...
def unannotated(self, text) -> None: ...
def opaque(self, text: Opaque) -> None: ...
def function(self, text: Callable[[], int]) -> None: ...
def lazy(self, ids: Iterable[str]) -> None: ...
def deep_lazy(self, ids: dict[str, list[Iterable[str]]]) -> None: ...
def lazy_or_text(self, ids: Iterable[int] | str) -> None: ...
def choice(self, value: int | Callable[[], int]) -> None: ...
def unresolved(self, text: "Missing") -> None: ...  # noqa: F821 - that is the fault
def odd_default(self, text: Any = Opaque()) -> None: ...


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (variadic, "'texts' must be a plain named parameter"),
        (keywords, "'texts' must be a plain named parameter"),
        (positional, "'text' must be a plain named parameter"),
        (unannotated, "'text' needs a type annotation"),
        (opaque, "has no JSON form; use a Record"),
        (function, "CallableSchema has no JSON form"),
        (lazy, "annotate it as a list"),
        (deep_lazy, "annotate it as a list"),
        (lazy_or_text, "annotate it as a list"),
        (choice, "CallableSchema"),
        (unresolved, "cannot be resolved: name 'Missing'"),
        (odd_default, "not JSON serializable"),
    ],
)
def test_a_parameter_without_a_json_form_is_a_type_error(broken, message):
    with pytest.raises(TypeError, match=message):
        parameters(broken)


def no_return(self): ...
def opaque_return(self) -> Opaque: ...
def lazy_return(self) -> Iterable[str]: ...
def iterator_return(self) -> Iterator[str]: ...
def unresolved_return(self) -> "Missing": ...  # noqa: F821 - that is the fault
def function_return(self) -> list[Callable[[], int]]: ...


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (no_return, "return type must be annotated"),
        (opaque_return, "has no JSON form; use a Record"),
        (lazy_return, "annotate it as a list"),
        (iterator_return, "has no JSON form; use a Record"),
        (unresolved_return, "cannot be resolved: name 'Missing'"),
        (function_return, "return type: CallableSchema has no JSON form"),
    ],
)
def test_a_return_type_without_a_json_form_is_a_type_error(broken, message):
    with pytest.raises(TypeError, match=message):
        returned(broken)


def test_a_record_is_returned_with_its_descriptions():
    def get(self) -> Mail: ...

    assert returned(get) == {
        "title": "Mail",
        "type": "object",
        "properties": {
            "subject": {"type": "string", "description": "Subject line"},
            "attachments": {"type": "array", "items": {"type": "string", "format": "base64url"}, "default": []},
        },
        "required": ["subject"],
    }


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [(None, {"type": "null"}), (Any, {}), (list[int], {"type": "array", "items": {"type": "integer"}})],
)
def test_any_json_type_may_be_returned(annotation, schema):
    def get(self): ...

    get.__annotations__["return"] = annotation

    assert returned(get) == schema


@pytest.mark.parametrize("annotation", [bytes, list[bytes], bytes | None])
def test_returned_bytes_are_base64(annotation):
    def get(self): ...

    get.__annotations__["return"] = annotation
    adapter: TypeAdapter[Any] = output_adapter(get, "m")

    value = [b"\xff"] if annotation == list[bytes] else b"\xff"
    assert adapter.dump_python(value, mode="json") in ("_w==", ["_w=="])
