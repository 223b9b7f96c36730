"""The job of a runner: the first line on the channel, from the worker.

The runner trusts its worker; it checks the version and the shape, since the two may come from different releases.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from wren_core.errors import UserFacingConfigError
from wren_core.protocol.variables import base_url_variable, config_variable

PROTOCOL_VERSION = 2
"""Version of jobs and frames together; it increases with each incompatible change."""


class ProtocolMismatch(UserFacingConfigError):
    """Worker and runner do not speak the same version; install wren-backend and wren-sdk of one release."""

    code = "PROTOCOL_MISMATCH"


@dataclass(frozen=True, kw_only=True)
class JobConnection:
    """One connection in a run."""

    integration: str
    alias: str
    is_default: bool = False
    """Whether it is used where the script names no account; its values are in the environment too."""
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By environment variable; never a refresh token."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Values of the integration's configuration, those of the operator included."""
    base_url: str | None = None

    def to_variables(self) -> dict[str, str]:
        """Return the documented variables of the integration, where this is the default connection."""
        values = dict(self.credentials)
        if self.config:
            values[config_variable(self.integration)] = json.dumps(dict(self.config))
        if self.base_url:
            values[base_url_variable(self.integration)] = self.base_url
        return values


@dataclass(frozen=True, kw_only=True)
class _ScriptJob:
    """The fields of every job."""

    version: int = PROTOCOL_VERSION
    script: str
    """Source text."""
    filename: str
    """Name of the script in errors."""
    run_id: str = ""
    correlation_id: str = ""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Set in the process once it runs; never in argv, never in the environment it is started with."""
    definitions: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Integrations that the operator declared, as JSON text by name, for a sandbox without their files."""


@dataclass(frozen=True, kw_only=True)
class DescribeJob(_ScriptJob):
    """Import a script and answer with its metadata."""

    mode: Literal["describe"] = "describe"
    is_checked: bool = True
    """Check it too, and send the findings."""
    connections: tuple[JobConnection, ...] | None = None
    """The accounts of its user, without credentials; None on a person's own machine."""


@dataclass(frozen=True, kw_only=True)
class RunJob(_ScriptJob):
    """Import a script, call one of its functions with an event, and answer with its result."""

    mode: Literal["run"] = "run"
    func: str
    event: Mapping[str, Any]
    """JSON form of the event (`wren_core.contract.events`)."""
    connections: tuple[JobConnection, ...] | None = None
    """All accounts of the run; None on a person's own machine, where the environment holds them."""
    allowed_hosts: tuple[str, ...] | None = None
    """`host:port` of everything the sandbox lets it reach, for messages; None where nothing is restricted."""


Job = DescribeJob | RunJob


def read_job(line: bytes) -> Job:
    """Return the job of a line.

    Raises:
        ProtocolMismatch: it is of another version, or has another shape.
        ValueError: the line is not JSON.
    """
    document = json.loads(line)
    version = document.get("version") if isinstance(document, dict) else None
    if version != PROTOCOL_VERSION:
        raise ProtocolMismatch(
            f"the worker sent a job of protocol version {version}, and this runner speaks version {PROTOCOL_VERSION}; "
            "install wren-backend and wren-sdk of one release"
        )
    try:
        return _job_adapter().validate_python(document)
    except ValidationError as exc:
        # The text of a validation error quotes its input, which holds credentials: name the places only.
        places = ", ".join(".".join(map(str, problem["loc"])) for problem in exc.errors(include_input=False))
        raise ProtocolMismatch(f"the job is not of the shape of version {PROTOCOL_VERSION}: {places}") from None


@cache
def _job_adapter() -> TypeAdapter[Job]:
    return TypeAdapter(Annotated[Job, Field(discriminator="mode")])
