"""Definitions that distributions publish as data: entry points `name = "package:definition.json"`.

The package is not imported: the file next to it is found and read.
"""

import json
from importlib.util import find_spec
from pathlib import Path

from importlib_metadata import EntryPoint

from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.integration import Integration
from wren_core.declarative.integration import declared_integration
from wren_core.declarative.unbound import unbound_methods
from wren_core.errors import DefinitionInvalid

MAX_BYTES = 16 * 2**20
"""Maximum size of a definition as text."""


def published_integration(point: EntryPoint) -> type[Integration]:
    """Return the integration whose definition an entry point names.

    Raises:
        DefinitionInvalid: the file is missing, is not a definition, or declares another name.
    """
    definition = published_definition(point)
    integration = declared_integration(definition)
    unbound = unbound_methods(integration.full_spec())
    if unbound:  # an installed definition must be callable
        raise DefinitionInvalid(f"{definition.integration_id}: {unbound[0]} is bound to no request")
    return integration


def published_definition(point: EntryPoint) -> IntegrationDefinition:
    """Return the definition that an entry point names, without its methods being read.

    Raises:
        DefinitionInvalid: the file is missing, is not a definition, or declares another name.
    """
    definition = read_definition(_file(point))
    if definition.integration_id != point.name:
        raise DefinitionInvalid(
            f"its file declares {definition.integration_id!r}; integrationId must equal the entry point's name"
        )
    return definition


def read_definition(path: Path) -> IntegrationDefinition:
    """Read a definition from a JSON file.

    Raises:
        DefinitionInvalid: it cannot be read, or is not a definition; names the place and the reason.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DefinitionInvalid(f"{path} has more than {MAX_BYTES // 2**20} MiB")
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise DefinitionInvalid(f"{path} cannot be read: {exc.strerror}") from exc
    except (ValueError, RecursionError) as exc:
        raise DefinitionInvalid(f"{path} is not JSON: {exc}") from exc
    return IntegrationDefinition.from_wire(document)


def _file(point: EntryPoint) -> Path:
    """Return the file an entry point names; for an editable install, in the source folder."""
    package, _, name = (part.strip() for part in point.value.partition(":"))
    if not name or "/" in name or "\\" in name:
        raise DefinitionInvalid(f"the entry point is {point.value!r}; write it as `package:definition.json`")
    top, *inner = package.split(".")
    if point.dist is not None:
        installed = Path(str(point.dist.locate_file("/".join([top, *inner, name]))))
        if installed.is_file():
            return installed
    spec = find_spec(top)  # only asks the finders: a package without a dot is not imported
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder, *inner, name)
        if path.is_file():
            return path
    raise DefinitionInvalid(f"{package} has no file {name!r}")
