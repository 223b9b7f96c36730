"""W304: lists are read to their end, or as far as asked."""

from collections.abc import Iterator

from wren_core.contract.spec import MethodSpec
from wren_core.testing.calls import Call, MethodCalls
from wren_core.testing.listings import limit_of, place_of, returns_list
from wren_core.testing.rules.judging import unrehearsed, working
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    yield from unrehearsed(subject)
    listings = [method for method in subject.spec.methods if returns_list(method)]
    if not listings:
        raise NotApplicable("no method returns a list")
    works = {method.method: method for method in working(subject, "no list could be read")}
    for method in listings:
        if method.id in works:
            yield from _findings(f"{subject.name}.{method.id}", method, works[method.id])


def _findings(place: str, method: MethodSpec, calls: MethodCalls) -> Iterator[Finding]:
    limit = limit_of(method)
    if limit and "maximum" not in method.input_schema["properties"][limit]:
        yield Finding(place=place, message=f"{limit!r} has no maximum, so nothing bounds what is read")
    if calls.limited is not None and _size(calls.limited) > 1:
        yield Finding(place=place, message=f"{limit}=1 gives {_size(calls.limited)} items")
    if calls.limited is not None and calls.limited.error is not None:
        yield Finding(place=place, message=f"{limit}=1 fails: {calls.limited.happened}")
    if calls.plain is None or place_of(method):
        return  # the caller turns the pages
    if calls.paged is None:
        message = "pages are unproved: the fake's limit_pages() says that it has none"
        yield Finding(place=place, message=message, weight="note")
    elif calls.paged.error is not None:
        yield Finding(place=place, message=f"with one item on a page it fails: {calls.paged.happened}")
    elif _size(calls.paged) < _size(calls.plain):
        message = f"it reads the first page only: {_size(calls.paged)} of {_size(calls.plain)} items"
        yield Finding(place=place, message=message)
    elif _size(calls.plain) < 2:
        message = "pages are unproved: the fake has fewer than two items for the example; add some in example_values()"
        yield Finding(place=place, message=message, weight="note")


def _size(call: Call) -> int:
    return len(call.result) if isinstance(call.result, list) else 0


RULE = Rule(
    id="W304-pagination",
    tier=Tier.GOLD,
    title="Lists follow the provider's pages, and keep to the limit asked for",
    why="The first page looks like the whole list, and is, until somebody has more than fifty of something. A list "
    "without bounds fills a model's context or a process's memory.",
    fix="Ask for page after page until the limit is reached or there is no next one; give the limit a maximum "
    "(`Field(ge=1, le=1000)`). The fake proves it with limit_pages(size), or an attribute page_size.",
    check=_check,
)
