"""Call every method as its example says, against its fake, without and with faults, and record what happens.

It is done once for each check; the rules only read the record.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from wren_core import json_pointer
from wren_core.contract import execution
from wren_core.contract.integration import Integration
from wren_core.contract.spec import MethodSpec
from wren_core.testing.calls import Call, Leak, MethodCalls, RecordedCalls
from wren_core.testing.examples import ExampleArguments, example_arguments, files_in_example
from wren_core.testing.fake_provider import FakeRequest
from wren_core.testing.fake_session import FakeSession
from wren_core.testing.faults import SILENT_FAULTS, STATUS_FAULTS, UNAUTHORIZED, Fault
from wren_core.testing.leak_detector import LeakDetector
from wren_core.testing.listings import limit_parameter, returns_list
from wren_core.testing.network_watch import watch_connections
from wren_core.testing.request_kind import last_write, operation_of
from wren_core.testing.short_waits import shorten_waits

_MAX_PATHS = 3
_UNSENDABLE_SUFFIX = "\nä"
"""Characters that no header may hold: libraries quote the whole value in their error."""


def record_calls(
    integration: type[Integration],
    *,
    make_fake: Callable[[], Any] | None = None,
    config: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> RecordedCalls:
    """Call every method of an integration in every way that a rule needs.

    Args:
        integration: the class.
        make_fake: makes a new fake; without it, a provider that answers 404 is used, which is enough for faults.
        config: values for `create` that the fake does not give.
        progress: called with the name of each call before it is made.
    """
    session = FakeSession(integration, make_fake=make_fake, config=config or {})
    recorder = _CallRecorder(session, has_fake=make_fake is not None, progress=progress)
    try:
        with _scratch_folder(), shorten_waits(sockets=False), session.serve_fakes():
            recorder.check_instance()
            recorder.check_unsendable_credentials()
            methods = {method.id: recorder.calls_of(method) for method in session.spec.methods}
    except Exception as exc:  # noqa: BLE001 - the boundary: a broken fake or class is a finding, not an end
        return RecordedCalls(problem=f"{type(exc).__name__}: {exc}", leaks=recorder.leaks)
    return RecordedCalls(
        methods=methods,
        leaks=recorder.leaks,
        has_fake=make_fake is not None,
        speaks_http=session.speaks_http,
        has_scopes=getattr(session.fake, "issuer", None) is not None,
    )


@contextmanager
def _scratch_folder() -> Iterator[None]:
    """Work in an empty folder: examples read and write files."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="wren-check-") as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


class _CallRecorder:
    """Makes the calls and collects what they show.

    Args:
        session: the integration with its fake.
        has_fake: whether the fake is the integration's own, so that calls can succeed.
        progress: called with the name of each call before it is made.
    """

    def __init__(self, session: FakeSession, *, has_fake: bool, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._session = session
        self._has_fake = has_fake
        self._detector = LeakDetector(session.secrets)
        self._can_stall = True
        """False after a client kept waiting by sockets whose limits cannot be shortened: each more would cost time."""

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """Every secret that was found, each place once."""
        return tuple(dict.fromkeys(self._detector.leaks))

    def check_instance(self) -> None:
        """Look for secrets in what an instance and its client show of themselves."""
        with self._session.new_fake(), self._connect() as instance, self._detector.check_output("connect()"):
            self._detector.check_text("repr() of the instance", f"{instance!r} {instance}")
            try:
                self._detector.check_text("repr() of the client", repr(instance.client))
            except Exception as exc:  # noqa: BLE001 - an integration may have no client
                self._detector.check_error("connect()", exc)

    def check_unsendable_credentials(self) -> None:
        """Look for secrets in the error about a credential that cannot be sent, of the first method that sends it."""
        unsendable = self._session.placeholder_credentials(suffix=_UNSENDABLE_SUFFIX)
        for method in self._session.spec.methods if unsendable else ():
            with self._new_fake(method) as arguments, self._connect(credentials=unsendable) as instance:
                call = self._call(instance, method.id, arguments.values) if arguments else None
            if call is not None and (call.reached_fake or call.error is not None):
                return

    def calls_of(self, method: MethodSpec) -> MethodCalls:
        """Make every call of a method."""
        with self._new_fake(method) as arguments:
            if arguments is None:
                return MethodCalls(method=method.id)
            with self._connect() as instance:
                can_answer = self._has_fake or not self._session.has_provider
                plain = self._call(instance, method.id, arguments.values) if can_answer else None
                makes_no_request = plain is not None and not plain.reached_fake and not plain.other_addresses
                faulted = () if makes_no_request else tuple(self._faulted_calls(instance, method, arguments, plain))
        found = MethodCalls(method=method.id, arguments=arguments, plain=plain, faulted=faulted)
        if not (self._has_fake and found.works):
            return found
        more = self._more_calls(method)
        if not any(call.fault == UNAUTHORIZED.name for call in faulted):
            more["with_wrong_credentials"] = self._call_with_wrong_credentials(method)
        return MethodCalls(method=method.id, arguments=arguments, plain=plain, faulted=faulted, **more)

    def _faulted_calls(
        self, instance: Integration, method: MethodSpec, arguments: ExampleArguments, plain: Call | None
    ) -> Iterator[Call]:
        status = [(fault, place) for fault in STATUS_FAULTS for place in _places_to_fail(plain)]
        silent = [(fault, ("", "")) for fault in SILENT_FAULTS if self._can_stall or not fault.needs_short_limits]
        wanted = (status if self._session.can_fail else []) + (silent if self._session.can_stall else [])
        for fault, (path, operation) in (item for item in wanted if self._can_inject(item[0], item[1][0])):
            if not fault.needs_short_limits:
                call = self._call(instance, method.id, arguments.values, fault=fault, path=path, operation=operation)
                if call.reached_fake:
                    yield call
                    continue
            # A new instance has read nothing yet, so it must ask; and it has no connection with longer limits.
            with self._connect(shortest_limits=fault.needs_short_limits) as other:
                call = self._call(other, method.id, arguments.values, fault=fault, path=path, operation=operation)
            if fault.needs_short_limits:
                self._can_stall = call.uses_python_sockets or not call.reached_fake
            yield call

    def _can_inject(self, fault: Fault, path: str) -> bool:
        """Tell whether the fake can fail so; the faults of a try are cancelled."""
        try:
            return fault.inject(self._session.fake, path, "")
        finally:
            self._session.fake.end_faults()

    def _more_calls(self, method: MethodSpec) -> dict[str, Call | None]:
        """Make the calls that test scopes, pages and undo, each on a new fake."""
        has_scopes = getattr(self._session.fake, "issuer", None) is not None
        limit = limit_parameter(method)
        needs_scopes = has_scopes and method.scopes
        return {
            "with_declared_scopes": self._call_on_new_fake(method, scopes=method.scopes) if has_scopes else None,
            "without_scopes": self._call_on_new_fake(method, scopes=()) if needs_scopes else None,
            "with_small_pages": self._call_on_new_fake(method, page_size=1) if returns_list(method) else None,
            "with_limit_one": self._call_on_new_fake(method, change={limit: 1}) if limit else None,
            "undo": self._undo(method) if method.undo else None,
        }

    def _call_with_wrong_credentials(self, method: MethodSpec) -> Call | None:
        wrong = self._session.wrong_credentials()
        if not wrong:
            return None
        with self._new_fake(method) as arguments, self._connect(credentials=wrong) as instance:
            return self._call(instance, method.id, arguments.values) if arguments else None

    def _call_on_new_fake(
        self,
        method: MethodSpec,
        *,
        scopes: tuple[str, ...] | None = None,
        page_size: int | None = None,
        change: Mapping[str, Any] | None = None,
    ) -> Call | None:
        with self._new_fake(method) as arguments, self._connect(scopes=scopes) as instance:
            has_pages = page_size is None or getattr(self._session.fake, "limit_pages", lambda _: False)(page_size)
            if arguments is None or not has_pages:
                return None
            return self._call(instance, method.id, {**arguments.values, **(change or {})})

    def _undo(self, method: MethodSpec) -> Call | None:
        with self._new_fake(method) as arguments, self._connect() as instance:
            if arguments is None or method.undo is None:
                return None
            done = self._call(instance, method.id, arguments.values)
            document = {"input": dict(arguments.values), "output": done.result}
            try:
                values = {name: _value_at(document, pointer) for name, pointer in method.undo.arguments.items()}
            except LookupError as exc:
                return Call(method=method.undo.method, error=exc, reached_fake=True)
            return self._call(instance, method.undo.method, values)

    def _call(
        self,
        instance: Integration,
        method_id: str,
        values: Mapping[str, Any],
        *,
        fault: Fault | None = None,
        path: str = "",
        operation: str = "",
    ) -> Call:
        session, what = self._session, f"{self._session.spec.name}.{method_id}"
        before, connections = session.requests, session.connections
        self._progress(f"{what}{f' after {fault.name}' if fault else ''}")
        with ExitStack() as stack:
            if fault is not None:
                fault.inject(session.fake, path, next(iter(instance.credentials.secrets), ""))
                if operation:
                    session.fake.limit_faults(lambda request: operation_of(request) == operation)
                stack.callback(session.fake.end_faults)
                stack.enter_context(shorten_waits(sockets=fault.needs_short_limits))
            is_quoted = fault is not None and fault.quotes_credential
            stack.enter_context(self._detector.check_output(what, is_quoted=is_quoted))
            addresses = stack.enter_context(watch_connections(session.is_fake_address))
            result, error = _invoke(instance, method_id, values)
        if error is not None:
            self._detector.check_error(what, error, is_quoted=is_quoted)
        requests = session.requests[len(before) :]
        has_connected = bool(addresses.allowed) or session.connections > connections
        return Call(
            method=method_id,
            fault=fault.name if fault else "",
            path=path,
            operation=operation,
            arguments=values,
            result=result,
            error=error,
            requests=requests,
            other_addresses=tuple(dict.fromkeys(addresses.refused)),
            reached_fake=_is_reached(requests, path, operation) or (not path and has_connected),
            uses_python_sockets=bool(addresses.allowed),
        )

    @contextmanager
    def _new_fake(self, method: MethodSpec) -> Iterator[ExampleArguments | None]:
        with self._session.new_fake() as known:
            arguments = example_arguments(self._session.integration, method, known)
            for name in files_in_example(method, arguments.values) if arguments else ():
                _write_example_file(name)
            yield arguments

    @contextmanager
    def _connect(self, **options: Any) -> Iterator[Integration]:
        instance = self._session.connect(**options)
        try:
            yield instance
        finally:
            with suppress(Exception):  # no rule is about a client that cannot be closed
                instance.close()


def _invoke(instance: Integration, method_id: str, values: Mapping[str, Any]) -> tuple[Any, Exception | None]:
    try:
        return execution.to_json(instance, method_id, instance.invoke(method_id, values)), None
    except Exception as exc:  # noqa: BLE001 - whatever it is, rules judge it
        return None, exc


def _is_reached(requests: Iterable[FakeRequest], path: str, operation: str) -> bool:
    return any(path in request.path and operation in ("", operation_of(request)) for request in requests)


def _places_to_fail(plain: Call | None) -> list[tuple[str, str]]:
    """Return paths, with the operation where requests to a path name one: the first ones, and the one that writes."""
    sent = plain.requests if plain and not plain.error else ()
    places = list(dict.fromkeys((request.path, operation_of(request)) for request in sent))
    write = last_write(sent)
    last = [(write.path, operation_of(write))] if write else []
    return list(dict.fromkeys([*places[: _MAX_PATHS - 1], *last])) or [("", "")]


def _value_at(document: Any, pointer: str) -> Any:
    found = json_pointer.find(document, pointer)
    if found is json_pointer.MISSING:
        raise LookupError(f"nothing is at {pointer}")
    return found


def _write_example_file(name: str) -> None:
    """Write a file that an example names, inside the scratch folder."""
    path = Path(name)
    if not path.is_absolute() and ".." not in path.parts:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("An example.\n")
