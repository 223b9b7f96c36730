import base64
import itertools
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field, field_validator, model_serializer

from wren_core import (
    AuthFailed,
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationSpec,
    InternalError,
    InvalidInput,
    NotFound,
    Record,
    Rejected,
    Unavailable,
    UserFacingConfigError,
    method,
)
from wren_core.contract.credentials import Credentials
from wren_core.contract.execution import call, make_presentable, to_json
from wren_core.errors import HostUnavailable, MethodUnknown, OutputInvalid

TOKEN = "old-token-value"


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    sku: str
    count: int = 1

    @field_validator("count")
    @classmethod
    def _is_even(cls, count):
        if count % 2 and count != 1:
            raise ValueError("count must be even")
        return count


class Receipt(Record):
    id: str
    scan: bytes = b""


class Limited(BaseModel):
    count: Annotated[int, Field(le=3)]


class Unserialisable(Record):
    id: str

    @model_serializer
    def _fail(self) -> dict[str, Any]:
        raise RuntimeError("s3cret detail")


class Shop(Integration):
    """Sell things."""

    spec = IntegrationSpec(
        name="shop",
        display_name="Shop",
        credentials=[CredentialSpec(key="access_token", type=CredentialType.TOKEN, env_var="SHOP_TOKEN")],
    )

    def connect(self):
        return {"token": self.credentials["access_token"], "calls": 0}

    @method(effect="write")
    def order(
        self,
        lines: Annotated[list[Line], "What to buy"],
        colour: Colour = Colour.RED,
        scan: Path | bytes | None = None,
        at: datetime | None = None,
        *,
        note: str = "",
        limit: int = 3,
        tags: dict[str, list[str]] | None = None,
    ) -> Receipt:
        """Order something."""
        self.received = {
            "lines": lines,
            "colour": colour,
            "scan": scan,
            "at": at,
            "note": note,
            "limit": limit,
            "tags": tags,
        }
        return Receipt(id="r1")

    @method
    def tagged(self, ids: list[str]) -> list[str]:
        """Return the ids."""
        return ids

    @method
    def matrix(self, rows: list[list[str]]) -> list[list[str]]:
        """Return the rows."""
        return rows

    @method
    def scan(self) -> Receipt:
        """Return a scan."""
        return Receipt(id="r", scan=b"\xff")

    @method
    def run(self, action: str) -> Any:
        """Do what the test wants."""
        return ACTIONS[action](self)

    @method
    def wrong_type(self) -> int:
        """Return a str."""
        return "s3cret"  # type: ignore[return-value]

    @method
    def out_of_range(self) -> Annotated[int, Field(le=3)]:
        """Return too much."""
        return 4711

    @method
    def field_out_of_range(self) -> Limited:
        """Return a model with too much in it."""
        return Limited.model_construct(count=4711)

    @method
    def unserialisable(self) -> Unserialisable:
        """Return what cannot be serialised."""
        return Unserialisable(id="x")


def raising(exc: BaseException) -> Any:
    def action(shop: Shop) -> Any:
        raise exc

    return action


CYCLE: dict[str, Any] = {}
CYCLE["self"] = CYCLE

ACTIONS: dict[str, Any] = {
    "odd_details": raising(
        Rejected("no", details={"at": datetime(2025, 3, 1, tzinfo=UTC), "raw": b"\xff", "ratio": float("inf"), "x": 1j})
    ),
    "cyclic_details": raising(Rejected("no", details=CYCLE)),
    "crash": raising(ValueError("s3cret detail")),
    "exit": raising(SystemExit(3)),
    "timeout": raising(TimeoutError("slow")),
    "verdict": raising(NotFound("no such order")),
    "token": raising(Rejected(f"bad token {TOKEN}", details={"got": f"Bearer {TOKEN}"})),
    "interrupt": raising(KeyboardInterrupt()),
}


def shop(**extra: Any) -> Shop:
    return Shop.create(credentials={"access_token": TOKEN}, **extra)


def test_json_arguments_become_python_values():
    made = shop()

    made.invoke("order", {"lines": [{"sku": "a"}], "scan": "a.pdf", "at": "2025-03-01T12:00:00Z"})

    assert made.received == {
        "lines": [Line(sku="a")],
        "colour": Colour.RED,
        "scan": Path("a.pdf"),
        "at": datetime(2025, 3, 1, 12, tzinfo=UTC),
        "note": "",
        "limit": 3,
        "tags": None,
    }


def test_python_arguments_arrive_as_they_are():
    made = shop()
    line = Line(sku="a")

    made.order([line], Colour.RED, b"\xff\xfe", datetime(2025, 3, 1, tzinfo=UTC), note="n")

    assert made.received["lines"][0] is line
    assert (made.received["scan"], made.received["note"]) == (b"\xff\xfe", "n")


@pytest.mark.parametrize("ids", [["a", "b"], ("a", "b"), (name for name in "ab"), map(str, "ab"), iter(["a", "b"])])
def test_every_way_to_give_a_list_gives_the_whole_list(ids):
    assert shop().tagged(ids=ids) == ["a", "b"]


def test_an_iterator_inside_a_value_is_kept_too():
    made = shop()

    made.order(lines=[{"sku": sku} for sku in "ab"], tags={"x": iter("ab")})

    assert made.received["tags"] == {"x": ["a", "b"]}
    assert made.matrix([iter("ab"), (letter for letter in "c")]) == [["a", "b"], ["c"]]


def test_an_open_file_is_no_argument(tmp_path):
    path = tmp_path / "ids"
    path.write_text("a\n")

    with path.open() as file, pytest.raises(InvalidInput, match="open file"):
        shop().tagged(ids=file)


@pytest.mark.parametrize(
    ("arguments", "pointer", "expected", "got", "nearest"),
    [
        ({}, "", "required: ['lines']", "{}", None),
        ({"lines": "x"}, "/lines", "array of Line", "'x'", None),
        ({"lines": [], "colur": "red"}, "", "no other names than", "{'lines': [], 'colur': 'red'}", "colour"),
        ({"lines": [], "colour": "rad"}, "/colour", "'red' | 'blue'", "'rad'", "red"),
        ({"lines": [{"sku": 1}]}, "/lines/0/sku", "string", "1", None),
        ({"lines": [], "limit": "3"}, "/limit", "integer", "'3'", None),
        ({"lines": [], "limit": True}, "/limit", "integer", "True", None),
        ({"lines": [{"sku": "a", "count": 3}]}, "/lines/0/count", "Value error, count must be even", "3", None),
        ({"lines": [], "at": "tomorrow"}, "/at", "Input should be", "'tomorrow'", None),
    ],
)
def test_a_wrong_argument_says_where_what_and_what_was_meant(arguments, pointer, expected, got, nearest):
    with pytest.raises(InvalidInput) as caught:
        shop().invoke("order", arguments)

    details = caught.value.details
    assert (details["method"], details["pointer"], details["got"]) == ("order", pointer, got)
    assert details["expected"].startswith(expected)
    assert details["nearest"] == nearest
    assert (pointer or "arguments") in str(caught.value)


def test_a_suggestion_is_part_of_the_message_where_there_is_one():
    with pytest.raises(InvalidInput, match=r"did you mean 'colour'\?"):
        shop().invoke("order", {"lines": [], "colur": "red"})
    with pytest.raises(InvalidInput, match=r"^order: arguments: .* was unexpected\)$"):
        shop().invoke("order", {"lines": [], "zzz": "red"})


@pytest.mark.parametrize("arguments", [{"lines": "x" * 1_000_000}, {"lines": [], "limit": [1] * 100_000}])
def test_a_huge_argument_is_not_repeated(arguments):
    with pytest.raises(InvalidInput) as caught:
        shop().invoke("order", arguments)

    assert len(str(caught.value)) + len(str(caught.value.details)) < 2_000


def cyclic() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize("value", [object(), cyclic(), deep(), "\ud800", ["\udfff"], {"a": {1, object()}}])
def test_an_argument_without_a_json_form_is_refused(value):
    with pytest.raises(InvalidInput, match="no JSON form"):
        shop().invoke("tagged", {"ids": value})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**70, "5"])
def test_a_number_without_a_json_form_is_refused(value):
    class Counter(Shop):
        @method
        def count(self, ratio: float) -> float:
            """Return the ratio."""
            return ratio

    made = Counter.create()

    if value == 2**70:
        assert made.count(value) == float(value)
    else:
        with pytest.raises(InvalidInput, match="/ratio"):
            made.count(value)


def test_an_unknown_method_names_the_nearest_and_all():
    with pytest.raises(MethodUnknown, match=r"shop has no method 'ordr'; did you mean 'order'\?") as caught:
        call(shop(), "ordr", {})

    assert caught.value.details["nearest"] == "order"
    assert "scan" in caught.value.details["methods"]


def test_a_method_like_no_other_comes_with_all_of_them():
    class Empty(Integration):
        """Empty."""

        spec = IntegrationSpec(name="empty", display_name="Empty")

    with pytest.raises(MethodUnknown, match="it has order, tagged, matrix, scan"):
        call(shop(), "zzz", {})
    with pytest.raises(MethodUnknown, match="it has none"):
        call(Empty.create(), "zzz", {})


@pytest.mark.parametrize("method_id", ["connect", "create", "invoke", "_listed", "__init__", "client"])
def test_only_methods_can_be_called(method_id):
    with pytest.raises(MethodUnknown):
        call(shop(), method_id, {})


def test_the_exception_of_a_plugin_is_named_by_type_and_line_only():
    with pytest.raises(InternalError) as caught:
        shop().run("crash")

    assert re.fullmatch(
        r"shop.run failed inside the plugin: ValueError \(test_execution.py, line \d+\)", str(caught.value)
    )
    assert caught.value.code == "PLUGIN_RAISED"
    assert "s3cret" not in str(caught.value.to_wire())
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_plugin_that_exits_does_not_end_the_host():
    with pytest.raises(InternalError, match="SystemExit"):
        shop().run("exit")


def test_an_interrupt_is_not_a_fault_of_the_plugin():
    with pytest.raises(KeyboardInterrupt):
        shop().run("interrupt")


def test_a_known_exception_becomes_its_verdict():
    with pytest.raises(Unavailable) as caught:
        shop().run("timeout")

    assert isinstance(caught.value.__cause__, TimeoutError)


def test_a_verdict_passes_as_it_is():
    with pytest.raises(NotFound, match="no such order"):
        shop().run("verdict")


def test_a_credential_in_an_error_is_masked():
    with pytest.raises(Rejected) as caught:
        shop().run("token")

    assert str(caught.value) == "bad token ***"
    assert caught.value.details == {"got": "Bearer ***"}


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("odd_details", {"at": "2025-03-01T00:00:00Z", "raw": "_w==", "ratio": None, "x": "1j"}),
        ("cyclic_details", {}),
    ],
)
def test_every_detail_of_an_error_can_be_serialized(action, details):
    with pytest.raises(Rejected) as caught:
        shop().run(action)

    assert json.loads(json.dumps(caught.value.to_wire(), allow_nan=False)).get("details", {}) == details


@pytest.mark.parametrize(
    "form",
    [
        base64.b64encode(b"user:s3cret-t\xc3\xb6ken").decode(),
        base64.b64encode(b"me:s3cret-t\xc3\xb6ken").decode(),
        quote("s3cret-t\u00f6ken"),
        "s3cret-t\u00f6ken".encode().hex(),
    ],
)
def test_a_credential_is_masked_in_the_forms_libraries_give_it(form):
    error = Rejected(f"header: {form}", details={"got": form})

    make_presentable(error, Credentials({"token": "s3cret-t\u00f6ken"}))

    assert form not in error.message
    assert len(error.message) < len(f"header: {form}") - 8
    assert error.message == f"header: {error.details['got']}"


def test_a_short_credential_is_no_reason_to_mask_half_the_message():
    made = Shop.create(credentials={"access_token": "no"})

    with pytest.raises(NotFound, match="no such order"):
        made.run("verdict")


@pytest.mark.parametrize(
    ("method_id", "said"),
    [
        ("wrong_type", "returned str where int is expected"),
        ("out_of_range", "broke its output schema at /: expected maximum: 3"),
        ("field_out_of_range", "broke its output schema at /count: expected maximum: 3"),
        ("unserialisable", "returned Unserialisable, and Unserialisable is declared: its value has no JSON form"),
    ],
)
def test_a_result_that_breaks_the_schema_is_a_fault_of_the_plugin(method_id, said):
    with pytest.raises(OutputInvalid, match=said) as caught:
        shop().invoke(method_id, {})

    assert "s3cret" not in str(caught.value.to_wire())
    assert "4711" not in str(caught.value.to_wire())


def test_the_result_is_returned_as_python_and_written_as_json():
    made = shop()

    result = made.scan()

    assert result == Receipt(id="r", scan=b"\xff")
    assert to_json(made, "scan", result) == {"id": "r", "scan": "_w=="}


def test_every_call_is_recorded_with_its_outcome():
    records: list[Any] = []
    made = shop(on_call=records.append)

    made.scan()
    for method_id, arguments in [
        ("run", {"action": "verdict"}),
        ("run", {"action": "crash"}),
        ("scan", {"x": 1}),
        ("gone", {}),
    ]:
        with pytest.raises(Exception):  # noqa: B017, PT011 - each has its own test
            made.invoke(method_id, arguments)

    assert [(record.integration, record.method, record.outcome) for record in records] == [
        ("shop", "scan", "ok"),
        ("shop", "run", "NOT_FOUND"),
        ("shop", "run", "PLUGIN_RAISED"),
        ("shop", "scan", "INVALID_INPUT"),
        ("shop", "gone", "METHOD_UNKNOWN"),
    ]
    assert all(record.ms >= 0 for record in records)


class Provider:
    """A host and a provider: takes one token, and gives the next one on request."""

    def __init__(self, *, answer: dict[str, Any] | Exception | None = None) -> None:
        self.token = "new-token-value"
        self.answer = {"env": {"SHOP_TOKEN": self.token}} if answer is None else answer
        self.refreshes = 0
        self.log: list[str] = []

    def request(self, operation: str, payload: Any) -> dict[str, Any]:
        assert (operation, payload) == ("credentials.refresh", {"integration": "shop"})
        self.refreshes += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Guarded(Shop):
    provider: Provider

    @method(effect="write")
    def post(self, text: str) -> str:
        """Post one."""
        self.provider.log.append(f"try {text}")
        if self.client["token"] != self.provider.token:
            raise AuthFailed("401")
        self.provider.log.append(f"done {text}")
        return text

    @method(effect="write")
    def post_all(self, texts: list[str]) -> int:
        """Post several."""
        for text in texts:
            self.post(text)
        return len(texts)


def guarded(provider: Provider) -> Guarded:
    made = Guarded.create(credentials={"access_token": TOKEN}, host=provider)
    made.provider = provider
    return made


def test_a_refused_credential_is_renewed_once_and_the_call_is_repeated():
    provider = Provider()
    made = guarded(provider)

    assert made.post("a") == "a"

    assert (provider.refreshes, provider.log) == (1, ["try a", "try a", "done a"])
    assert made.credentials["access_token"] == provider.token


def test_a_credential_that_stays_refused_is_renewed_once_only():
    provider = Provider()
    made = guarded(provider)
    provider.token = "yet-another"

    with pytest.raises(AuthFailed):
        made.post("a")

    assert (provider.refreshes, provider.log) == (1, ["try a", "try a"])


@pytest.mark.parametrize("answer", [{}, {"env": {}}, {"env": {"OTHER": "x"}}, HostUnavailable("nobody")])
def test_without_a_fresh_credential_the_refusal_stands(answer):
    provider = Provider(answer=answer)

    with pytest.raises(AuthFailed, match="401"):
        guarded(provider).post("a")

    assert (provider.refreshes, provider.log) == (1, ["try a"])


def test_the_error_of_a_host_that_needs_a_person_is_raised():
    provider = Provider(answer=UserFacingConfigError("reconnect", code="CONNECTION_NEEDS_REAUTH"))

    with pytest.raises(UserFacingConfigError, match="reconnect") as caught:
        guarded(provider).post("a")

    assert caught.value.code == "CONNECTION_NEEDS_REAUTH"


def test_without_a_host_the_refusal_stands():
    made = Guarded.create(credentials={"access_token": TOKEN})
    made.provider = Provider()

    with pytest.raises(AuthFailed):
        made.post("a")


def test_only_the_inner_call_is_repeated_not_the_earlier_work_of_the_outer_one():
    provider = Provider()
    made = guarded(provider)

    assert made.post_all(["a", "b"]) == 2

    assert provider.log == ["try a", "try a", "done a", "try b", "done b"]


def test_a_refusal_inside_a_refused_call_is_not_renewed_again_further_out():
    provider = Provider()
    made = guarded(provider)
    made.post("a")
    tokens: Iterator[str] = itertools.cycle(["x", "y"])
    provider.log.clear()

    class Fickle(Guarded):
        @method(effect="write")
        def post_all(self, texts: list[str]) -> int:
            """Post several, with a provider that changes its mind after the first."""
            for text in texts:
                self.post(text)
                self.provider.token = next(tokens)
            return len(texts)

    fickle = Fickle.create(credentials={"access_token": provider.token}, host=provider)
    fickle.provider = provider

    with pytest.raises(AuthFailed):
        fickle.post_all(["a", "b"])

    assert provider.log == ["try a", "done a", "try b", "try b"]
    assert provider.refreshes == 2


def test_a_broken_result_names_the_plugin_the_method_and_the_place():
    with pytest.raises(OutputInvalid) as caught:
        shop().invoke("field_out_of_range", {})

    assert caught.value.type == "InternalError"
    assert caught.value.details == {"integration": "shop", "method": "field_out_of_range", "pointer": "/count"}
    assert str(caught.value).startswith("shop.field_out_of_range broke its output schema at /count")


def test_each_schema_is_compiled_once_however_often_a_method_is_called(monkeypatch):
    compiled, compile_schema = [], jsonschema_rs.Draft202012Validator

    def counted(schema, **options):
        compiled.append(schema)
        return compile_schema(schema, **options)

    class Fresh(Integration):
        """Created here, so that no test has called it before."""

        spec = IntegrationSpec(name="fresh", display_name="Fresh")

        @method
        def double(self, number: int) -> int:
            """Double a number."""
            return 2 * number

    monkeypatch.setattr(jsonschema_rs, "Draft202012Validator", counted)
    results = [Fresh.create().double(number) for number in range(5)]

    assert results == [0, 2, 4, 6, 8]
    assert compiled == [Fresh.double.spec.input_schema, Fresh.double.spec.output_schema]


def test_every_call_and_renewal_of_a_named_account_has_its_name():
    records, asked = [], []

    class Worker:
        def request(self, operation: str, payload: Any) -> dict[str, Any]:
            asked.append((operation, payload))
            return {"env": {"SHOP_TOKEN": "new-token-value"}}

    shop = Guarded.create(
        credentials={"access_token": "old-token-value"}, host=Worker(), on_call=records.append, account_alias="work"
    )
    shop.provider = Provider()

    shop.post("one")

    assert asked == [("credentials.refresh", {"integration": "shop", "account": "work"})]
    assert [(record.account, record.method, record.outcome) for record in records] == [("work", "post", "ok")]
