"""`wren plugins doctor`."""

import os
from dataclasses import asdict

import typer

from wren.cli import exit_codes
from wren.cli.commands.installed_list import show_plugins
from wren.cli.screen import Screen
from wren.installed_plugins.doctor import diagnose
from wren.script.plugin_policy import read_plugin_policy

_STYLES = {"error": "red", "warning": "yellow", "note": "dim"}


def report_plugins(name: str | None, *, as_json: bool) -> None:
    """Load each plugin in a separate process and show the problems; exit 1 if there is an error."""
    screen = Screen(as_json=as_json)
    diagnosis = diagnose(read_plugin_policy(os.environ), name)
    screen.answer(
        {
            "ok": diagnosis.is_healthy,
            "plugins": [asdict(plugin) for plugin in diagnosis.plugins],
            "problems": [problem.to_json() for problem in diagnosis.problems],
        }
    )
    show_plugins(screen, diagnosis.plugins)
    for problem in diagnosis.problems:
        text = f"{problem.severity} {problem.code}: {problem.message}"
        screen.line(text, style=_STYLES[problem.severity])
        screen.line(f"    {problem.next_step}")
    if not diagnosis.problems:
        screen.line("no problems found", style="green")
    if not diagnosis.is_healthy:
        raise typer.Exit(exit_codes.FAILED)
