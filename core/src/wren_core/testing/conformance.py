"""What every integration must be: rules that list the faults of one. `IntegrationContract` makes tests of them."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import requires
from typing import Any
from urllib.parse import urlsplit

from wren_core.definition import IntegrationDefinition
from wren_core.discovery import discover, find_entry_points
from wren_core.errors import CredentialMissing, InvalidInput
from wren_core.integration import Integration
from wren_core.spec import MethodSpec
from wren_core.tools import anthropic_tool, mcp_tool, openai_tool

_SECRET = "conformance-secret-value"  # noqa: S105 - stands for one


def offer_faults(integration: type[Integration]) -> Iterator[str]:
    """List what is wrong with how the distribution offers the integration."""
    found = discover({integration.spec.name})
    yield from (f"{plugin.code}: {plugin.reason}" for plugin in found.failed)
    if not found.failed and [plugin.integration for plugin in found.loaded] != [integration]:
        yield f"no entry point {integration.spec.name!r} of the group wren.integrations loads {integration.__name__}"


def import_faults(integration: type[Integration]) -> Iterator[str]:
    """List the client libraries that importing the integration imports."""
    program = f"import json, sys, {integration.__module__}; print(json.dumps(list(sys.modules)))"
    command = [sys.executable, "-c", program]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - the author's own module
    imported = set(json.loads(shown.stdout))
    for library in sorted(_client_libraries(integration) & imported):
        yield f"importing {integration.__module__} imports {library}; import it in connect()"


def description_faults(integration: type[Integration]) -> Iterator[str]:
    """List the methods, parameters, attributes and settings that nothing is said about."""
    spec = integration.full_spec()
    if not spec.description:
        yield f"{integration.__name__} has no docstring"
    yield from _undescribed("init", spec.config_schema)
    for method in spec.methods:
        if not method.description.partition("\n")[0].endswith("."):
            yield f"{method.id}: the first line of the docstring must be a sentence"
        yield from _undescribed(method.id, method.input_schema)
        yield from _undescribed(f"{method.id} returns", method.output_schema)


def example_faults(integration: type[Integration]) -> Iterator[str]:
    """List the methods without an example, and the examples that could not be called."""
    for method in integration.full_spec().methods:
        yield from _example_faults(integration, method)


def definition_faults(integration: type[Integration]) -> Iterator[str]:
    """Tell whether the wire form loses anything."""
    spec = integration.full_spec()
    wire = json.loads(json.dumps(IntegrationDefinition.from_spec(spec).to_wire()))
    if IntegrationDefinition.model_validate(wire).to_spec() != spec:
        yield "the definition is not the spec: is there a value in it that JSON cannot say?"


def tool_faults(integration: type[Integration]) -> Iterator[str]:
    """List the exports that lose a parameter."""
    name = integration.spec.name
    for method in integration.full_spec().methods:
        function = openai_tool(name, method)["function"]
        exported = {
            "openai": function["parameters"],
            "anthropic": anthropic_tool(name, method)["input_schema"],
            "mcp": mcp_tool(name, method)["inputSchema"],
        }
        for form, schema in exported.items():
            if list(schema["properties"]) != list(method.input_schema["properties"]):
                yield f"{function['name']}: the {form} form lost a parameter"


def reach_faults(integration: type[Integration]) -> Iterator[str]:
    """List the hosts that are used and not declared, and the scopes that no connection has."""
    spec = integration.full_spec()
    address = urlsplit(spec.base_url or "")
    hosts = {host.partition(":")[0] for host in spec.hosts}
    if address.hostname and address.hostname not in hosts:
        yield f"base_url is on {address.hostname}, which `hosts` does not name"
    for method in spec.methods:
        missing = sorted(set(method.scopes) - set(spec.required_scopes))
        if missing:
            yield f"{method.id} needs the scopes {', '.join(missing)}, which no connection asks for"


def credential_faults(integration: type[Integration], config: Mapping[str, Any]) -> Iterator[str]:
    """List what goes wrong without credentials, and where one shows; `config` is what `create` needs."""
    keys = [credential.key for credential in integration.spec.credentials if credential.required]
    if not keys:
        return
    try:
        _ = integration.create(config).client
        yield f"connect() works without {keys[0]!r}; read it there, so that it is missed before the first request"
    except CredentialMissing:
        pass
    if _SECRET in repr(integration.create(config, credentials=dict.fromkeys(keys, _SECRET))):
        yield "repr() shows a credential"


def _client_libraries(integration: type[Integration]) -> set[str]:
    from packaging.requirements import Requirement  # here: only this rule reads requirements

    def names(requirements: list[str] | None) -> set[str]:
        return {Requirement(item).name.lower().replace("-", "_") for item in requirements or ()}

    points = [point for point in find_entry_points() if point.name == integration.spec.name and point.dist]
    needed = {name for point in points if point.dist for name in names(point.dist.requires)}
    return needed - names(requires("wren-core")) - {"wren_core"}


def _undescribed(where: str, schema: dict[str, Any]) -> Iterator[str]:
    for node in (schema, *schema.get("$defs", {}).values()):
        for name, item in node.get("properties", {}).items():
            if not item.get("description"):
                yield f"{where}: nothing describes {name!r}; write Annotated[..., 'what it is']"


def _example_faults(integration: type[Integration], method: MethodSpec) -> Iterator[str]:
    if not method.example:
        yield f"{method.id} has no example"
        return
    wanted = f"{integration.spec.name}.{method.id}"
    calls = [node for node in ast.walk(ast.parse(method.example)) if isinstance(node, ast.Call)]
    call = next((node for node in calls if ast.unparse(node.func) == wanted), None)
    if call is None:
        yield f"{method.id}: the example {method.example!r} does not call {wanted}"
        return
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    try:
        integration.methods()[method.id].bind(tuple(call.args), keywords)
    except InvalidInput as error:
        yield f"the example {method.example!r}: {error.message}"
