"""The record of one call of a method."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Name = Annotated[str, Field(max_length=200)]
"""A name that came from a script: an integration's, a method's, an error code."""


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """One call: made by `execution.call`, sent by the runner, stored by the worker."""

    integration: Name
    method: Name
    ms: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Wall time in milliseconds, validation included."""
    outcome: Name
    """`ok`, or the code of the error."""
    account: Name | None = None
    """Alias of the connection that was used; None where it is not known."""
