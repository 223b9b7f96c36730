"""The server a command speaks to, and what people call the things on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from wren.client import Client
from wren.correlation import invocation_id
from wren.profile import current_profile
from wren.wire import Deployment
from wren_core.errors import AgentFixableError


class DeploymentUnknown(AgentFixableError):
    """No deployment of the workspace has that name or id."""

    code = "DEPLOYMENT_UNKNOWN"


@contextmanager
def open_client() -> Iterator[Client]:
    """Open a client for the server and key of the environment or of `wren login`."""
    with Client(current_profile(os.environ), correlation_id=invocation_id()) as client:
        yield client


def get_deployment(client: Client, target: str) -> Deployment:
    """Return a deployment by id or name.

    Raises:
        DeploymentUnknown: with the nearest name.
    """
    known = client.deployments()
    found = [item for item in known if item.id == target] or [item for item in known if item.name == target]
    if found:
        return found[0]
    names = [item.name for item in known]
    nearest = get_close_matches(target, names, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(names) or 'none'}"
    raise DeploymentUnknown(
        f"no deployment is called {target!r}; {hint}",
        details={"deployments": names, "nearest": next(iter(nearest), None)},
    )


def is_run_id(target: str) -> bool:
    """Tell whether somebody means a run."""
    return target.startswith("run_")
