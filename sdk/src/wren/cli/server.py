"""The server of a command, and its deployments and runs by name or id."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from wren.api.client import Client
from wren.api.correlation import invocation_id
from wren.api.profile import KEY_VARIABLE, current_profile
from wren.api.records import ApiDeployment
from wren.cli.names import suggest_name
from wren_core.errors import AgentFixableError, UserFacingConfigError, WrenError

UNAUTHENTICATED = "UNAUTHENTICATED"
"""The server's code for a key it does not accept."""


class DeploymentUnknown(AgentFixableError):
    """No deployment of the workspace has that name or id."""

    code = "DEPLOYMENT_UNKNOWN"


@contextmanager
def open_client() -> Iterator[Client]:
    """Open a client for the server and key of the environment or of `wren login`."""
    with Client(current_profile(os.environ), correlation_id=invocation_id()) as client:
        try:
            yield client
        except WrenError as exc:
            raise _explain_refused_key(exc) from exc


def get_deployment(client: Client, target: str) -> ApiDeployment:
    """Return a deployment by name or id; by id also a removed one.

    Raises:
        DeploymentUnknown: with the nearest name.
    """
    known = client.deployments()
    found = [item for item in known if item.id == target] or [item for item in known if item.name == target]
    if found:
        return found[0]
    if target.startswith("dep_"):
        return client.deployment(target)
    names = [item.name for item in known]
    raise DeploymentUnknown(
        f"no deployment is called {target!r}; {suggest_name(target, names)}", details={"known": names}
    )


def _explain_refused_key(error: WrenError) -> WrenError:
    """Add to an error where the refused key came from, which the server cannot know."""
    if error.code != UNAUTHENTICATED or not os.environ.get(KEY_VARIABLE):
        return error
    return UserFacingConfigError(
        f"{error.message}; the key of {KEY_VARIABLE} was used; it wins over the one of `wren login`",
        code=error.code,
        details=error.details,
    )


def is_run_id(target: str) -> bool:
    """Tell whether a name is the id of a run."""
    return target.startswith("run_")
