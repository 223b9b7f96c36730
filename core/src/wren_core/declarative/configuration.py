"""The configuration of a declared integration: fields that a JSON Schema describes."""

import warnings
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, create_model
from pydantic_core import PydanticCustomError

from wren_core.contract.configuration import with_defaults
from wren_core.contract.record import IntegrationConfig
from wren_core.schemas.subschemas import iter_subschemas
from wren_core.schemas.validator import Validator


class DeclaredConfig(IntegrationConfig):
    """Base of configurations that a schema describes; values are JSON values."""

    # A setting may be called `schema` or `model_id`; the names of pydantic's own members are not reserved here.
    model_config = ConfigDict(protected_namespaces=())


def configuration(schema: Mapping[str, Any], name: str) -> type[IntegrationConfig]:
    """Build the configuration class of a schema; each field is checked by its own part of it.

    Raises:
        ValueError: a field's name cannot be written as an argument in Python, or belongs to the class itself.
        SchemaInvalid: a part of the schema is broken.
    """
    required = set(schema.get("required", ()))
    fields: dict[str, Any] = {}
    for key, part in schema.get("properties", {}).items():
        if not key.isidentifier() or key.startswith("_") or (key.startswith("model_") and hasattr(DeclaredConfig, key)):
            raise ValueError(f"configSchema: a field cannot be called {key!r}; choose another name")
        checked = Annotated[Any, AfterValidator(_make_check(part, schema.get("$defs", {})))]
        default = part.get("default") if isinstance(part, dict) else None
        fields[key] = (checked, ... if key in required and default is None else default)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # `schema` was once a method of models
        return create_model(f"{name}Config", __base__=DeclaredConfig, **fields)


def _make_check(part: Any, definitions: Mapping[str, Any]) -> Any:
    if not isinstance(part, dict):
        return lambda value: value
    refers = any("$ref" in node for node in iter_subschemas(part))
    whole = {**part, "$defs": definitions} if refers else part

    @cache
    def validator() -> Validator:  # when it is needed: many fields may refer to the same large definitions
        return Validator(whole)

    def check(value: Any) -> Any:
        complete = with_defaults(whole, value) if isinstance(value, dict) else value
        for problem in validator().problems(complete):
            where = f"{problem.pointer}: " if problem.pointer else ""
            raise PydanticCustomError("json_schema", "{reason}", {"reason": f"{where}{problem.message}"})
        return complete

    return check
