"""From a provider's answer to the result of a method. Pure."""

from typing import Any

from wren_core import errors, json_pointer
from wren_core.contract.request_binding import RefusalRule, RequestBinding, VerdictName
from wren_core.errors import WrenError
from wren_core.http_client import Answer
from wren_core.http_status import parse_retry_after, summary

_VERDICTS: dict[VerdictName, type[WrenError]] = {
    "auth_failed": errors.AuthFailed,
    "invalid_input": errors.InvalidInput,
    "not_found": errors.NotFound,
    "rate_limited": errors.RateLimited,
    "rejected": errors.Rejected,
    "unavailable": errors.Unavailable,
}


class Result(dict[str, Any]):
    """A JSON object whose members are attributes too: `invoice.Total` is `invoice["Total"]`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the result has no {name!r}; it has {', '.join(self) or 'nothing'}") from None


def read_content(binding: RequestBinding, answer: Answer) -> Any:
    """Return the content of an answer, in the format of the binding.

    Raises:
        WrenError: the verdict, where the provider refused with a status of success.
        Unavailable: it is not the expected JSON.
    """
    if binding.response == "none":
        return None
    if binding.response == "bytes":
        return answer.body
    if binding.response == "text":
        return _read_text(answer)
    document = answer.json()
    if binding.refusal is not None:
        _refuse(binding.refusal, document, answer)
    return document


def select_output(binding: RequestBinding, document: Any) -> Any:
    """Return the part of an answer that the method returns; None where it is missing."""
    found = json_pointer.find(document, binding.output)
    return None if found is json_pointer.MISSING else found


def with_attributes(value: Any) -> Any:
    """Return a JSON value whose objects have their members as attributes."""
    if isinstance(value, dict):
        return Result({key: with_attributes(item) for key, item in value.items()})
    return [with_attributes(item) for item in value] if isinstance(value, list) else value


def _read_text(answer: Answer) -> str:
    """Return the text in the charset that the answer names; in UTF-8 where it names none, or an unknown one."""
    charset = answer.headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip(' "')
    try:
        return answer.body.decode(charset or "utf-8", errors="replace")
    except LookupError:
        return answer.text


def _refuse(refusal: RefusalRule, document: Any, answer: Answer) -> None:
    told = json_pointer.find(document, refusal.pointer)
    # `0 == False` in Python; here they differ.
    if told is json_pointer.MISSING or type(told) is not type(refusal.equals) or told != refusal.equals:
        return
    found = json_pointer.find(document, refusal.reason) if refusal.reason else ""
    reason = summary(found) if isinstance(found, str | int) else ""
    verdict: VerdictName = next((item.verdict for item in refusal.verdicts if reason in item.reasons), "rejected")
    message = f"{answer.request} was refused: {reason or summary(answer.text)}"
    if verdict == "rate_limited":
        raise errors.RateLimited(message, parse_retry_after(answer.headers.get("retry-after")))
    raise _VERDICTS[verdict](message, details={"reason": reason})
