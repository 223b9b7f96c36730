"""`wren integrations fetch`."""

from wren.cli.definition_file import local_definition_path, write_definition
from wren.cli.screen import Screen
from wren.cli.server import open_client
from wren_core.contract.definition import IntegrationDefinition
from wren_core.declarative.unbound import unbound_methods
from wren_core.errors import AgentFixableError


def fetch_definition(name: str, *, replaces: bool, as_json: bool) -> None:
    """Copy a definition from the server to this machine.

    Raises:
        AgentFixableError: NOT_DECLARED, its methods are Python; DUPLICATE_NAME or FILE_EXISTS, it already exists here.
    """
    screen = Screen(as_json=as_json)
    with open_client() as client:
        definition = IntegrationDefinition.from_wire(client.definition(name))
        no_handler = {item.name: item.no_handler for item in client.integrations().integrations}
    found = definition.integration_id
    if set(unbound_methods(definition.to_spec())) - set(no_handler.get(found, ())):
        raise AgentFixableError(
            f"{found!r} is more than a definition: its methods are Python; install its distribution with pip",
            code="NOT_DECLARED",
        )
    path = local_definition_path(found, remedy="it is used here instead of the server's definition")
    write_definition(definition.to_wire(), path, replaces=replaces)
    screen.answer({"name": found, "file": str(path), "methods": len(definition.methods)})
    screen.line(f"{found}: {len(definition.methods)} methods", style="green")
    screen.line(f"  written to {path}")
