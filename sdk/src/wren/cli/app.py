"""The commands and their options. Each command imports its own module when it runs, so that `wren --help` does not
wait for an HTTP client."""

from pathlib import Path
from typing import Annotated

import typer

from wren.cli.groups import authoring, installed_plugins, integrations, spending
from wren.cli.options import Json

app = typer.Typer(
    name="wren",
    help="Write, check, deploy and watch scripts that use integrations.",
    epilog="Exit codes: 0 ok, 1 a check or run failed, 2 usage error, 3 a person must act, "
    "4 server unreachable or internal error.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
app.add_typer(integrations.app, name="integrations")
app.add_typer(authoring.app, name="plugin")
app.add_typer(installed_plugins.app, name="plugins")
app.add_typer(spending.app, name="spending")

Script = Annotated[Path, typer.Argument(metavar="SCRIPT", help="A Python file.", show_default=False)]
ImportSeconds = Annotated[
    float, typer.Option("--import-timeout", min=0.1, help="Time limit for importing the script, in seconds.")
]
_IMPORT_SECONDS = 20.0


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Show the help, or the version."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(version_of("wren-sdk"))


@app.command("test")
def check(script: Script, as_json: Json = False, import_timeout: ImportSeconds = _IMPORT_SECONDS) -> None:
    """Check a script without running its functions."""
    from wren.cli.commands.script_check import report_script

    report_script(script, import_seconds=import_timeout, as_json=as_json)


@app.command()
def validate(
    script: Script,
    remote: Annotated[
        bool, typer.Option("--remote", help="Ask the server whether the integrations are connected.")
    ] = False,
    as_json: Json = False,
    import_timeout: ImportSeconds = _IMPORT_SECONDS,
) -> None:
    """Check a script and the integrations it uses: installed, loadable, and with --remote connected on the server."""
    from wren.cli.commands.script_check import validate_script

    validate_script(script, remote=remote, import_seconds=import_timeout, as_json=as_json)


@app.command()
def deploy(
    script: Script,
    name: Annotated[
        str | None, typer.Option(help="Name of the deployment. Default: the file's name without .py.")
    ] = None,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over", help="As an admin: replace a deployment of another user; its runs then use your accounts."
        ),
    ] = False,
    as_json: Json = False,
    import_timeout: ImportSeconds = _IMPORT_SECONDS,
) -> None:
    """Check a script and store it on the server, which registers its triggers.

    If the name exists, the script becomes its next version.
    """
    from wren.cli.commands.deploy import deploy_script

    deploy_script(script, name=name, import_seconds=import_timeout, as_json=as_json, take_over=take_over)


@app.command()
def status(
    target: Annotated[
        str | None, typer.Argument(metavar="NAME|ID", help="A deployment or a run. Default: all deployments.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the deployments, one deployment with its runs, or one run."""
    from wren.cli.commands.status import show_status

    show_status(target, as_json=as_json)


@app.command()
def logs(
    target: Annotated[str, typer.Argument(metavar="RUN|DEPLOYMENT", help="A run, or a deployment's latest run.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow the log until the run ends.")] = False,
    as_json: Json = False,
) -> None:
    """Print the log of a run; how the run ended goes to standard error.

    With -f and --json: one JSON object per line, the last one with the whole run. The exit code is 0 even if the run
    failed.
    """
    from wren.cli.commands.logs import show_logs

    show_logs(target, follow=follow, as_json=as_json)


@app.command()
def run(
    target: Annotated[
        str,
        typer.Argument(metavar="DEPLOYMENT|SCRIPT", help="A deployment's name or id, or a Python file to run here."),
    ],
    func: Annotated[
        str | None, typer.Option(help="The function to call. Default: the only one with a trigger.")
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="JSON", help="The event for the function; @FILE reads it from a file.")
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Run a file on this machine, in a child process.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Print the log of a remote run until it ends.")] = False,
    timeout: Annotated[float | None, typer.Option(min=0.1, help="Time limit of a local run, in seconds.")] = None,
    as_json: Json = False,
) -> None:
    """Run a function now: of a deployment on the server, or of a file on this machine.

    A name that ends in .py is a file. With --wait the exit code is that of the run.
    """
    from wren.cli.commands.run import run_target

    run_target(target, func=func, event=event, local=local, wait=wait, timeout=timeout, as_json=as_json)


@app.command()
def undeploy(
    target: Annotated[str, typer.Argument(metavar="NAME|ID", help="A deployment.")], as_json: Json = False
) -> None:
    """Remove a deployment and its triggers."""
    from wren.cli.commands.deploy import undeploy_target

    undeploy_target(target, as_json=as_json)


@app.command()
def connect(
    integration: Annotated[str, typer.Argument(metavar="INTEGRATION", help="Its name.")],
    alias: Annotated[str | None, typer.Option(help="Name of the connection, if you have several.")] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY[=TEXT]",
            help="A credential of the connection, such as an API key. KEY alone asks for it without showing it.",
        ),
    ] = None,
    config: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="A setting of the connection, such as the host of your own server."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Authorise a working connection again; it keeps its id.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the consent page in the browser.")
    ] = True,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the connection is active.")] = True,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait.")] = 300,
    as_json: Json = False,
) -> None:
    """Connect an integration: give consent in the browser, or enter its key.

    A working connection is left as it is; a broken one is authorised again and keeps its id.
    """
    from wren.cli.commands.connect import connect_integration

    connect_integration(
        integration,
        alias=alias,
        values=value or [],
        settings=config or [],
        again=again,
        opens_browser=browser,
        wait_seconds=timeout if wait else None,
        as_json=as_json,
    )


@app.command()
def login(
    url: Annotated[
        str | None, typer.Option(help="The server. Default: the one used before, or this machine's own.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="An API key; - reads it from standard input. Default: ask for it without showing it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Store a server's address and an API key, after testing them."""
    from wren.cli.commands.login import log_in

    log_in(url=url, key=key, as_json=as_json)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    options_metavar="[OPTIONS OF THE BACKEND]...",
)
def up(context: typer.Context) -> None:
    """Start a server on this machine; needs wren-backend. The options are the backend's own."""
    from wren.cli.commands.up import start_server

    start_server(context.args)
