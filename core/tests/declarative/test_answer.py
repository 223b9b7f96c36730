import copy
import json

import pytest

from wren_core.contract.request_binding import ReasonVerdict, RefusalRule, RequestBinding
from wren_core.declarative.answer import read_content, select_output, with_attributes
from wren_core.errors import AuthFailed, RateLimited, Rejected, Unavailable
from wren_core.http_client import Answer

REFUSAL = RefusalRule(
    pointer="/ok",
    equals=False,
    reason="/error",
    verdicts=(
        ReasonVerdict(reasons=("token_expired",), verdict="auth_failed"),
        ReasonVerdict(reasons=("slow_down",), verdict="rate_limited"),
    ),
)


def answer(body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(request="GET /x", status_code=200, headers=headers, body=raw)


def binding(**fields):
    return RequestBinding(method="GET", path="/x", **fields)


@pytest.mark.parametrize(
    ("form", "body", "content"),
    [
        ("json", b'{"a": [1]}', {"a": [1]}),
        ("json", b"", None),
        ("text", "naïve".encode(), "naïve"),
        ("bytes", b"\x00\xff", b"\x00\xff"),
        ("none", b"whatever", None),
    ],
)
def test_an_answer_is_read_in_the_form_it_has(form, body, content):
    assert read_content(binding(response=form), answer(body)) == content


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/csv; charset=ISO-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ('text/csv; header=present; charset="windows-1252"', b"5 \x80", "5 €"),
        ("text/csv", "Grüße".encode(), "Grüße"),
        ("text/csv; charset=no-such", "Grüße".encode(), "Grüße"),
    ],
)
def test_text_is_read_in_the_charset_that_the_answer_names(content_type, body, text):
    said = answer(body, **{"content-type": content_type})

    assert read_content(binding(response="text"), said) == text


def test_what_should_be_json_and_is_not_is_a_provider_that_does_not_answer():
    with pytest.raises(Unavailable, match="other than JSON"):
        read_content(binding(), answer(b"<h1>Sign in</h1>"))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"ok": False, "error": "token_expired"}, AuthFailed),
        ({"ok": False, "error": "slow_down"}, RateLimited),
        ({"ok": False, "error": "never_heard_of"}, Rejected),
        ({"ok": False}, Rejected),
        ({"ok": False, "error": {"deep": 1}}, Rejected),
    ],
)
def test_a_refusal_with_the_status_of_a_success_is_one(body, error):
    with pytest.raises(error, match="GET /x was refused"):
        read_content(binding(refusal=REFUSAL), answer(body))


def test_a_pause_that_the_provider_asks_for_is_kept():
    with pytest.raises(RateLimited) as caught:
        read_content(binding(refusal=REFUSAL), answer({"ok": False, "error": "slow_down"}, **{"retry-after": "7"}))

    assert caught.value.retry_after == 7


@pytest.mark.parametrize("body", [{"ok": True}, {"ok": 0}, {"ok": None}, {}, [], "ok"])
def test_whatever_is_not_the_refusal_is_none(body):
    assert read_content(binding(refusal=REFUSAL), answer(body)) == body


def test_the_output_is_the_part_the_binding_names():
    document = {"data": {"items": [1, 2]}}

    assert select_output(binding(output="/data/items"), document) == [1, 2]
    assert select_output(binding(), document) == document
    assert select_output(binding(output="/nothing/here"), document) is None


def test_members_of_a_result_are_attributes_too():
    result = with_attributes({"id": 1, "lines": [{"text": "a"}], "items": "hidden by dict"})

    assert (result.id, result["id"], result.lines[0].text) == (1, 1, "a")
    assert result["items"] == "hidden by dict"
    assert json.loads(json.dumps(result)) == result
    assert copy.deepcopy(result) == result
    with pytest.raises(AttributeError, match="it has id, lines, items"):
        _ = result.idd
