"""`wren integrations stubs`."""

from pathlib import Path

import typer

from wren.cli import exit_codes
from wren.cli.screen import Screen, redirect_plugin_output
from wren.script.catalogue import installed
from wren.stubs.folder import compare, write
from wren.stubs.package import stub_package


def write_stubs(folder: Path, *, check: bool, as_json: bool) -> None:
    """Write the stubs of the installed integrations, or check whether those in the folder are up to date."""
    screen = Screen(as_json=as_json)
    with redirect_plugin_output():
        package = stub_package(installed())
    difference = compare(package, folder) if check else write(package, folder)
    screen.answer(
        {
            "folder": str(folder),
            "up_to_date": not (check and difference),
            "files": list(package.files),
            "changed": list(difference.changed),
            "removed": list(difference.stale),
            "missing": package.missing,
        }
    )
    for path in (*difference.changed, *difference.stale):
        screen.line(f"{folder / path} {'is out of date' if check else 'removed' if path in difference.stale else ''}")
    for name, reason in package.missing.items():
        screen.note(f"{name} is left out: {reason}", style="yellow")
    if check and difference:
        screen.line("run `wren integrations stubs` again", style="red")
        raise typer.Exit(exit_codes.FAILED)
    screen.line(f"{folder} is up to date", style="green")
    if not check:
        pyright = "finds it automatically" if folder == Path("typings") else f'needs stubPath = "{folder}"'
        screen.note(f'Pyright {pyright}; for mypy set mypy_path = "{folder}"')
