"""The value types and the base class of all declarations."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from wren_core.contract.versions import LONGEST, is_semver

NAME = r"^[a-z][a-z0-9_]{0,62}$"
ENV_VAR = r"^[A-Z][A-Z0-9_]*$"
URL = r"^https?://\S+$"
URL_TEMPLATE = r"^(https?://\S+|\{[a-z]\w*\}\S*)$"
_FIELD = r"\{[a-z]\w*\}"
HOST_TEMPLATE = rf"^([a-z0-9._-]*{_FIELD}([a-z0-9._-]|{_FIELD})*(:({_FIELD}|\d{{1,5}}))?|[a-z0-9._-]+:{_FIELD})$"

Name = Annotated[str, StringConstraints(pattern=NAME)]
EnvVar = Annotated[str, StringConstraints(pattern=ENV_VAR)]
Url = Annotated[str, StringConstraints(pattern=URL)]
UrlTemplate = Annotated[str, StringConstraints(pattern=URL_TEMPLATE)]
HostTemplate = Annotated[str, StringConstraints(pattern=HOST_TEMPLATE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]


def _semver(version: str) -> str:
    if version and not (is_semver(version) and len(version) <= LONGEST):
        raise ValueError(f"{version!r} is not a semantic version of at most {LONGEST} characters, such as 1.4.0")
    return version


SemVer = Annotated[str, AfterValidator(_semver)]


class Spec(BaseModel):
    """Base of all declarations: frozen, and a field that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DeclarationInvalid(TypeError):
    """What an author declared cannot be used; the message has the place, the cause and the cure."""


def refuse_doubles(what: str, names: Iterable[str]) -> None:
    """Raise ValueError for a duplicate name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name!r} is declared twice")
        seen.add(name)
