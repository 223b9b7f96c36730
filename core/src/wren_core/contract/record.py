"""Records and configurations: the pydantic models authors write, with descriptions taken from `Annotated`."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Described(BaseModel):
    """Takes `Annotated[T, "text"]` as the description of a field."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties: dict[str, Any] = handler.resolve_ref_schema(schema).get("properties", {})
        # When the schema is built, not when the class is created: only then is every forward reference known.
        for name, field in cls.model_fields.items():
            text = next((item for item in field.metadata if isinstance(item, str)), None)
            names = (field.serialization_alias, field.validation_alias, name)
            shown = next((key for key in names if isinstance(key, str) and key in properties), None)
            if text is not None and shown is not None:
                properties[shown].setdefault("description", text)
        return schema


class Record(Described):
    """What a method returns: a frozen object with typed fields. In JSON, `bytes` are base64."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


class IntegrationConfig(Described):
    """Settings of one instance: the parameters of `.init(...)`. Subclass it as `Config` inside the integration."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")
