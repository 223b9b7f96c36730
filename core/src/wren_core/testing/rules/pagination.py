"""W304: lists are read to the end, or up to the limit."""

from collections.abc import Iterator

from wren_core.contract.spec import MethodSpec
from wren_core.testing.calls import Call, MethodCalls
from wren_core.testing.listings import limit_parameter, page_parameter, returns_list
from wren_core.testing.rules.call_findings import recording_problem, working_methods
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    yield from recording_problem(target)
    listings = [method for method in target.spec.methods if returns_list(method)]
    if not listings:
        raise NotApplicable("no method returns a list")
    works = {method.method: method for method in working_methods(target, "no list could be read")}
    for method in listings:
        place, calls = f"{target.name}.{method.id}", target.calls.methods.get(method.id)
        if method.id in works:
            yield from _findings(place, method, works[method.id])
        elif calls is not None and not calls.makes_no_request:
            yield Finding(place=place, message="pages are not tested: its example fails", weight="unproved")


def _findings(place: str, method: MethodSpec, calls: MethodCalls) -> Iterator[Finding]:
    limit = limit_parameter(method)
    if limit and "maximum" not in method.input_schema["properties"][limit]:
        yield Finding(place=place, message=f"{limit!r} has no maximum, so a list can be of any length")
    if calls.with_limit_one is not None and _size(calls.with_limit_one) > 1:
        yield Finding(place=place, message=f"{limit}=1 gives {_size(calls.with_limit_one)} items")
    if calls.with_limit_one is not None and calls.with_limit_one.error is not None:
        yield Finding(place=place, message=f"{limit}=1 fails: {calls.with_limit_one.outcome}")
    if calls.plain is None or page_parameter(method):
        return  # the caller asks for each page
    if calls.with_small_pages is None:
        # A fake may be more lenient than its provider; no check can see that.
        message = "pages are not tested: limit_pages() of the fake returns False, so does the provider have none?"
        yield Finding(place=place, message=message, weight="note")
    elif calls.with_small_pages.error is not None:
        yield Finding(place=place, message=f"with one item on a page it fails: {calls.with_small_pages.outcome}")
    elif _size(calls.with_small_pages) < _size(calls.plain):
        message = f"it reads only the first page: {_size(calls.with_small_pages)} of {_size(calls.plain)} items"
        yield Finding(place=place, message=message)
    elif _size(calls.plain) < 2:
        message = (
            "pages are not tested: the fake has fewer than two items for the example; add some in example_values()"
        )
        yield Finding(place=place, message=message, weight="unproved")


def _size(call: Call) -> int:
    return len(call.result) if isinstance(call.result, list) else 0


RULE = Rule(
    id="W304-pagination",
    tier=Tier.GOLD,
    title="Lists follow the provider's pages and respect the limit of the call",
    why="The first page is the whole list until an account has more than fifty items. A list without a limit fills a "
    "model's context or a process's memory.",
    fix="Request page after page until the limit is reached or there is no next page; give the limit a maximum "
    "(`Field(ge=1, le=1000)`). The fake needs limit_pages(size) or an attribute page_size for the test.",
    check=_check,
)
