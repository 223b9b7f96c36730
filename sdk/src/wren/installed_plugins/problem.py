"""Problems of installed plugins, each with a next step."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from wren.installed_plugins.survey import SurveyedPlugin

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True)
class PluginProblem:
    """One problem; an error keeps a plugin from working."""

    severity: Severity
    code: str
    plugins: tuple[str, ...]
    """The integrations it is about."""
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
    "PLUGIN_TIMED_OUT": "raise WREN_PLUGINS_TIME_LIMIT on a slow machine, else `wren plugins disable {name}`",
    "PLUGIN_EXITED": _REPORT,
    "PLUGIN_ENDED_PROCESS": "`wren plugins disable {name}`: it ends every process that loads it",
    "NOT_EXAMINED": "repair the Python environment: its interpreter cannot load Wren in a separate process",
    "PLUGIN_RAISED": _REPORT,
    "PLUGIN_INVALID": _REPORT,
}


def make_failure(plugin: SurveyedPlugin, code: str, reason: str) -> PluginProblem:
    """Return the problem of a plugin that failed."""
    step = _NEXT_STEPS.get(code, _REPORT).format(name=plugin.name, distribution=plugin.distribution)
    message = f"{plugin.name} of {plugin.distribution} {plugin.version}: {reason}"
    return PluginProblem(severity="error", code=code, plugins=(plugin.name,), message=message, next_step=step)
