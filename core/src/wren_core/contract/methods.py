"""`@method`: marks a function of an integration class as a method hosts may call.

The signature is the only source: input and output schemas, documents and tool definitions follow from it. They are
built on first use, so importing an integration stays cheap.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, update_wrapper
from typing import Any, Protocol, TypeVar, cast, overload

from pydantic import BaseModel, TypeAdapter, ValidationError

from wren_core.contract.lenient import GIVEN_BY_CALLER, relaxed_records
from wren_core.contract.method_metadata import find_fault, find_form_fault, place_of
from wren_core.contract.misfit import describe_error
from wren_core.contract.spec import Effect, MethodSpec, Simulate, UndoSpec
from wren_core.contract.values import DeclarationInvalid
from wren_core.errors import InvalidInput
from wren_core.nearest import find_nearest, suggest
from wren_core.schemas import signature, validator

F = TypeVar("F", bound=Callable[..., Any])


class Owner(Protocol):
    """An object whose methods are called through `execution.call`."""

    @classmethod
    def methods(cls) -> Mapping[str, "Method"]:
        """Return the methods by id."""
        ...

    def invoke(self, method_id: str, arguments: Mapping[str, Any]) -> Any:
        """Call a method by id with named arguments."""
        ...


@overload
def method(function: F, /) -> F: ...
@overload
def method(
    *,
    effect: Effect = "read",
    idempotent: bool | None = None,
    scopes: Iterable[str] = (),
    undo: UndoSpec | None = None,
    simulate: Simulate = "none",
    requires_approval: bool | None = None,
    example: str | None = None,
    name: str | None = None,
) -> Callable[[F], F]: ...
def method(function: Callable[..., Any] | None = None, /, **metadata: Any) -> Any:
    """Offer the decorated function as a method of the integration.

    Args:
        effect: `read`, `write` or `destructive`; decides retries and approvals.
        idempotent: calling twice equals calling once; by default true for reads.
        scopes: OAuth scopes this method needs.
        undo: the method that undoes a call, and the source of its arguments.
        simulate: `native` when the provider has a dry run, `validate_only` when only the arguments can be checked.
        requires_approval: a person must approve a call; by default true for destructive methods.
        example: one line of Python, as in a script.
        name: a title; by default the id in title case.

    Raises:
        DeclarationInvalid: a keyword or a value that does not fit, a coroutine or generator, a function without `self`,
            or a second method of the same name in the class.

    Example:
        @method(effect="write", scopes=["chat:write"], example='chat.post("Done", channel="general")')
        def post(self, text: Annotated[str, "Message text"]) -> PostedMessage:
            \"\"\"Post a message to a channel.\"\"\"
    """
    frame = inspect.currentframe()
    body = frame.f_back.f_locals if frame is not None and frame.f_back is not None else {}

    def mark(decorated: Callable[..., Any]) -> Method:
        marked = Method(decorated, **metadata)
        # The names of a class body that is being run; a module may define a function again, as a notebook does.
        if "__qualname__" in body and isinstance(body.get(marked.id), Method):
            raise marked.make_error(f"the class has a method {marked.id!r} already; rename one of them")
        return marked

    return mark if function is None else mark(function)


class Method:
    """A method of an integration class: its function, its spec and its compiled validators."""

    def __init__(self, function: Callable[..., Any], **metadata: Any) -> None:
        if not inspect.isfunction(function):
            found = function.__name__ if isinstance(function, type) else type(function).__name__
            raise DeclarationInvalid(
                f"@method goes on a plain function, not on {found}: put it on top of other decorators, "
                'and give it keywords only, such as @method(effect="write")'
            )
        self.function = function
        self.id = function.__name__
        self._metadata = {**metadata, "scopes": _read_once(metadata.get("scopes", ()))}
        fault = find_form_fault(function) or find_fault(self._metadata)
        if fault is not None:
            raise self.make_error(fault)
        update_wrapper(cast("Callable[..., Any]", self), function)

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> "Method": ...
    @overload
    def __get__(self, instance: Owner, owner: type | None = None) -> Callable[..., Any]: ...
    def __get__(self, instance: Owner | None, owner: type | None = None) -> "Method | Callable[..., Any]":
        return self if instance is None else self._bind(instance)

    @property
    def place(self) -> str:
        """Where it is written: `shop.py, line 12`; empty where that is not Python."""
        return place_of(self.function)

    @property
    def declares_effect(self) -> bool:
        """Whether the author wrote the effect, rather than left it to the default."""
        return "effect" in self._metadata

    def make_error(self, fault: str, *, label: str = "") -> DeclarationInvalid:
        """Return the error about a fault of the method, with its place; `label` is by default its qualified name."""
        label = label or self.function.__qualname__
        place = f" ({self.place})" if self.place else ""
        return DeclarationInvalid(f"{label}: {fault.removeprefix(f'{label}: ')}{place}")

    @cached_property
    def spec(self) -> MethodSpec:
        """The method as hosts see it.

        Raises:
            DeclarationInvalid: a parameter, the result or the name cannot be offered.
        """
        try:
            return self._make_spec()
        except (TypeError, ValidationError) as exc:
            raise self.make_error(describe_error(exc)) from exc

    def _make_spec(self) -> MethodSpec:
        meta = self._metadata
        effect: Effect = meta.get("effect", "read")
        idempotent, approval = meta.get("idempotent"), meta.get("requires_approval")
        return MethodSpec(
            id=self.id,
            name=meta.get("name") or self.id.replace("_", " ").title(),
            description=inspect.cleandoc(self.function.__doc__ or ""),
            input_schema=signature.input_schema(self.input_model),
            output_schema=signature.output_schema(self.output_adapter),
            effect=effect,
            idempotent=effect == "read" if idempotent is None else idempotent,
            scopes=meta["scopes"],
            undo=meta.get("undo"),
            simulate=meta.get("simulate", "none"),
            requires_approval=effect == "destructive" if approval is None else approval,
            example=meta.get("example"),
        )

    @cached_property
    def input_model(self) -> type[BaseModel]:
        """The parameters as a pydantic model."""
        return signature.input_model(self.function, self.function.__qualname__)

    @cached_property
    def output_adapter(self) -> TypeAdapter[Any]:
        """The return type."""
        return signature.output_adapter(self.function, self.function.__qualname__)

    @cached_property
    def input_validator(self) -> validator.Validator:
        """Checks the JSON form of the arguments; compiled once."""
        return validator.Validator(self.spec.input_schema)

    @cached_property
    def output_validator(self) -> validator.Validator:
        """Checks the JSON form of the result, as leniently as records read it; compiled once."""
        return validator.Validator(self._result_schema())

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature without `self`."""
        full = inspect.signature(self.function)
        return full.replace(parameters=list(full.parameters.values())[1:])

    def read_arguments(self, given: Mapping[str, Any], as_json: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - for methods without a signature
        """Return the arguments as the function takes them, with defaults.

        Args:
            given: the arguments of the caller.
            as_json: the same as JSON values, which fit the input schema.

        Raises:
            pydantic.ValidationError: a value does not fit its type.
        """
        return signature.arguments_of(self.input_model.model_validate(given, context=GIVEN_BY_CALLER))

    def to_json(self, value: Any) -> Any:
        """Return the JSON form of a result.

        Raises:
            Exception: it is not of the return type, or its own serializer raises.
        """
        return self.output_adapter.dump_python(value, mode="json", by_alias=True, warnings="error")

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the named arguments of a call written in Python.

        Raises:
            InvalidInput: for a missing, doubled or unknown argument, with the nearest valid name.
        """
        try:
            return dict(self.signature.bind(*args, **kwargs).arguments)
        except TypeError as exc:
            raise self._bind_error(exc, kwargs) from None

    def _result_schema(self) -> dict[str, Any]:
        with relaxed_records():
            return signature.output_schema(self.output_adapter)

    def _bind_error(self, exc: TypeError, kwargs: Mapping[str, Any]) -> InvalidInput:
        known = list(self.signature.parameters)
        unknown = next((name for name in kwargs if name not in known), None)
        nearest = find_nearest(unknown or "", known)
        what = f"unexpected argument {unknown!r}" if unknown else str(exc)
        hint = suggest(nearest, otherwise=f"it takes {', '.join(known) or 'no arguments'}")
        details = {"method": self.id, "pointer": "", "expected": ", ".join(known), "nearest": nearest}
        return InvalidInput(f"{self.id}: {what}; {hint}", details={**details, "parameters": known})

    def _bind(self, instance: Owner) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            arguments = self.bind(args, kwargs)
            if type(instance).methods().get(self.id) is not self:
                # Reached through super() from an override: a call by id would find the override again, endlessly.
                return self.function(instance, **arguments)
            return instance.invoke(self.id, arguments)

        return update_wrapper(call, self.function)


def _read_once(scopes: Any) -> Any:
    """Return scopes of any iterable as a tuple; a text, or what cannot be read, as it is."""
    return tuple(scopes) if isinstance(scopes, Iterable) and not isinstance(scopes, str) else scopes
