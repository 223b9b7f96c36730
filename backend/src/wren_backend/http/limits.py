"""What clients may use of the HTTP server, before and after their key is checked."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class HttpLimits:
    """Every limit of the HTTP server. Times are totals: bytes that drip in do not extend them."""

    connections: int = 1000
    """Open at once; fewer where the process may open fewer files."""
    connections_per_address: int = 500
    """Of them, those of one address that carry no request with a valid key."""
    connections_per_workspace: int = 500
    """Of them, those with a request of one workspace, followed logs included."""
    head_time: timedelta = timedelta(seconds=10)
    """Until the head of a request is complete."""
    body_time: timedelta = timedelta(seconds=60)
    """Until its body is complete."""
    answer_time: timedelta = timedelta(seconds=60)
    """How long an answer waits for a client that reads nothing."""
    body_bytes: int = 2**20
    """The body of a request that deploys nothing."""
    bodies_bytes: int = 64 * 2**20
    """The bodies of all requests in progress together."""
    requests: int = 32
    """Performed at once; further ones wait, and workspaces take turns."""
    requests_per_workspace: int = 16
    """Performed at once for one workspace, or for one address without a key."""
    waiting: int = 1000
    """Requests of one workspace, or of one address, that may wait for their turn."""
    deploys: int = 8
    """Scripts that are described at once, in threads that no other request needs."""
    deploys_per_workspace: int = 4
    deploys_waiting: int = 64
    """Deploys of one workspace that may wait."""
