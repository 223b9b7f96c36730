"""What is wrong with a declaration, in one sentence for its author."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from wren_core.contract.values import ENV_VAR, HOST_TEMPLATE, NAME, URL, URL_TEMPLATE, Spec
from wren_core.contract.wire_form import models_in
from wren_core.nearest import find_nearest, suggest
from wren_core.schemas.validator import first_line

_LONGEST = 120
_PATTERN_WORDS = {
    NAME: "lower-case letters, digits and underscores, and start with a letter",
    ENV_VAR: "the name of a variable: capital letters, digits and underscores, such as SHOP_API_KEY",
    URL: "a whole URL, such as https://api.example.com/v1",
    URL_TEMPLATE: "a whole URL, such as https://api.example.com/v1, or one with fields of Config in braces",
    HOST_TEMPLATE: "`{field}`, `{field}:port` or `{field}:{field}` over the fields of Config, without a scheme or path",
}
_CONTAINERS = frozenset({"tuple_type", "list_type", "set_type", "frozen_set_type"})
_NO_MODEL = frozenset({"model_type", "model_attributes_type", "union_tag_not_found", "union_tag_invalid"})


def describe_misfit(exc: ValidationError) -> str:
    """Return what does not fit: `IntegrationSpec.baseurl is unknown; did you mean 'base_url'?`.

    Only the values of declarations are quoted: those of other models may be secrets.
    """
    model = _find_declaration(exc.title)
    errors = exc.errors(include_url=False)
    first = errors[0]
    place = ".".join([exc.title, *(str(part) for part in first["loc"])])
    if model is None:
        return f"{place}: {first['msg']}"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{place} {_describe(first, model)}{more}"


def describe_error(exc: Exception) -> str:
    """Return the text of an error about a declaration, in one line."""
    if isinstance(exc, ValidationError):
        return describe_misfit(exc)
    return first_line(exc).partition("; if `")[0]  # what follows in pydantic's text is for other uses of its models


def _find_declaration(name: str) -> type[BaseModel] | None:
    pending: list[type[BaseModel]] = [Spec]
    while pending:
        model = pending.pop()
        if model.__name__ == name:
            return model
        pending.extend(model.__subclasses__())
    return None


def _describe(error: Mapping[str, Any], model: type[BaseModel]) -> str:
    kind, given = error["type"], _quote(error["input"])
    owner, annotation = _look_up(model, error["loc"])
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        fields = list(owner.model_fields)
        nearest = find_nearest(str(error["loc"][-1]), fields)
        return f"is unknown; {suggest(nearest, otherwise='it has ' + ', '.join(fields))}"
    if kind == "value_error":
        return f"is wrong: {error['msg'].removeprefix('Value error, ')}"
    if kind == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        return f"is {given}; it must be {_PATTERN_WORDS.get(pattern, f'text that matches {pattern}')}"
    return f"is {given}; {_describe_type(error, annotation)}"


def _describe_type(error: Mapping[str, Any], annotation: Any) -> str:
    kind, value = error["type"], error["input"]
    if kind in _CONTAINERS and isinstance(value, str):
        return f"it must be a list; write [{value!r}]"
    expected = " or ".join(dict.fromkeys(f"{model.__name__}(...)" for model in models_in(annotation)))
    if expected and (kind in _NO_MODEL or kind in _CONTAINERS):
        return f"write {expected}"
    if kind in ("literal_error", "enum"):
        allowed = str(error["ctx"]["expected"])
        nearest = find_nearest(str(value), allowed.replace(" or ", ", ").replace("'", "").split(", "))
        return f"it must be {allowed}" + (f"; did you mean {nearest!r}?" if nearest else "")
    return str(error["msg"]).replace("Input should be", "it must be")


def _look_up(model: type[BaseModel], place: tuple[int | str, ...]) -> tuple[type[BaseModel], Any]:
    """Return the declaration to which a place leads, and the annotation of its last field."""
    annotation: Any = None
    for part in place:
        field = model.model_fields.get(str(part))
        if field is None:
            named = [item for item in models_in(annotation) if _kind_of(item) == part]
            model = named[0] if named else model
            continue
        annotation = field.annotation
        inner = list(models_in(annotation))
        if part != place[-1]:
            model = inner[0] if len(inner) == 1 else model
    return model, annotation


def _kind_of(model: type[BaseModel]) -> Any:
    return model.model_fields["kind"].default if "kind" in model.model_fields else None


def _quote(value: Any) -> str:
    text = f"the class {value.__name__}" if isinstance(value, type) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
