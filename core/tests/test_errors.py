import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wren_core import errors
from wren_core.errors import (
    AgentFixableError,
    AuthFailed,
    InternalError,
    InvalidInput,
    NotFound,
    RateLimited,
    Rejected,
    TransientError,
    Unavailable,
    UserFacingConfigError,
    WrenError,
    error_from_wire,
)


def family(cls: type[WrenError] = WrenError) -> list[type[WrenError]]:
    return [
        cls,
        *(item for child in cls.__subclasses__() if child.__module__ == errors.__name__ for item in family(child)),
    ]


def test_every_error_is_drawn_in_the_tree_of_the_docstring():
    missing = [cls.__name__ for cls in family() if cls.__name__ not in str(errors.__doc__)]

    assert missing == []


def test_codes_tell_errors_apart():
    codes = [cls.code for cls in family() if cls is not WrenError]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("cls", [cls for cls in family() if cls is not WrenError])
def test_every_error_is_one_of_the_three_wire_types(cls):
    bases = {
        "AgentFixableError": (AgentFixableError, TransientError),
        "UserFacingConfigError": (UserFacingConfigError,),
        "InternalError": (InternalError,),
    }[cls.type]

    assert issubclass(cls, bases)


@pytest.mark.parametrize("cls", [RateLimited, Unavailable])
def test_a_transient_failure_is_not_for_the_agent_to_fix_and_is_still_sent_as_agent_fixable(cls):
    error = cls("later", 2.5)

    assert not isinstance(error, AgentFixableError)
    assert error.to_wire() == {
        "type": "AgentFixableError",
        "code": cls.code,
        "message": "later",
        "retry_after_ms": 2500,
        "can_retry": True,
    }


def test_the_wire_form_leaves_out_what_is_empty():
    assert NotFound("no such mail").to_wire() == {
        "type": "AgentFixableError",
        "code": "NOT_FOUND",
        "message": "no such mail",
        "can_retry": False,
    }


def test_the_wire_form_carries_everything_that_was_given():
    error = UserFacingConfigError(
        "reconnect", code="OAUTH_TOKEN_EXPIRED", action_url="https://a", docs_url="https://d", details={"x": 1}
    )

    wire = error.to_wire("corr_1")

    assert wire == {
        "type": "UserFacingConfigError",
        "code": "OAUTH_TOKEN_EXPIRED",
        "message": "reconnect",
        "action_url": "https://a",
        "docs_url": "https://d",
        "correlation_id": "corr_1",
        "details": {"x": 1},
        "can_retry": False,
    }


@pytest.mark.parametrize("cls", family())
def test_an_error_survives_the_wire(cls):
    error = cls("what happened", action_url="https://a", retry_after_ms=1500, details={"pointer": "/to", "n": [1]})

    rebuilt = error_from_wire(json.loads(json.dumps(error.to_wire())))

    assert type(rebuilt) is (InternalError if cls is WrenError else cls)
    assert rebuilt.to_wire() == error.to_wire()


@pytest.mark.parametrize(("can_retry", "expected"), [(False, AgentFixableError), (True, TransientError)])
def test_an_unknown_code_gives_the_base_class_of_its_type(can_retry, expected):
    rebuilt = error_from_wire(
        {"type": "AgentFixableError", "code": "EMAIL_BOUNCED", "message": "no", "can_retry": can_retry}
    )

    assert (type(rebuilt), rebuilt.code, rebuilt.can_retry) == (expected, "EMAIL_BOUNCED", can_retry)


def test_a_known_code_keeps_its_class_when_the_failure_must_not_be_retried():
    error = Unavailable("the answer to a write was lost")
    error.can_retry = False

    rebuilt = error_from_wire(error.to_wire())

    assert (type(rebuilt), rebuilt.can_retry) == (Unavailable, False)


def test_a_code_that_belongs_to_another_type_is_not_believed():
    rebuilt = error_from_wire({"type": "InternalError", "code": "AUTH_FAILED", "message": "forged"})

    assert type(rebuilt) is InternalError


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
wire_keys = st.sampled_from(
    ["type", "code", "message", "action_url", "docs_url", "retry_after_ms", "details", "can_retry"]
)


@given(st.dictionaries(wire_keys, json_values | st.sampled_from(["AUTH_FAILED", "RATE_LIMITED", "InternalError"])))
def test_whatever_the_other_side_sends_becomes_an_error_that_can_be_sent_on(body):
    error = error_from_wire(body)

    assert isinstance(error, WrenError)
    assert json.loads(json.dumps(error.to_wire()))["type"] == type(error).type


def test_rate_limited_says_its_pause_in_seconds_and_on_the_wire_in_milliseconds():
    error = RateLimited("slow down", 1.5)

    assert (error.retry_after, error.to_wire()["retry_after_ms"], error.can_retry) == (1.5, 1500, True)
    assert error_from_wire(error.to_wire()).retry_after == 1.5


@pytest.mark.parametrize(("seconds", "expected"), [(None, None), (float("inf"), None), (float("nan"), None), (-5, 0.0)])
def test_a_pause_that_is_no_number_of_seconds_is_left_out(seconds, expected):
    assert RateLimited("slow down", seconds).retry_after == expected


def test_only_transient_errors_can_be_retried():
    retryable = {cls for cls in family() if cls.can_retry}

    assert retryable == set(family(TransientError))


def test_hide_masks_a_secret_in_the_message_the_arguments_and_the_details():
    error = Rejected("bad key s3cret-token", details={"got": ["s3cret-token!", 1], "in": {"x": "s3cret-token"}})

    error.hide(["s3cret-token"])

    assert "s3cret" not in repr(error) + str(error) + json.dumps(error.to_wire())
    assert error.details == {"got": ["***!", 1], "in": {"x": "***"}}


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize(
    "error", [InvalidInput("no", details={"pointer": "/a"}), RateLimited("slow", 2), AuthFailed("x")]
)
def test_errors_cross_processes_whole(clone, error):
    copied = clone(error)

    assert (type(copied), copied.to_wire()) == (type(error), error.to_wire())


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"retry_after_ms": -5}, {}),
        ({"retry_after_ms": "soon"}, {}),
        ({"retry_after_ms": 5}, {"retry_after_ms": 5}),
        ({"action_url": 5, "docs_url": ["x"]}, {}),
        ({"details": [1]}, {}),
        ({"message": None}, {}),
    ],
)
def test_what_has_the_wrong_type_is_left_out(body, kept):
    wire = error_from_wire({"type": "InternalError", "code": "INTERNAL", **body}).to_wire()

    assert wire == {"type": "InternalError", "code": "INTERNAL", "message": "", "can_retry": False, **kept}
