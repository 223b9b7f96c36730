"""Calls whose answer was lost: what the error says, and whether the call may be repeated."""

from typing import Any

import pytest

from wren_core import AuthFailed, Integration, IntegrationSpec, NotFound, RateLimited, Rejected, Unavailable, method
from wren_core.errors import HostUnavailable, WrenError
from wren_core.writes import note_write

WORDS = "it may have been done: look before you try again"


class Desk(Integration):
    """Fails as the test wants, in each kind of method."""

    spec = IntegrationSpec(name="desk", display_name="Desk")
    failures: list[BaseException]
    calls: list[str]

    def fail(self, name: str) -> None:
        self.calls.append(name)
        if self.failures:
            raise self.failures.pop(0)

    @method
    def look(self) -> None:
        """Read."""
        self.fail("look")

    @method(effect="write")
    def post(self) -> None:
        """Write, each time again."""
        self.fail("post")

    @method(effect="destructive")
    def drop(self) -> None:
        """Delete."""
        self.fail("drop")

    @method(effect="write", idempotent=True)
    def put(self) -> None:
        """Write the same."""
        self.fail("put")

    @method(idempotent=False)
    def ask(self) -> None:
        """Read for money."""
        self.fail("ask")

    @method(effect="write")
    def look_and_post(self) -> None:
        """Read, then write."""
        self.look()
        self.fail("post")

    @method(effect="write")
    def post_and_look(self) -> None:
        """Write by another method, then read."""
        self.post()
        self.look()

    @method(effect="write")
    def note_and_fail(self) -> None:
        """Write by a client that notes it, then fail."""
        note_write()
        self.fail("note")

    @method(effect="write")
    def odd(self) -> int:
        """Write, and answer with something else."""
        return "two"  # type: ignore[return-value]  # the fault under test

    def renew(self, refused: Any = None) -> bool:
        return True


def desk(*failures: BaseException) -> Desk:
    made = Desk.create()
    made.failures, made.calls = list(failures), []
    return made


def error_of(integration: Desk, method_id: str) -> WrenError:
    with pytest.raises(WrenError) as caught:
        integration.invoke(method_id, {})
    return caught.value


LOST = [
    Unavailable("the answer was lost"),
    Unavailable("503", 3),
    ConnectionResetError("reset"),
    TimeoutError("slow"),
]


@pytest.mark.parametrize("method_id", ["post", "drop"])
@pytest.mark.parametrize("failure", LOST, ids=repr)
def test_a_write_whose_answer_was_lost_may_have_happened(method_id, failure):
    failure = type(failure)(*failure.args)
    error = error_of(desk(failure), method_id)

    assert isinstance(error, Unavailable)
    assert error.message.endswith(WORDS)
    assert str(error) == error.message
    wire = error.to_wire()
    assert (wire["can_retry"], wire["details"]["may_have_happened"]) == (False, True)


@pytest.mark.parametrize("method_id", ["look", "put"])
@pytest.mark.parametrize("failure", LOST, ids=repr)
def test_what_can_be_repeated_is_in_no_doubt(method_id, failure):
    error = error_of(desk(type(failure)(*failure.args)), method_id)

    assert error.can_retry is True
    assert "may_have_happened" not in error.details
    assert WORDS not in error.message


@pytest.mark.parametrize(
    "failure",
    [
        RateLimited("slow down", 60),
        Unavailable("not reached", nothing_done=True),
        ConnectionRefusedError("nothing listens"),
        Rejected("no"),
        NotFound("no such channel"),
    ],
    ids=repr,
)
def test_a_refusal_is_certain(failure):
    error = error_of(desk(failure), "post")

    assert "may_have_happened" not in error.details
    assert error.can_retry is isinstance(error, RateLimited | Unavailable)


def test_a_call_that_costs_money_says_that_it_may_be_charged():
    error = error_of(desk(ConnectionResetError("reset")), "ask")

    assert error.can_retry is False
    assert error.message.endswith("it may have been done and charged for, although the answer was lost")


def test_a_fault_of_the_plugin_after_a_write_says_that_it_may_be_done():
    error = error_of(desk(KeyError("ts")), "post")

    assert (error.code, error.details["may_have_happened"]) == ("PLUGIN_RAISED", True)


@pytest.mark.parametrize(("method_id", "failure"), [("look", KeyError("x")), ("post", HostUnavailable("no host"))])
def test_a_fault_without_a_write_does_not(method_id, failure):
    assert "may_have_happened" not in error_of(desk(failure), method_id).details


def test_a_result_that_breaks_the_schema_comes_after_the_work():
    error = error_of(desk(), "odd")

    assert (error.code, error.details["may_have_happened"]) == ("OUTPUT_INVALID", True)


def test_a_read_that_fails_before_the_write_leaves_no_doubt():
    error = error_of(desk(ConnectionResetError("reset")), "look_and_post")

    assert (error.can_retry, error.details.get("may_have_happened")) == (True, None)


@pytest.mark.parametrize("failure", [ConnectionResetError("reset"), RateLimited("slow down"), ConnectionRefusedError()])
def test_a_failure_after_a_write_leaves_doubt_whatever_it_says(failure):
    made = desk()
    made.failures = []

    def fail(name: str) -> None:
        made.calls.append(name)
        if name != "post":
            raise failure

    made.fail = fail  # type: ignore[method-assign]  # only this instance
    error = error_of(made, "post_and_look")

    assert (error.can_retry, error.details["may_have_happened"]) == (False, True)
    assert error.message.count(WORDS) == 1


def test_a_client_can_note_what_it_has_written():
    error = error_of(desk(RateLimited("slow down")), "note_and_fail")

    assert error.details["may_have_happened"] is True


def test_a_refused_credential_repeats_a_method_that_has_written_nothing():
    made = desk(AuthFailed("expired"))

    made.post()

    assert made.calls == ["post", "post"]


def test_a_refused_credential_does_not_repeat_what_was_written():
    made = desk(AuthFailed("expired"))

    assert isinstance(error_of(made, "note_and_fail"), AuthFailed)
    assert made.calls == ["note"]


def test_the_doubt_is_said_once_by_methods_inside_one_another():
    error = error_of(desk(ConnectionResetError("reset")), "post_and_look")

    assert error.message.count(WORDS) == 1
