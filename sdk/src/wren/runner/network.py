"""What a script reads where the sandbox lets it reach no host: the reason, and how a host is allowed.

Sandboxes answer an unknown host as if it did not exist ("Temporary failure in name resolution"). The lookup is
replaced in the process of the script, so every HTTP client shows the reason, and so does a script that prints it.
"""

import errno
import socket
from collections.abc import Sequence
from typing import Any

_SHOWN = 10
_MOST_CAUSES = 20
_UNREACHABLE = frozenset({errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH})
_HOW = (
    "a host is allowed where an integration that the script uses declares it, or where the configuration of its "
    "connection names it"
)
_AT_IMPORT = "there is no network while a script is read, also when it is deployed; do this inside a triggered function"


def refuse_network() -> None:
    """Let no name of a host be looked up in this process."""

    def refuse(host: Any, *_arguments: Any, **_options: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, f"{_read_host(host)}: {_AT_IMPORT}")

    _replace_lookup(refuse)


def explain_refusals(allowed: Sequence[str]) -> None:
    """Add to a failed lookup of a host that is not allowed what this process may reach."""
    plain = socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return plain(host, *arguments, **options)
        except socket.gaierror as exc:
            name = _read_host(host)
            if is_allowed(name, allowed):
                raise
            raise socket.gaierror(exc.errno, explain_host(name, allowed)) from None

    _replace_lookup(look_up)


def explain_host(name: str, allowed: Sequence[str]) -> str:
    """Return why a host cannot be reached, and the next step."""
    return f"the sandbox does not let this run reach {name!r}. {describe_allowed(allowed)}"


def describe_allowed(allowed: Sequence[str]) -> str:
    """Return the hosts that a run may reach, and how another one is allowed."""
    more = f" and {len(allowed) - _SHOWN} more" if len(allowed) > _SHOWN else ""
    listed = f"it allows {', '.join(allowed[:_SHOWN])}{more}" if allowed else "it allows no host"
    return f"{listed}; {_HOW}"


def is_unreachable(exc: BaseException) -> bool:
    """Tell whether an exception, or one behind it, says that a connection could not be made."""
    seen: list[BaseException] = []
    pending: BaseException | None = exc
    while pending is not None and pending not in seen and len(seen) < _MOST_CAUSES:
        if isinstance(pending, socket.gaierror) or (isinstance(pending, OSError) and pending.errno in _UNREACHABLE):
            return True
        seen.append(pending)
        pending = pending.__cause__ or pending.__context__
    return False


def is_allowed(name: str, allowed: Sequence[str]) -> bool:
    """Tell whether a host is among those of the sandbox, on any port."""
    return name.strip("[]").lower() in {item.rpartition(":")[0].strip("[]").lower() for item in allowed}


def _read_host(host: Any) -> str:
    return host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)


def _replace_lookup(look_up: Any) -> None:
    socket.getaddrinfo = look_up
