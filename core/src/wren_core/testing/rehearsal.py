"""The rehearsal: every method is called as its example says, against its fake, in good times and in bad.

Made once for a subject; rules only read what was seen.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from wren_core import json_pointer
from wren_core.contract import execution
from wren_core.contract.integration import Integration
from wren_core.contract.spec import MethodSpec
from wren_core.testing.calls import Call, MethodCalls, Rehearsal
from wren_core.testing.contacts import watched
from wren_core.testing.examples import ExampleArguments, example_arguments, named_files
from wren_core.testing.faults import SILENT_FAULTS, STATUS_FAULTS, Fault
from wren_core.testing.haste import hurried
from wren_core.testing.listening import Listener
from wren_core.testing.listings import limit_of, returns_list
from wren_core.testing.stage import Stage

_MAX_PATHS = 3
_ODD_ENDING = "\nä"
"""Characters no header takes: libraries quote the whole value in their complaint."""


def rehearse(
    integration: type[Integration],
    *,
    make_fake: Callable[[], Any] | None = None,
    config: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Rehearsal:
    """Call every method of an integration in every way there is a rule about.

    Args:
        integration: the class.
        make_fake: makes a new fake; without one a provider that knows nothing stands in, which is enough for faults.
        config: what `create` needs, beside what the fake says.
        progress: told of each call before it is made.
    """
    stage = Stage(integration, make_fake=make_fake, config=config or {})
    performance = _Performance(stage, has_fake=make_fake is not None, progress=progress)
    try:
        with _scratch_folder(), hurried(sockets=False), stage.served():
            performance.listen_to_instance()
            performance.listen_to_odd_credentials()
            methods = {method.id: performance.calls_of(method) for method in stage.spec.methods}
    except Exception as exc:  # noqa: BLE001 - the boundary: a broken fake or class is a finding, not an end
        return Rehearsal(problem=f"{type(exc).__name__}: {exc}", leaks=performance.leaks)
    return Rehearsal(
        methods=methods,
        leaks=performance.leaks,
        has_fake=make_fake is not None,
        speaks_http=stage.speaks_http,
        has_scopes=getattr(stage.fake, "issuer", None) is not None,
    )


@contextmanager
def _scratch_folder() -> Iterator[None]:
    """Work in an empty folder: examples read and write files."""
    home = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="wren-check-") as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(home)


class _Performance:
    """The calls of one rehearsal.

    Args:
        stage: where the fake is.
        has_fake: whether the fake is the integration's own, so that calls can succeed.
        progress: told of each call before it is made.
    """

    def __init__(self, stage: Stage, *, has_fake: bool, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._stage = stage
        self._has_fake = has_fake
        self._listener = Listener(stage.secrets)
        self._can_stall = True
        """Until a client waits by sockets whose limits cannot be cut short: every further one would cost its time."""

    @property
    def leaks(self) -> tuple[Any, ...]:
        """Every secret that was heard, each place once."""
        return tuple(dict.fromkeys(self._listener.leaks))

    def listen_to_instance(self) -> None:
        """Hear what an instance and its client say of themselves."""
        with self._stage.scene(), self._connected() as instance, self._listener.during("connect()"):
            self._listener.hear("repr() of the instance", f"{instance!r} {instance}")
            try:
                self._listener.hear("repr() of the client", repr(instance.client))
            except Exception as exc:  # noqa: BLE001 - an integration may have no client
                self._listener.hear_error("connect()", exc)

    def listen_to_odd_credentials(self) -> None:
        """Hear what is said of credentials that cannot be sent, by the first method that would send them."""
        odd = self._stage.stand_ins(suffix=_ODD_ENDING)
        for method in self._stage.spec.methods if odd else ():
            with self._scene(method) as arguments, self._connected(credentials=odd) as instance:
                call = self._call(instance, method.id, arguments.values) if arguments else None
            if call is not None and (call.is_heard or call.error is not None):
                return

    def calls_of(self, method: MethodSpec) -> MethodCalls:
        """Make every call of a method."""
        with self._scene(method) as arguments:
            if arguments is None:
                return MethodCalls(method=method.id)
            with self._connected() as instance:
                can_answer = self._has_fake or not self._stage.has_provider
                plain = self._call(instance, method.id, arguments.values) if can_answer else None
                is_local = plain is not None and not plain.is_heard and not plain.strangers
                faulted = () if is_local else tuple(self._faulted(instance, method, arguments, plain))
        found = MethodCalls(method=method.id, arguments=arguments, plain=plain, faulted=faulted)
        if not (self._has_fake and found.works):
            return found
        return MethodCalls(method=method.id, arguments=arguments, plain=plain, faulted=faulted, **self._more(method))

    def _faulted(
        self, instance: Integration, method: MethodSpec, arguments: ExampleArguments, plain: Call | None
    ) -> Iterator[Call]:
        status = [(fault, path) for fault in STATUS_FAULTS for path in _paths_to_fail(plain)]
        silent = [(fault, "") for fault in SILENT_FAULTS if self._can_stall or not fault.cuts_limits]
        wanted = (status if self._stage.speaks_http else []) + (silent if self._stage.can_fall_silent else [])
        for fault, path in wanted:
            if not fault.cuts_limits:
                call = self._call(instance, method.id, arguments.values, fault=fault, path=path)
                if call.is_heard:
                    yield call
                    continue
            # A new instance has read nothing yet, so that it must ask; and no connection with limits set before.
            with self._connected(shortest_limits=fault.cuts_limits) as other:
                call = self._call(other, method.id, arguments.values, fault=fault, path=path)
            if fault.cuts_limits:
                self._can_stall = call.is_seen or not call.is_heard
            yield call

    def _more(self, method: MethodSpec) -> dict[str, Call | None]:
        """Make the calls that show scopes, pages and undo, each on a new fake."""
        has_scopes = getattr(self._stage.fake, "issuer", None) is not None
        limit = limit_of(method)
        return {
            "scoped": self._afresh(method, scopes=method.scopes) if has_scopes else None,
            "scopeless": self._afresh(method, scopes=()) if has_scopes and method.scopes else None,
            "paged": self._afresh(method, page_size=1) if returns_list(method) else None,
            "limited": self._afresh(method, change={limit: 1}) if limit else None,
            "undo": self._undo(method) if method.undo else None,
        }

    def _afresh(
        self,
        method: MethodSpec,
        *,
        scopes: tuple[str, ...] | None = None,
        page_size: int | None = None,
        change: Mapping[str, Any] | None = None,
    ) -> Call | None:
        with self._scene(method) as arguments, self._connected(scopes=scopes) as instance:
            has_pages = page_size is None or getattr(self._stage.fake, "limit_pages", lambda _: False)(page_size)
            if arguments is None or not has_pages:
                return None
            return self._call(instance, method.id, {**arguments.values, **(change or {})})

    def _undo(self, method: MethodSpec) -> Call | None:
        with self._scene(method) as arguments, self._connected() as instance:
            if arguments is None or method.undo is None:
                return None
            done = self._call(instance, method.id, arguments.values)
            seen = {"input": dict(arguments.values), "output": done.result}
            try:
                values = {name: _value_at(seen, pointer) for name, pointer in method.undo.arguments.items()}
            except LookupError as exc:
                return Call(method=method.undo.method, error=exc, is_heard=True)
            return self._call(instance, method.undo.method, values)

    def _call(
        self,
        instance: Integration,
        method_id: str,
        values: Mapping[str, Any],
        *,
        fault: Fault | None = None,
        path: str = "",
    ) -> Call:
        stage, what = self._stage, f"{self._stage.spec.name}.{method_id}"
        before, connections = stage.requests, stage.connections
        self._progress(f"{what}{f' after {fault.name}' if fault else ''}")
        with ExitStack() as stack:
            if fault is not None:
                fault.strike(stage.fake, path, next(iter(instance.credentials.secrets), ""))
                stack.callback(stage.fake.end_faults)
                stack.enter_context(hurried(sockets=fault.cuts_limits))
            is_quoted = fault is not None and fault.quotes
            stack.enter_context(self._listener.during(what, is_quoted=is_quoted))
            contacts = stack.enter_context(watched(stage.is_home))
            result, error = _outcome(instance, method_id, values)
        if error is not None:
            self._listener.hear_error(what, error, is_quoted=is_quoted)
        requests = stage.requests[len(before) :]
        return Call(
            method=method_id,
            fault=fault.name if fault else "",
            path=path,
            arguments=values,
            result=result,
            error=error,
            requests=requests,
            strangers=tuple(dict.fromkeys(contacts.strangers)),
            is_heard=any(path in request.path for request in requests)
            or (not path and (bool(contacts.met) or stage.connections > connections)),
            is_seen=bool(contacts.met),
        )

    @contextmanager
    def _scene(self, method: MethodSpec) -> Iterator[ExampleArguments | None]:
        with self._stage.scene() as known:
            arguments = example_arguments(self._stage.integration, method, known)
            for name in named_files(method, arguments.values) if arguments else ():
                _bring(name)
            yield arguments

    @contextmanager
    def _connected(self, **options: Any) -> Iterator[Integration]:
        instance = self._stage.connect(**options)
        try:
            yield instance
        finally:
            with suppress(Exception):  # a client that cannot be closed is no subject of any rule
                instance.close()


def _outcome(instance: Integration, method_id: str, values: Mapping[str, Any]) -> tuple[Any, Exception | None]:
    try:
        return execution.to_json(instance, method_id, instance.invoke(method_id, values)), None
    except Exception as exc:  # noqa: BLE001 - whatever it is, rules judge it
        return None, exc


def _paths_to_fail(plain: Call | None) -> list[str]:
    """Return paths a method asks for: the first ones, and the last, which of a write is the one that writes."""
    paths = list(dict.fromkeys(request.path for request in plain.requests)) if plain and not plain.error else []
    return list(dict.fromkeys([*paths[: _MAX_PATHS - 1], *paths[-1:]])) or [""]


def _value_at(values: Any, pointer: str) -> Any:
    found = json_pointer.find(values, pointer)
    if found is json_pointer.MISSING:
        raise LookupError(f"nothing is at {pointer}")
    return found


def _bring(name: str) -> None:
    """Write a file an example names, inside the scratch folder."""
    path = Path(name)
    if not path.is_absolute() and ".." not in path.parts:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("An example.\n")
