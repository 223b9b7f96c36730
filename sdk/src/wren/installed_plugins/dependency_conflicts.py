"""What the plugins need beside them, and who needs the opposite: read from metadata, nothing is imported."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import importlib_metadata as metadata
from importlib_metadata import IDistribution
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_SHOWN = 3
"""How many of those that are content a person is told by name: of the contract itself every plugin is one."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """One distribution needs another, in some versions of it."""

    by: str
    requirement: Requirement

    def __str__(self) -> str:
        return f"{self.by} needs {self.requirement.name}{self.requirement.specifier}"


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A distribution that somebody needs and that is not installed as it is needed."""

    package: str
    installed: str | None
    """Its version; None where it is not installed."""
    unmet: tuple[Demand, ...]
    met: tuple[Demand, ...]
    """Those that are content with what is installed, and would not be with every other version."""
    roots: tuple[str, ...]
    """The distributions looked at that depend on it, directly or not."""

    def __str__(self) -> str:
        have = f"{self.package} {self.installed} is installed" if self.installed else f"{self.package} is not installed"
        text = f"{', '.join(map(str, self.unmet))}; {have}"
        others = [*map(str, self.met[:_SHOWN]), *([f"{len(self.met) - _SHOWN} more"] if len(self.met) > _SHOWN else [])]
        return f"{text}, and {', '.join(others)}" if others else text


def find_conflicts(roots: Iterable[str]) -> list[Conflict]:
    """Return what the named distributions, and all they depend on, need and do not find; sorted by package."""
    installed = _installed()
    demands: dict[str, set[tuple[str, str]]] = defaultdict(set)
    dependents: dict[str, set[str]] = defaultdict(set)
    for root in sorted(set(roots)):
        for demand in _demands(root, installed):
            name = canonicalize_name(demand.requirement.name)
            demands[name].add((demand.by, str(demand.requirement)))
            dependents[name].add(root)
    conflicts = [_conflict(name, demands[name], dependents[name], installed) for name in sorted(demands)]
    return [conflict for conflict in conflicts if conflict.unmet]


def _installed() -> dict[str, IDistribution]:
    found: dict[str, IDistribution] = {}
    for distribution in metadata.distributions():
        try:
            name = canonicalize_name(distribution.metadata["Name"] or "")
        except Exception:  # noqa: BLE001, S112 - the survey reports a distribution whose metadata cannot be read
            continue
        found.setdefault(name, distribution)  # Python imports the first on sys.path
    return found


def _demands(root: str, installed: dict[str, IDistribution]) -> Iterator[Demand]:
    """Walk everything a distribution depends on, with the extras it is asked for."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(str(canonicalize_name(root)), frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen or name not in installed:
            continue
        seen.add((name, extras))
        for requirement in _requirements(installed[name], extras):
            yield Demand(by=name, requirement=requirement)
            waiting.append((str(canonicalize_name(requirement.name)), frozenset(requirement.extras)))


def _requirements(distribution: IDistribution, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in distribution.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def _conflict(
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
