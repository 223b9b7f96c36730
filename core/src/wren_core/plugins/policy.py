"""Which installed plugins a host may load, decided from names alone, before a plugin is imported.

A host builds one policy from its environment and gives it to `discover`. Names are compared as package indexes compare
them: case, and `-`, `_` and `.`, make no difference. A rule names an integration or a distribution.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files

from wren_core.errors import UserFacingConfigError

ALLOW_VARIABLE = "WREN_PLUGINS_ALLOW"
DENY_VARIABLE = "WREN_PLUGINS_DENY"
DISABLED_VARIABLE = "WREN_PLUGINS_DISABLED"
SAFE_MODE_VARIABLE = "WREN_PLUGINS_SAFE_MODE"
TIME_LIMIT_VARIABLE = "WREN_PLUGINS_TIME_LIMIT"
DEFAULT_TIME_LIMIT = timedelta(seconds=10)

_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a plugin may not be loaded."""

    code: str
    """One of PLUGIN_DISABLED, PLUGIN_DENIED, PLUGIN_NOT_FIRST_PARTY, PLUGIN_NOT_ALLOWED."""
    reason: str


REFUSAL_CODES = frozenset({"PLUGIN_DISABLED", "PLUGIN_DENIED", "PLUGIN_NOT_FIRST_PARTY", "PLUGIN_NOT_ALLOWED"})


@dataclass(frozen=True, kw_only=True)
class PluginPolicy:
    """The plugins that a host may load. Without arguments it may load every plugin."""

    allow: frozenset[str] = frozenset()
    """Integrations and distributions that may be loaded; an empty list allows all."""
    deny: frozenset[str] = frozenset()
    """Integrations and distributions that may not be loaded, even where another rule allows them."""
    disabled: frozenset[str] = frozenset()
    """Integrations that were switched off."""
    safe_mode: bool = False
    """Load only the distributions of `first_party`."""
    time_limit: timedelta = DEFAULT_TIME_LIMIT
    """Longest time that one plugin may take to load."""
    first_party: frozenset[str] = frozenset()
    """Distributions that safe mode loads; `first_party_distributions()` are those of this release."""

    def refusal(self, name: str, distribution: str) -> Refusal | None:
        """Return why a plugin may not be loaded, or None when it may.

        Args:
            name: the entry point's name, which is the integration's.
            distribution: the distribution of the entry point.
        """
        if _is_named(self.disabled, name):
            return Refusal(code="PLUGIN_DISABLED", reason=f"it is switched off; `wren plugins enable {name}`")
        if _is_named(self.deny, name, distribution):
            return Refusal(code="PLUGIN_DENIED", reason=f"{DENY_VARIABLE} names it")
        if self.safe_mode and not _is_named(self.first_party, distribution):
            owner = canonical_name(distribution) or "its distribution"
            reason = f"{SAFE_MODE_VARIABLE} is on, and {owner} is not first-party"
            return Refusal(code="PLUGIN_NOT_FIRST_PARTY", reason=reason)
        if self.allow and not _is_named(self.allow, name, distribution):
            return Refusal(code="PLUGIN_NOT_ALLOWED", reason=f"{ALLOW_VARIABLE} is set and does not name it")
        return None

    def is_first_party(self, distribution: str) -> bool:
        """Tell whether a distribution is one of `first_party`."""
        return _is_named(self.first_party, distribution)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], disabled: Iterable[str] = ()) -> "PluginPolicy":
        """Read the policy of a process from its environment variables; an empty one counts as missing.

        Args:
            environ: the environment variables.
            disabled: integrations that are switched off; WREN_PLUGINS_DISABLED replaces them.

        Raises:
            UserFacingConfigError: SETTINGS_INVALID, where a variable has an invalid value.
        """
        if environ.get(DISABLED_VARIABLE):
            disabled = split_names(environ[DISABLED_VARIABLE])
        return cls(
            allow=split_names(environ.get(ALLOW_VARIABLE, "")),
            deny=split_names(environ.get(DENY_VARIABLE, "")),
            disabled=frozenset(disabled),
            safe_mode=_switch(environ.get(SAFE_MODE_VARIABLE, "")),
            time_limit=_seconds(environ.get(TIME_LIMIT_VARIABLE, "")),
            first_party=first_party_distributions(),
        )

    def to_environ(self) -> dict[str, str]:
        """Return the variables from which a child process reads the same policy."""
        return {
            ALLOW_VARIABLE: ",".join(sorted(self.allow)),
            DENY_VARIABLE: ",".join(sorted(self.deny)),
            DISABLED_VARIABLE: ",".join(sorted(self.disabled)) or ",",  # an empty list, not a missing one
            SAFE_MODE_VARIABLE: "1" if self.safe_mode else "0",
            TIME_LIMIT_VARIABLE: repr(self.time_limit.total_seconds()),
        }


def first_party_distributions() -> frozenset[str]:
    """Return the distributions published together with this one: the lines of `first_party.txt`."""
    return frozenset(files("wren_core.plugins").joinpath("first_party.txt").read_text(encoding="utf-8").split())


def canonical_name(name: str) -> str:
    """Return a name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def split_names(text: str) -> frozenset[str]:
    """Return the names of a list written with commas or spaces."""
    return frozenset(re.split(r"[,\s]+", text.strip(" ,\t\r\n"))) - {""}


def _is_named(names: Collection[str], *candidates: str) -> bool:
    if not names:  # the usual case, for every plugin at each start of a server
        return False
    wanted = {canonical_name(candidate) for candidate in candidates if candidate}
    return any(canonical_name(name) in wanted for name in names)


def _switch(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise UserFacingConfigError(f"{SAFE_MODE_VARIABLE} must be 1 or 0", code="SETTINGS_INVALID")
    return word in _TRUE


def _seconds(text: str) -> timedelta:
    if not text.strip():
        return DEFAULT_TIME_LIMIT
    try:
        limit = timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        limit = timedelta(0)
    if limit <= timedelta(0):
        raise UserFacingConfigError(
            f"{TIME_LIMIT_VARIABLE} must be a number of seconds above 0", code="SETTINGS_INVALID"
        )
    return limit
