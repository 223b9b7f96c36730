"""Which addresses a run may connect to: declared hosts, resolved, never private unless the operator named them.

sandlock resolves a host name again when it starts and pins the answer for the run. The deny rules below hold for
that second answer too, so a name that resolves differently the second time gains nothing.
"""

import ipaddress
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str], frozenset[Address]]

_RESOLVE_SECONDS = 5.0
_PRIVATE: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
        *("::/128", "::1/128", "::ffff:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32"),
        *("2002::/16", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
)
# With no rule at all sandlock leaves TCP to the kernel's Landlock hook, which MPTCP and TCP Fast Open bypass.
# A rule for an address nothing can connect to turns its supervisor on; the deny rule then closes even that.
_NOWHERE_ALLOW = ("tcp://255.255.255.255:1",)
_NOWHERE_DENY = ("*",)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One `host:port`."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Endpoint":
        """Read `host:port`, or `[address]:port` for IPv6.

        Raises:
            ValueError: when there is no port between 1 and 65535.
        """
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
            raise ValueError(f"{text!r} is not host:port")
        return cls(host=host.removeprefix("[").removesuffix("]").rstrip(".").lower(), port=int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class NetworkRules:
    """Rules in sandlock's grammar, and what a person should know about hosts that were left out."""

    allow: tuple[str, ...]
    deny: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def resolve_host(host: str) -> frozenset[Address]:
    """Return the addresses of a name; empty when it has none."""
    try:
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in infos)


def resolve_all(hosts: Iterable[str], resolver: Resolver = resolve_host) -> dict[str, frozenset[Address]]:
    """Resolve names in parallel; a name that takes too long counts as unknown."""
    found: dict[str, frozenset[Address]] = {}
    # Plain threads: the resolver cannot be interrupted, and a pool would wait for it at exit.
    threads = [
        threading.Thread(target=lambda h=host: found.update({h: resolver(h)}), daemon=True) for host in set(hosts)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + _RESOLVE_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return defaultdict(frozenset, found)


def build_rules(
    allow_hosts: Iterable[str], operator_hosts: Iterable[str], resolver: Resolver = resolve_host
) -> NetworkRules:
    """Turn `host:port` lists into rules; `operator_hosts` are allowed too, wherever they point."""
    operator = {Endpoint.parse(text) for text in operator_hosts}
    declared = {Endpoint.parse(text) for text in allow_hosts} - operator
    addresses = resolve_all((endpoint.host for endpoint in declared | operator), resolver)
    reachable = {e for e in operator if addresses[e.host]}
    public = {e for e in declared if any(not is_private(a) for a in addresses[e.host])}
    warnings = [_warning(e, addresses[e.host]) for e in sorted((declared - public) | (operator - reachable), key=str)]
    if not public and not reachable:
        return NetworkRules(allow=_NOWHERE_ALLOW, deny=_NOWHERE_DENY, warnings=tuple(warnings))
    named = {(address, e.port) for e in reachable for address in addresses[e.host] if is_private(address)}
    return NetworkRules(
        allow=tuple(f"tcp://{endpoint}" for endpoint in sorted(public | reachable, key=str)),
        deny=(*_private_except(named), *_other_ports(named, {e.port for e in public | reachable})),
        warnings=tuple(warnings),
    )


def is_private(address: Address) -> bool:
    """Tell whether an address is anything but an ordinary public one."""
    return any(address in network for network in _PRIVATE if network.version == address.version)


def _private_except(named: set[tuple[Address, int]]) -> list[str]:
    networks: list[Network] = list(_PRIVATE)
    for address in {address for address, _ in named}:
        networks = [part for network in networks for part in _without(network, address)]
    return sorted(f"tcp://{_format_target(network)}:*" for network in networks)


def _without(network: Network, address: Address) -> list[Network]:
    if network.version != address.version or address not in network:
        return [network]
    host = ipaddress.ip_network(address)
    if isinstance(network, ipaddress.IPv4Network) and isinstance(host, ipaddress.IPv4Network):
        return list(network.address_exclude(host))
    if isinstance(network, ipaddress.IPv6Network) and isinstance(host, ipaddress.IPv6Network):
        return list(network.address_exclude(host))
    return [network]


def _other_ports(named: set[tuple[Address, int]], ports: set[int]) -> list[str]:
    """A private address that the operator opened on one port stays closed on every other port."""
    addresses = {address for address, _ in named}
    return sorted(
        f"tcp://{_format_target(address)}:{port}"
        for address in addresses
        for port in ports
        if (address, port) not in named
    )


def _format_target(target: Address | Network) -> str:
    return f"[{target}]" if target.version == 6 else str(target)


def _warning(endpoint: Endpoint, addresses: frozenset[Address]) -> str:
    if not addresses:
        return f"{endpoint} does not resolve; connections to it will fail"
    shown = ", ".join(sorted(map(str, addresses)))
    return f"{endpoint} is a private address ({shown}); connections to it are refused unless the operator allows it"
