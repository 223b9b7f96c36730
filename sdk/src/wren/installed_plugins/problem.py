"""What is wrong with the plugins of an environment, and what to do about it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from wren.installed_plugins.survey import SurveyedPlugin

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing somebody should know; an error keeps something from working."""

    severity: Severity
    code: str
    plugins: tuple[str, ...]
    """Names of the integrations it is about."""
    message: str
    next_step: str

    def to_json(self) -> dict[str, Any]:
        """Return it as `wren plugins doctor --json` prints it."""
        return {**asdict(self), "plugins": list(self.plugins)}


_REPORT = "report it to the author of {distribution}; until then `wren plugins disable {name}`"
_NEXT_STEPS = {
    "DUPLICATE_NAME": "uninstall one of them, or name one distribution in WREN_PLUGINS_DENY",
    "CONTRACT_VERSION": "`pip install --upgrade {distribution} wren-core`",
    "DEPENDENCY_MISSING": "`pip install --force-reinstall {distribution}`",
    "PLUGIN_TIMED_OUT": "raise WREN_PLUGINS_TIME_LIMIT where the machine is slow, else `wren plugins disable {name}`",
    "PLUGIN_EXITED": _REPORT,
    "PLUGIN_ENDED_PROCESS": "`wren plugins disable {name}`: it ends every process that loads it",
    "NOT_EXAMINED": "mend the Python environment: its interpreter cannot load Wren in a process of its own",
    "PLUGIN_RAISED": _REPORT,
    "PLUGIN_INVALID": _REPORT,
}


def failure(plugin: SurveyedPlugin, code: str, reason: str) -> Problem:
    """Return the problem of a plugin that cannot be used."""
    step = _NEXT_STEPS.get(code, _REPORT).format(name=plugin.name, distribution=plugin.distribution)
    message = f"{plugin.name} of {plugin.distribution} {plugin.version}: {reason}"
    return Problem(severity="error", code=code, plugins=(plugin.name,), message=message, next_step=step)
