"""`wren integrations ...`: the integrations of this machine."""

from pathlib import Path
from typing import Annotated

import typer

from wren.cli.options import Json

app = typer.Typer(
    help="List and describe integrations, write type stubs, count tokens, import APIs.", no_args_is_help=False
)


@app.command("list")
def list_integrations(
    remote: Annotated[bool, typer.Option("--remote", help="List the integrations of the server.")] = False,
    as_json: Json = False,
) -> None:
    """List the integrations, and the plugins that could not be loaded."""
    from wren.cli.commands.integration_list import list_installed, list_remote

    list_remote(as_json=as_json) if remote else list_installed(as_json=as_json)


@app.command("show")
def show_integration(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An integration.")], as_json: Json = False
) -> None:
    """Show the documents of an integration: configuration, methods, parameters."""
    from wren.cli.commands.integration_list import show_installed

    show_installed(name, as_json=as_json)


@app.command("stubs")
def stubs(
    output: Annotated[Path, typer.Option("--output", help="Folder in which the type checker looks for stubs.")] = Path(
        "typings"
    ),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the stubs are out of date.")] = False,
    as_json: Json = False,
) -> None:
    """Write type stubs of the installed integrations, for completion and type checks in editors."""
    from wren.cli.commands.integration_stubs import write_stubs

    write_stubs(output, check=check, as_json=as_json)


@app.command("cost")
def cost(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Integrations. Default: all.")] = None,
    as_json: Json = False,
) -> None:
    """Show how many tokens each method costs a model, for each form of the tools and of the documents."""
    from wren.cli.commands.integration_cost import show_cost

    show_cost(names or [], as_json=as_json)


@app.command("fetch")
def fetch_integration(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An integration of the server.")],
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """Copy the definition of an integration from the server, so that scripts that use it can be checked here."""
    from wren.cli.commands.integration_fetch import fetch_definition

    fetch_definition(name, replaces=replace, as_json=as_json)


@app.command("import")
def import_integration(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="An OpenAPI 3 or Swagger 2 document, JSON or YAML.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the integration. Default: derived from the document's title.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Import the operations with this tag; may be repeated.")
    ] = None,
    operation: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Import this operation: its id, or 'GET /path'; may be repeated."),
    ] = None,
    server: Annotated[
        str | None, typer.Option(metavar="URL", help="Root of the API. Default: the document's first server.")
    ] = None,
    config: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PARAMETER", help="Make this header or parameter a setting of the connection; may be repeated."
        ),
    ] = None,
    omit: Annotated[
        list[str] | None, typer.Option(metavar="PARAMETER", help="Leave this parameter out; may be repeated.")
    ] = None,
    auth: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="How to connect: bearer, basic, none, header:NAME or query:NAME."),
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Accept answers without the fields that the document requires.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Where to write. Default: with the other definitions of this machine."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """Make an integration from an OpenAPI document: a definition, without code.

    Operations that cannot be imported are skipped and listed on standard error, with the reason.
    """
    from wren.cli.commands.integration_import import ImportOptions, import_definition

    import_definition(
        ImportOptions(
            file=file,
            name=name,
            tags=tuple(tag or ()),
            operations=tuple(operation or ()),
            server=server,
            config=tuple(config or ()),
            omit=tuple(omit or ()),
            auth=auth,
            allows_missing=allow_missing,
            output=output,
            replaces=replace,
        ),
        as_json=as_json,
    )
