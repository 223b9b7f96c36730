"""`wren plugin ...`: make a plugin, serve it, check it, release it."""

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
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in scripts: wren.integrations.NAME.")],
    auth: Annotated[Auth, typer.Option(help="How users connect it.")] = Auth.APIKEY,
    kind: Annotated[Type, typer.Option("--type", help="The type of the integration.")] = Type.INTEGRATION,
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to make its folder.")] = Path(),
    as_json: Json = False,
) -> None:
    """Make a new integration: a complete folder with tests and workflows, for you to change."""
    from wren.authoring.scaffold import Plan
    from wren.cli.commands.plugin_new import make_plugin

    make_plugin(Plan(name=name, auth=auth.value, type=kind.value), into=into, as_json=as_json)


@app.command("dev")
def dev(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The plugin's folder.")] = Path(),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the backend listens.")] = 8080,
    as_json: Json = False,
) -> None:
    """Serve an integration from its folder, with its fake provider, and restart after every change.

    The data of the server is deleted at the end. With --json: one JSON object per line, for each start.
    """
    from wren.cli.commands.plugin_dev import develop

    develop(folder, port=port, as_json=as_json)


@app.command("check")
def check(
    target: Annotated[
        str, typer.Argument(metavar="FOLDER|NAME", help="A plugin's folder, or an installed integration.")
    ] = ".",
    tier: Annotated[TierName, typer.Option(help="Fail below this tier.")] = TierName.BRONZE,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="RULE", help="Explain a rule: what it requires, why, and how to satisfy it. Checks nothing."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check an installed integration with every rule, and compute its tier: bronze, silver, gold or platinum."""
    from wren.cli.commands.plugin_check import explain_rule, report_plugin

    if explain is not None:
        explain_rule(explain, as_json=as_json)
    else:
        report_plugin(target, tier=tier.value, as_json=as_json)


@app.command("release")
def release(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The plugin's folder.")] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do not tag.")] = False,
    against: Annotated[
        str,
        typer.Option(
            metavar="last|none|VERSION|FILE",
            help="What to compare with: a wheel, a JSON file or a version; last searches tags, then the package index.",
        ),
    ] = "last",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where to put the built files. Default: dist/; with --dry-run they are deleted."
        ),
    ] = None,
    isolation: Annotated[
        bool,
        typer.Option("--isolation/--no-isolation", help="Build with downloaded tools, or with the installed ones."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Compare with the last release, refuse a version number that is too small, build, and tag.

    Nothing leaves this machine: when you push the tag, the workflow publish.yml publishes it. With --no-isolation this
    works without a network, if a tag or --against names the last release.
    """
    from wren.cli.commands.plugin_release import release_plugin

    release_plugin(folder, against=against, out=out, is_dry=dry_run, isolated=isolation, as_json=as_json)
