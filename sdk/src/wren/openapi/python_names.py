"""Python names for names of an API: methods in snake_case, parameters unchanged if possible."""

import keyword
import re

from wren_core.contract.integration import INSTANCE_NAMES, Integration

# Members of every integration, and of its instances in a script.
_TAKEN = frozenset({*dir(Integration), *INSTANCE_NAMES})
# Models accept 64 characters in the names of functions and arguments.
_LONGEST = 63


class UniqueNames:
    """Names, each of which is given once; a name that is taken gets a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def take(self, name: str) -> str:
        """Return the name, with a number if it is taken."""
        base, found = name[: _LONGEST - 10], name
        while found in self._taken:  # each number is tried once, so a thousand equal names cost a thousand steps
            number = self._next.get(base, 2)
            self._next[base] = number + 1
            found = f"{base}_{number}"
        self._taken.add(found)
        return found


def method_id(operation_id: str, verb: str, path: str, names: UniqueNames) -> str:
    """Return an id for an operation: its operationId in snake_case, else verb and path; a number makes it unique."""
    text = operation_id if snake_case(operation_id) else f"{verb} {path.replace('{', 'by ')}"
    return names.take(_method_name(snake_case(text)))


def snake_case(text: str) -> str:
    """Return words in lower case with underscores: `getHTTPInfo.v2` is `get_http_info_v2`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")


def parameter_name(wire_name: str) -> str:
    """Return a name that Python and models accept for a parameter: the provider's name if possible."""
    is_usable = wire_name.isidentifier() and wire_name.isascii() and len(wire_name) <= _LONGEST
    if is_usable and not keyword.iskeyword(wire_name) and not wire_name.startswith("_"):
        return wire_name
    name = snake_case(wire_name) or "value"
    name = shortened(f"n{name}" if name[0].isdigit() else name)
    return f"{name}_" if keyword.iskeyword(name) else name


def shortened(name: str) -> str:
    """Return a name cut to the longest allowed length."""
    return name[:_LONGEST].rstrip("_")


def config_name(wire_name: str) -> str:
    """Return the name of a configuration field for a header or parameter, without the prefix `X-`."""
    name = snake_case(wire_name.removeprefix("X-").removeprefix("x-")) or "value"
    return f"{name}_" if keyword.iskeyword(name) else name


def integration_name(title: str) -> str:
    """Return a name for the integration from a title such as `Ledger Accounting API`."""
    words = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_").removesuffix("_api")
    name = re.sub(r"^[0-9_]+", "", words)[:_LONGEST].strip("_") or "api"
    return f"{name}_" if keyword.iskeyword(name) else name


def _method_name(name: str) -> str:
    name = name if name[:1].isalpha() else f"call_{name}"
    name = shortened(name)
    return f"{name[: _LONGEST - 1]}_" if keyword.iskeyword(name) or name in _TAKEN else name
