"""Records and configurations: the pydantic models authors write, with descriptions taken from `Annotated`."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from wren_core.contract.lenient import is_relaxed, with_lenient_fields


def _shown_name(name: str, field: FieldInfo, properties: Mapping[str, Any]) -> str | None:
    """Return the name of a field in a schema: it has another one in each direction."""
    names = (field.serialization_alias, field.validation_alias, name)
    return next((key for key in names if isinstance(key, str) and key in properties), None)


def _require_fields(cls: type[BaseModel], node: dict[str, Any]) -> None:
    """Restore what the default of a lenient field hides: that the field has none."""
    properties = node.get("properties", {})
    required = {shown for name, field in cls.model_fields.items() if field.is_required()
                for shown in [_shown_name(name, field, properties)] if shown}  # fmt: skip
    for shown in required:
        properties[shown].pop("default", None)
    if required:
        node["required"] = [shown for shown in properties if shown in required or shown in node.get("required", ())]


class Described(BaseModel):
    """Takes `Annotated[T, "text"]` as the description of a field."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties: dict[str, Any] = handler.resolve_ref_schema(schema).get("properties", {})
        # When the schema is built, not when the class is created: only then is every forward reference known.
        for name, field in cls.model_fields.items():
            text = next((item for item in field.metadata if isinstance(item, str)), None)
            shown = _shown_name(name, field, properties)
            if text is not None and shown is not None:
                properties[shown].setdefault("description", text)
        return schema


class Record(Described):
    """What a method returns: a frozen object with typed fields. In JSON, `bytes` are base64.

    A record never refuses what a provider sends. A field that is missing, or null where its type has no null, has its
    default, or None where it has none; a value of another type is kept as it came. As an argument of a method a record
    is strict.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")

    @classmethod
    def of_answer(cls, raw: Any) -> Self:
        """Read an object of a provider's answer; anything that is not an object gives a record without values."""
        return cls.model_validate(raw if isinstance(raw, Mapping) else {})

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return with_lenient_fields(handler(source), cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        node = handler.resolve_ref_schema(schema)
        _require_fields(cls, node)
        if is_relaxed():
            node["properties"] = dict.fromkeys(node.get("properties", {}), True)
            node.pop("required", None)
        return schema


class IntegrationConfig(Described):
    """Settings of one instance: the parameters of `.init(...)`. Subclass it as `Config` inside the integration."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")
