"""The exit codes of commands."""

from wren_core.errors import AgentFixableError, TransientError, UserFacingConfigError, WrenError

OK = 0
FAILED = 1
"""A check or a run failed: the script or an argument must be changed, or the provider must recover."""
USAGE = 2
"""The command line is not valid."""
PERSON_NEEDED = 3
"""A person must act: log in, connect, install."""
INTERNAL = 4
"""The server cannot be reached, or Wren itself failed."""
INTERRUPTED = 130


class UsageInvalid(AgentFixableError):
    """The command line has a missing, unknown or unreadable argument."""

    code = "USAGE"


class Interrupted(AgentFixableError):
    """The command was interrupted by its user."""

    code = "INTERRUPTED"
    can_retry = True


def exit_code_of(error: WrenError) -> int:
    """Return the exit code for an error: its type decides."""
    if isinstance(error, Interrupted):
        return INTERRUPTED
    if isinstance(error, UsageInvalid):
        return USAGE
    if isinstance(error, AgentFixableError | TransientError):
        return FAILED
    return PERSON_NEEDED if isinstance(error, UserFacingConfigError) else INTERNAL
