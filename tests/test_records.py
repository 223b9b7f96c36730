"""What a provider sends never breaks a call: members that are missing, null or of another type.

Records are tried with any values, and every method of every shipped integration with an HTTP fake is called while one
member after another of the provider's answers is removed or replaced.
"""

import copy
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AliasChoices, AliasPath, TypeAdapter

from workspace import INTEGRATIONS, METADATA, sources
from wren_core import InternalError, Record
from wren_core.contract import execution
from wren_core.errors import WrenError
from wren_core.testing import FakeProvider
from wren_core.testing.examples import example_arguments
from wren_core.testing.fake_session import FakeSession
from wren_core.testing.short_waits import shorten_waits

REMOVED: Any = object()
MANY_CALLS = 250
"""Of more changes of an integration's answers some are left out, evenly."""
ODD = (None, 7, "odd", [], {}, True, [None], {"odd": 1})
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def load(reference: str) -> Any:
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


def record_classes() -> list[type[Record]]:
    """Return every record of the shipped integrations and of core."""
    for path in sources(*INTEGRATIONS):
        if path.name in ("records.py", "integration.py"):
            import_module(f"{path.parent.name}.{path.stem}")
    pending, found = [Record], set[type[Record]]()
    while pending:
        for cls in pending.pop().__subclasses__():
            if cls not in found and cls.__module__.startswith("wren_"):
                found.add(cls)
                pending.append(cls)
    return sorted(found, key=lambda cls: (cls.__module__, cls.__qualname__))


RECORDS = record_classes()


def keys_of(cls: type[Record]) -> list[str]:
    """Return the members that a record reads, by the names that providers give them."""
    names: list[str] = []
    for name, field in cls.model_fields.items():
        alias = field.validation_alias or name
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        names += [str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices]
    return names


def test_every_shipped_record_is_found():
    modules = {cls.__module__.partition(".")[0] for cls in RECORDS}

    assert {"wren_slack", "wren_gmail", "wren_github", "wren_xero", "wren_imap", "wren_webdav"} <= modules
    assert {"wren_postgres", "wren_messaging", "wren_cron", "wren_core"} <= modules


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_record_reads_any_answer(cls, data):
    keys = keys_of(cls)
    raw = data.draw(st.dictionaries(st.sampled_from(keys), JSON_VALUES)) if keys else {}

    record = cls.of_answer(raw)

    shown = TypeAdapter(cls).dump_python(record, mode="json", by_alias=True, warnings="error")
    assert json.loads(json.dumps(shown).encode()) is not None


@pytest.mark.parametrize("cls", RECORDS, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_what_is_missing_is_none_or_the_default(cls):
    record = cls.of_answer({})

    for name, field in cls.model_fields.items():
        assert getattr(record, name) == (None if field.is_required() else field.get_default(call_default_factory=True))


class Tampering:
    """Replaces one member of the answers of a fake."""

    def __init__(self, fake: FakeProvider) -> None:
        self.places: dict[tuple[str, ...], Any] = {}
        self.target: tuple[tuple[str, ...], Any] | None = None
        answer = fake.handle

        def handle(request: Any) -> Any:
            response = answer(request)
            body = _json_of(response)
            if body is None or response.status >= 400:
                return response
            for place, value in _places(body, (request.path,)):
                self.places.setdefault(place, value)
            if self.target is not None:
                body = _change(body, *self.target, path=request.path)
            return type(response)(status=response.status, headers=response.headers, body=body)

        fake.handle = handle  # type: ignore[method-assign]  # this fake only


def _json_of(response: Any) -> Any:
    if isinstance(response.body, dict | list):
        return copy.deepcopy(response.body)
    return None


def _places(node: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the place of every member; of a list only the first item stands for all."""
    if len(place) > 1:
        yield place, node
    if isinstance(node, dict):
        for name, item in node.items():
            yield from _places(item, (*place, name))
    elif isinstance(node, list) and node:
        yield from _places(node[0], (*place, "0"))


def _change(body: Any, place: tuple[str, ...], value: Any, *, path: str) -> Any:
    if place[0] != path:
        return body
    *way, last = place[1:]
    node = body
    for key in way:
        node = node[int(key)] if isinstance(node, list) else node.get(key)
        if not isinstance(node, dict | list):
            return body
    if isinstance(node, list):
        node[0:1] = [] if value is REMOVED else [value]
    elif value is REMOVED:
        node.pop(last, None)
    else:
        node[last] = value
    return body


def http_integrations() -> list[tuple[str, str, str]]:
    """Return name, class and fake of each integration whose fake answers with JSON."""
    found = []
    for member, entries in INTEGRATIONS.items():
        fakes = METADATA[member]["project"]["entry-points"].get("wren.fakes", {})
        for name, reference in entries.items():
            # WebDAV answers with XML; its parser has tests with the answers of real servers.
            if name in fakes and name != "webdav" and issubclass(load(fakes[name]), FakeProvider):
                found.append((name, reference, fakes[name]))
    return found


@pytest.mark.parametrize(("name", "reference", "fake"), http_integrations(), ids=lambda value: value.partition(":")[0])
def test_no_answer_breaks_a_method(name, reference, fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    integration = load(reference)
    session = FakeSession(integration, make_fake=load(fake), config={})

    with session.serve_fakes(), shorten_waits(sockets=False):
        changes = [(method, change) for method in session.spec.methods for change in changes_for(session, method)]
        tried = changes[:: len(changes) // MANY_CALLS + 1]
        outcomes = [(method, change, call_with(session, method, change)[0]) for method, change in tried]

    assert len(tried) >= min(len(changes), MANY_CALLS // 2)
    broken = [
        f"{name}.{method.id} {'/'.join(place)} {'removed' if odd is REMOVED else odd!r}: {error!r}"
        for method, (place, odd), error in outcomes
        if error is not None and (isinstance(error, InternalError) or not isinstance(error, WrenError))
    ]
    assert not broken, "\n".join(broken[:40])


def changes_for(session: FakeSession, method: Any) -> list[tuple[tuple[str, ...], Any]]:
    """Return every change of an answer of a method: each member removed, null, and of another type."""
    _, places = call_with(session, method, None)
    return [
        (place, odd)
        for number, (place, value) in enumerate(places.items())
        for odd in (REMOVED, None, _of_another_type(value, number))
    ]


def call_with(session: FakeSession, method: Any, target: Any) -> tuple[Exception | None, dict[tuple[str, ...], Any]]:
    """Call a method's example against a new fake, with one member changed; return the error and the members."""
    with session.new_fake() as known:
        tampering = Tampering(session.fake)
        tampering.target = target
        arguments = example_arguments(session.integration, method, known)
        assert arguments is not None
        for value in arguments.values.values():
            if isinstance(value, str) and value.endswith(".pdf"):
                Path(value).write_text("a file")
        instance = session.connect()
        try:
            execution.to_json(instance, method.id, instance.invoke(method.id, arguments.values))
        except Exception as exc:  # the test judges it
            return exc, tampering.places
        finally:
            instance.close()
        return None, tampering.places


def _of_another_type(value: Any, number: int) -> Any:
    others = [odd for odd in ODD if type(odd) is not type(value)]
    return others[number % len(others)]
