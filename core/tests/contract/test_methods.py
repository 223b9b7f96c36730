from functools import wraps
from typing import Annotated

import pytest

from wren_core import InvalidInput, UndoSpec, method
from wren_core.contract.methods import Method


class Recorder:
    """An owner that writes down what it is asked to call."""

    def __init__(self):
        self.calls = []

    @classmethod
    def methods(cls):
        return {name: item for name, item in vars(cls).items() if isinstance(item, Method)}

    def invoke(self, method_id, arguments):
        self.calls.append((method_id, dict(arguments)))
        return "answer"

    @method(effect="write", scopes=["send"], example='x.send("a")')
    def send(self, to: Annotated[str, "Who"], subject: str = "none", *, urgent: bool = False) -> str:
        """Send a message.

        It goes out at once.
        """
        return to

    @method
    def ping(self) -> None:
        """Do nothing."""


def test_a_bound_method_goes_through_the_owner():
    owner = Recorder()

    answer = owner.send("a", subject="s", urgent=True)

    assert answer == "answer"
    assert owner.calls == [("send", {"to": "a", "subject": "s", "urgent": True})]


def test_omitted_arguments_are_not_passed():
    owner = Recorder()

    owner.send("a")

    assert owner.calls == [("send", {"to": "a"})]


def test_a_method_of_the_class_looks_like_the_function():
    assert (Recorder.send.__name__, Recorder.send.__doc__) == ("send", Recorder.send.function.__doc__)


def test_a_bound_method_looks_like_the_function():
    assert (Recorder().send.__name__, Recorder().send.__doc__) == ("send", Recorder.send.function.__doc__)


@pytest.mark.parametrize(
    ("args", "kwargs", "message", "nearest"),
    [
        ((), {}, "missing a required argument: 'to'", None),
        (("a", "b", "c"), {}, "too many positional arguments", None),
        (("a",), {"to": "b"}, "multiple values for argument 'to'", None),
        (("a",), {"subjct": "s"}, r"unexpected argument 'subjct'; did you mean 'subject'\?", "subject"),
        (("a",), {"zzz": 1}, "unexpected argument 'zzz'; it takes to, subject, urgent", None),
    ],
)
def test_a_wrong_call_names_the_argument_and_the_nearest_one(args, kwargs, message, nearest):
    with pytest.raises(InvalidInput, match=message) as caught:
        Recorder().send(*args, **kwargs)

    assert caught.value.details == {
        "method": "send",
        "pointer": "",
        "expected": "to, subject, urgent",
        "nearest": nearest,
        "parameters": ["to", "subject", "urgent"],
    }


def test_a_method_without_parameters_says_so():
    with pytest.raises(InvalidInput, match="it takes no arguments"):
        Recorder().ping(1)


def test_the_spec_comes_from_the_function():
    spec = Recorder.send.spec

    assert (spec.id, spec.name, spec.effect, spec.scopes) == ("send", "Send", "write", ("send",))
    assert spec.description == "Send a message.\n\nIt goes out at once."
    assert spec.example == 'x.send("a")'
    assert spec.input_schema["properties"]["to"] == {"type": "string", "description": "Who"}
    assert spec.output_schema == {"type": "string"}


@pytest.mark.parametrize(
    ("metadata", "idempotent", "requires_approval"),
    [
        ({}, True, False),
        ({"effect": "write"}, False, False),
        ({"effect": "destructive"}, False, True),
        ({"effect": "write", "idempotent": True}, True, False),
        ({"effect": "destructive", "requires_approval": False}, False, False),
        ({"requires_approval": True, "idempotent": False}, False, True),
    ],
)
def test_what_is_left_out_follows_the_effect(metadata, idempotent, requires_approval):
    @method(**metadata)
    def act(self) -> None:
        """Act."""

    assert (act.spec.idempotent, act.spec.requires_approval) == (idempotent, requires_approval)


def test_the_other_metadata_arrive_in_the_spec():
    undo = UndoSpec(method="delete", arguments={"id": "/output"})

    @method(effect="write", undo=undo, simulate="native", name="Make one")
    def create_it(self) -> str:
        """Make it."""
        return ""

    assert (create_it.spec.undo, create_it.spec.simulate, create_it.spec.name) == (undo, "native", "Make one")


def test_spec_and_validators_are_built_once():
    assert Recorder.send.spec is Recorder.send.spec
    assert Recorder.send.input_validator is Recorder.send.input_validator
    assert Recorder.send.output_validator is Recorder.send.output_validator


def test_declaring_a_method_builds_nothing():
    @method
    def later(self, text: "not_yet_defined") -> str:  # noqa: F821 - resolved when asked for
        """Wait."""
        return text

    with pytest.raises(TypeError, match="not_yet_defined"):
        _ = later.spec


async def coroutine(self) -> None: ...


def generator(self):
    yield 1


class Callable_:
    def __call__(self) -> None: ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (coroutine, "not coroutines or generators"),
        (generator, "not coroutines or generators"),
        (staticmethod(len), "plain function, not on staticmethod"),
        (classmethod(len), "plain function, not on classmethod"),
        (property(len), "plain function, not on property"),
        (Callable_(), "plain function, not on Callable_"),
    ],
)
def test_only_a_plain_function_can_be_a_method(function, message):
    with pytest.raises(TypeError, match=message):
        method(function)


def test_a_decorated_function_keeps_its_signature():
    def logged(function):
        @wraps(function)
        def inner(*args, **kwargs):
            return function(*args, **kwargs)

        return inner

    @method
    @logged
    def send(self, to: str) -> str:
        """Send."""
        return to

    assert list(send.spec.input_schema["properties"]) == ["to"]
