import ipaddress
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wren_backend.executor.launcher import network
from wren_backend.executor.launcher.network import Address, Endpoint, build_rules, is_private, resolve_all
from wren_core.testing.patience import patience

NAMES = {
    "api.example.com": {"93.184.216.34"},
    "two.example.com": {"93.184.216.35", "2606:2800:220:1::1"},
    "rebound.example.com": {"93.184.216.36", "127.0.0.1"},
    "inside.example.com": {"10.1.2.3"},
    "localhost": {"127.0.0.1", "::1"},
    "127.0.0.1": {"127.0.0.1"},
    "::1": {"::1"},
}


def _resolver(host: str) -> frozenset[Address]:
    return frozenset(ipaddress.ip_address(text) for text in NAMES.get(host, ()))


def _denies(rules: network.NetworkRules, address: str, port: int) -> bool:
    """Read the deny rules as sandlock does: `tcp://target:port`, `*` for every port."""
    for rule in rules.deny:
        if rule == "*":
            return True
        target, _, ports = rule.removeprefix("tcp://").rpartition(":")
        found = ipaddress.ip_network(target.strip("[]"))
        candidate = ipaddress.ip_address(address)
        if found.version == candidate.version and candidate in found and ports in ("*", str(port)):
            return True
    return False


def test_without_hosts_everything_is_denied_and_the_supervisor_is_on():
    rules = build_rules((), (), _resolver)

    assert rules.allow == ("tcp://255.255.255.255:1",)
    assert rules.deny == ("*",)


def test_a_public_host_is_allowed_on_its_port_by_name():
    rules = build_rules(("API.example.com.:443", "two.example.com:8443"), (), _resolver)

    assert rules.allow == ("tcp://api.example.com:443", "tcp://two.example.com:8443")
    assert not _denies(rules, "93.184.216.34", 443)
    assert rules.warnings == ()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:127.0.0.1",
    ],
)
def test_private_addresses_are_denied_whatever_a_name_resolves_to_later(address: str):
    rules = build_rules(("api.example.com:443",), (), _resolver)

    assert _denies(rules, address, 443)


def test_a_host_with_only_private_addresses_is_left_out_with_a_warning():
    rules = build_rules(("inside.example.com:443", "api.example.com:443"), (), _resolver)

    assert rules.allow == ("tcp://api.example.com:443",)
    assert rules.warnings[0].startswith("inside.example.com:443 is a private address (10.1.2.3); connections to it are")


def test_a_host_that_also_has_a_private_address_cannot_be_reached_there():
    rules = build_rules(("rebound.example.com:443",), (), _resolver)

    assert rules.allow == ("tcp://rebound.example.com:443",)
    assert _denies(rules, "127.0.0.1", 443)


def test_a_host_without_address_is_left_out_with_a_warning():
    rules = build_rules(("nowhere.example.com:443",), (), _resolver)

    assert rules.deny == ("*",)
    assert rules.warnings == ("nowhere.example.com:443 does not resolve; connections to it will fail",)


def test_the_operators_host_may_be_private_on_exactly_its_port():
    rules = build_rules(("api.example.com:443",), ("127.0.0.1:9000",), _resolver)

    assert rules.allow == ("tcp://127.0.0.1:9000", "tcp://api.example.com:443")
    assert not _denies(rules, "127.0.0.1", 9000)
    assert _denies(rules, "127.0.0.1", 443)
    assert _denies(rules, "127.0.0.2", 9000)
    assert _denies(rules, "::1", 9000)


def test_the_operators_host_may_be_a_name_with_addresses_of_both_kinds():
    rules = build_rules((), ("localhost:9000",), _resolver)

    assert not _denies(rules, "127.0.0.1", 9000)
    assert not _denies(rules, "::1", 9000)


def test_an_operators_host_that_is_declared_too_is_one_rule():
    rules = build_rules(("127.0.0.1:9000",), ("127.0.0.1:9000",), _resolver)

    assert rules.allow == ("tcp://127.0.0.1:9000",)
    assert rules.warnings == ()


def test_ipv6_endpoints_are_written_in_brackets():
    rules = build_rules((), ("[::1]:9000",), _resolver)

    assert rules.allow == ("tcp://[::1]:9000",)
    assert not _denies(rules, "::1", 9000)


@pytest.mark.parametrize(
    "text", ["example.com", "example.com:", ":443", "example.com:0", "example.com:65536", "example.com:https", ""]
)
def test_what_is_not_host_and_port_is_refused(text: str):
    with pytest.raises(ValueError, match="is not host:port"):
        Endpoint.parse(text)


@given(st.ip_addresses())
def test_no_address_that_python_calls_special_counts_as_public(address: Address):
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        assert is_private(address)
    if address.is_private and address.version == 4:
        assert is_private(address)


def test_a_name_server_that_hangs_costs_a_bounded_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(network, "_RESOLVE_SECONDS", 0.05)
    started = time.monotonic()

    found = resolve_all(
        ("slow.example.com", "api.example.com"),
        lambda host: time.sleep(0.5) or _resolver(host) if "slow" in host else _resolver(host),
    )

    assert time.monotonic() - started < patience(0.4)
    assert found["slow.example.com"] == frozenset()
    assert found["api.example.com"] == _resolver("api.example.com")
