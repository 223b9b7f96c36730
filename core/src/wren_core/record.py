"""Records and configurations: the pydantic models authors write, with descriptions taken from `Annotated`."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class _Described(BaseModel):
    """Takes `Annotated[T, "text"]` as the description of a field."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        changed = False
        for field in cls.model_fields.values():
            text = next((item for item in field.metadata if isinstance(item, str)), None)
            if text is not None and field.description is None:
                field.description = text
                changed = True
        if changed:
            cls.model_rebuild(force=True)


class Record(_Described):
    """What a method returns: a frozen object with typed fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class IntegrationConfig(_Described):
    """Settings of one instance: the parameters of `.init(...)`. Subclass it as `Config` inside the integration."""

    model_config = ConfigDict(frozen=True, extra="forbid")
