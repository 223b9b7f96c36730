"""`wren plugin new`: its output."""

from pathlib import Path

from wren.authoring.scaffold import Plan, find_clash, render_plugin
from wren.cli.names import quote_name
from wren.cli.screen import Screen

_STEPS = ('pip install -e ".[test]"', "pytest", "wren plugin check", "wren plugin dev")


def make_plugin(plan: Plan, *, into: Path, as_json: bool) -> None:
    """Make the folder, and print the next steps."""
    screen = Screen(as_json=as_json)
    clash = find_clash(plan.name)
    folder = render_plugin(plan, into)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    screen.answer({"name": plan.name, "folder": str(folder), "files": files, "clash": clash})
    screen.line(f"{folder} is a complete plugin; change these files:", style="green")
    for file in (f"src/wren_{plan.name}/__init__.py", f"src/wren_{plan.name}/fake.py", f"tests/test_{plan.name}.py"):
        screen.line(f"  {file}")
    screen.line("Next:")
    for step in (f"cd {quote_name(str(folder))}", *_STEPS):
        screen.line(f"  {step}")
    if clash:
        screen.note(f"warning: {clash} offers {plan.name!r} too; installed together, neither is loaded", style="yellow")
