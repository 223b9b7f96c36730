"""Dependencies of plugins that are missing or conflict, read from metadata; nothing is imported."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import importlib_metadata as metadata
from importlib_metadata import IDistribution
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_SHOWN = 3
"""How many satisfied dependents are listed by name; every plugin depends on wren-core."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """A requirement of one distribution on another."""

    by: str
    requirement: Requirement

    def __str__(self) -> str:
        return f"{self.by} needs {self.requirement.name}{self.requirement.specifier}"


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A distribution that is required and is missing or installed in the wrong version."""

    package: str
    installed: str | None
    """Its version; None where it is not installed."""
    unmet: tuple[Demand, ...]
    met: tuple[Demand, ...]
    """Requirements that the installed version satisfies, and that exclude other versions."""
    roots: tuple[str, ...]
    """The examined distributions that depend on it, directly or indirectly."""

    def __str__(self) -> str:
        have = f"{self.package} {self.installed} is installed" if self.installed else f"{self.package} is not installed"
        text = f"{', '.join(map(str, self.unmet))}; {have}"
        others = [*map(str, self.met[:_SHOWN]), *([f"{len(self.met) - _SHOWN} more"] if len(self.met) > _SHOWN else [])]
        return f"{text}, and {', '.join(others)}" if others else text


def find_conflicts(roots: Iterable[str]) -> list[Conflict]:
    """Return the unsatisfied requirements of the named distributions and their dependencies, sorted by package."""
    installed = _list_installed()
    demands: dict[str, set[tuple[str, str]]] = defaultdict(set)
    dependents: dict[str, set[str]] = defaultdict(set)
    for root in sorted(set(roots)):
        for demand in _find_demands(root, installed):
            name = canonicalize_name(demand.requirement.name)
            demands[name].add((demand.by, str(demand.requirement)))
            dependents[name].add(root)
    conflicts = [_make_conflict(name, demands[name], dependents[name], installed) for name in sorted(demands)]
    return [conflict for conflict in conflicts if conflict.unmet]


def _list_installed() -> dict[str, IDistribution]:
    found: dict[str, IDistribution] = {}
    for distribution in metadata.distributions():
        try:
            name = canonicalize_name(distribution.metadata["Name"] or "")
        except Exception:  # noqa: BLE001, S112 - the survey reports a distribution whose metadata cannot be read
            continue
        found.setdefault(name, distribution)  # Python imports the first on sys.path
    return found


def _find_demands(root: str, installed: dict[str, IDistribution]) -> Iterator[Demand]:
    """Walk everything a distribution depends on, with the required extras."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(str(canonicalize_name(root)), frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen or name not in installed:
            continue
        seen.add((name, extras))
        for requirement in _list_requirements(installed[name], extras):
            yield Demand(by=name, requirement=requirement)
            waiting.append((str(canonicalize_name(requirement.name)), frozenset(requirement.extras)))


def _list_requirements(distribution: IDistribution, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in distribution.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def _make_conflict(
    name: str, demands: Iterable[tuple[str, str]], roots: Iterable[str], installed: dict[str, IDistribution]
) -> Conflict:
    have = installed[name].version if name in installed else None
    unmet, met = [], []
    for by, text in sorted(demands):
        demand = Demand(by=by, requirement=Requirement(text))
        is_met = have is not None and demand.requirement.specifier.contains(have, prereleases=True)
        if not is_met:
            unmet.append(demand)
        elif demand.requirement.specifier:
            met.append(demand)
    return Conflict(package=name, installed=have, unmet=tuple(unmet), met=tuple(met), roots=tuple(sorted(roots)))
