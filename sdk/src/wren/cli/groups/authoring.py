"""`wren plugin ...`: write a plugin, try it, check it, release it."""

from pathlib import Path
from typing import Annotated

import typer

from wren.cli.groups.authoring_choices import Auth, TierName, Type
from wren.cli.options import Json

app = typer.Typer(help="Write an integration: new, dev, check, release.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Write an integration: new, dev, check, release."""


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What scripts will call it: wren.integrations.NAME.")],
    auth: Annotated[Auth, typer.Option(help="How people connect it.")] = Auth.APIKEY,
    kind: Annotated[Type, typer.Option("--type", help="What it is.")] = Type.INTEGRATION,
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="Where its folder is made.")] = Path(),
    as_json: Json = False,
) -> None:
    """Make a new integration: a folder that is complete, tests and workflows included, for you to change."""
    from wren.authoring.scaffold import Plan
    from wren.cli.commands.plugin_new import make_plugin

    make_plugin(Plan(name=name, auth=auth.value, type=kind.value), into=into, as_json=as_json)


@app.command("dev")
def dev(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The plugin's folder.")] = Path(),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the backend listens.")] = 8080,
    as_json: Json = False,
) -> None:
    """Serve an integration from its folder, with its fake provider, and take up every change.

    Everything else is thrown away at the end. With --json: one JSON object a line, for each start.
    """
    from wren.cli.commands.plugin_dev import develop

    develop(folder, port=port, as_json=as_json)


@app.command("check")
def check(
    target: Annotated[
        str, typer.Argument(metavar="FOLDER|NAME", help="A plugin's folder, or an installed integration.")
    ] = ".",
    tier: Annotated[TierName, typer.Option(help="Fail below it.")] = TierName.BRONZE,
    explain: Annotated[
        str | None, typer.Option(metavar="RULE", help="Say what a rule asks, why, and how to do it; check nothing.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check an installed integration by every rule, and compute its tier: bronze, silver, gold or platinum."""
    from wren.cli.commands.plugin_check import explain_rule, report_plugin

    if explain is not None:
        explain_rule(explain, as_json=as_json)
    else:
        report_plugin(target, tier=tier.value, as_json=as_json)


@app.command("release")
def release(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The plugin's folder.")] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tag nothing.")] = False,
    against: Annotated[
        str,
        typer.Option(
            metavar="last|none|VERSION|FILE",
            help="What to compare with: a wheel, a JSON file, a version; last asks tags, then the package index.",
        ),
    ] = "last",
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the files are kept; dist/, and nowhere with --dry-run.")
    ] = None,
    isolation: Annotated[
        bool, typer.Option("--isolation/--no-isolation", help="Build with downloaded tools, or with those installed.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Compare with the last release, refuse a version that promises too little, build, and tag.

    Nothing leaves this machine: the tag, once you push it, is published by the workflow publish.yml. Works without a
    network where a tag or --against names the last release, with --no-isolation.
    """
    from wren.cli.commands.plugin_release import release_plugin

    release_plugin(folder, against=against, out=out, is_dry=dry_run, isolated=isolation, as_json=as_json)
