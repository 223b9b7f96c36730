"""The operator's command line: `python -m wren_backend`; `wren up` starts it."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wren_backend.clock import SystemClock
from wren_backend.logs import configure_logging
from wren_backend.settings import Settings, load_settings
from wren_core.errors import UserFacingConfigError, WrenError
from wren_core.terminal import escape_controls

if TYPE_CHECKING:  # `--help` must not pay for the database
    from wren_backend.storage.database import Database

app = typer.Typer(
    name="wren-backend",
    help="Run the Wren backend. Settings come from WREN_ variables; options win over them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="Issue, list and revoke API keys.", no_args_is_help=True)
app.add_typer(keys, name="keys")
users = typer.Typer(help="Refuse users.", no_args_is_help=True)
app.add_typer(users, name="users")
workspaces = typer.Typer(help="List and delete workspaces.", no_args_is_help=True)
app.add_typer(workspaces, name="workspaces")
definitions = typer.Typer(help="Add, list and remove integrations that are definitions alone.", no_args_is_help=True)
app.add_typer(definitions, name="definitions")

EXIT_FAILED = 1
EXIT_CONFIGURATION = 3

DataDir = Annotated[Path | None, typer.Option(help="Folder for the database and the master key (default: ~/.wren)")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON")]


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def up(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: 127.0.0.1)")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (default: 8080)")] = None,
    public_url: Annotated[str | None, typer.Option(help="How browsers and OAuth providers reach this server")] = None,
) -> None:
    """Start everything in one process: API, scheduler and worker. The first start prints the first API key, once."""
    with _report_errors():
        settings = _read_settings(data_dir=data_dir, host=host, port=port, public_url=public_url)
        configure_logging(level=settings.log_level, log_format=settings.log_format)
        from wren_backend.server import run_server  # here: the web stack, which `--help` must not pay for

        run_server(settings, say=lambda line: print(line, flush=True))  # noqa: T201 - the operator's terminal


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to the newest schema. `up` does so automatically."""
    from wren_backend.storage.migration import current_revision  # here: `--help` must not pay for the database

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        typer.echo(f"the database is at revision {current_revision(database)}")


@app.command("rotate-key")
def rotate_key(data_dir: DataDir = None) -> None:
    """Make a new master key and wrap every data key with it; the server may be running."""
    from wren_backend.maintenance import rotate  # here: `--help` must not pay for the database

    with _report_errors():
        settings = _read_settings(data_dir=data_dir)
        with _open_database(settings) as database:
            typer.echo(escape_controls(rotate(database, settings, now=SystemClock().now())))


@keys.command("issue")
def issue_key(
    name: Annotated[str, typer.Argument(help="What the key is for")],
    user: Annotated[str, typer.Option(help="Name of the user it belongs to; made if new")] = "admin",
    workspace: Annotated[str, typer.Option(help="Slug of the workspace; made if new")] = "default",
    data_dir: DataDir = None,
) -> None:
    """Issue an API key and print it; it is shown this once."""
    from wren_backend.tenancy.operator import issue  # here: `--help` must not pay for the database

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        typer.echo(escape_controls(issue(database, name=name, user=user, workspace=workspace, now=SystemClock().now())))


@keys.command("list")
def list_keys(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List API keys by their public prefix."""
    from wren_backend.tenancy.operator import list_issued  # here: `--help` must not pay for the database

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        rows = list_issued(database)
        for row in [json.dumps(rows)] if as_json else [_format_key(row) for row in rows]:
            typer.echo(escape_controls(row))


@keys.command("revoke")
def revoke_key(
    prefix: Annotated[str, typer.Argument(help="The eight characters between `wren_` and the next `_`")],
    data_dir: DataDir = None,
) -> None:
    """Revoke an API key; it stops with the next request."""
    from wren_backend.tenancy.operator import revoke  # here: `--help` must not pay for the database

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        typer.echo(escape_controls(revoke(database, prefix=prefix, now=SystemClock().now())))


@users.command("disable")
def disable_user(
    name: Annotated[str, typer.Argument(help="Name of the user")],
    workspace: Annotated[str, typer.Option(help="Slug of the user's workspace")] = "default",
    data_dir: DataDir = None,
) -> None:
    """Refuse every key of a user from the next request on; the user's deployments keep running."""
    from wren_backend.tenancy.operator import disable_user as disable  # here: `--help` must not pay for the database

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        typer.echo(escape_controls(disable(database, user=name, workspace=workspace, now=SystemClock().now())))


@users.command("role")
def set_role(
    name: Annotated[str, typer.Argument(help="Name of the user")],
    role: Annotated[str, typer.Argument(help="admin: act on all deployments of the workspace; member: on their own")],
    workspace: Annotated[str, typer.Option(help="Slug of the user's workspace")] = "default",
    data_dir: DataDir = None,
) -> None:
    """Make a user an admin of the workspace, or a member again."""
    from wren_backend.tenancy.models import Role  # here: `--help` must not pay for the database
    from wren_backend.tenancy.operator import set_role as give  # here: `--help` must not pay for the database

    if role not in list(Role):
        raise typer.BadParameter(f"{role!r} is not a role: expected {' or '.join(Role)}", param_hint="ROLE")
    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        typer.echo(give(database, user=name, workspace=workspace, role=Role(role)))


@workspaces.command("list")
def list_workspaces(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List the workspaces and their users."""
    from wren_backend.tenancy.operator import list_workspaces as list_all  # here: `--help` must stay quick

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        rows = list_all(database)
        for row in [json.dumps(rows)] if as_json else [f"{row['slug']}  {', '.join(row['users'])}" for row in rows]:
            typer.echo(escape_controls(row))


@workspaces.command("delete")
def delete_workspace(
    slug: Annotated[str, typer.Argument(help="Short name of the workspace")],
    is_confirmed: Annotated[bool, typer.Option("--yes", help="Do it; it cannot be undone")] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete a workspace with everything in it, its data key first, so that copies of its credentials cannot be opened.

    An older backup of the whole database also holds the data key, which opens nothing after `rotate-key`. Providers
    are not asked to revoke what they granted: disconnect the connections before.
    """
    from wren_backend.maintenance import delete_workspace as delete  # here: `--help` must not pay for the database

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        typer.echo(escape_controls(delete(database, slug=slug, is_confirmed=is_confirmed)))


@definitions.command("add")
def add_definition(
    file: Annotated[Path, typer.Argument(help="A definition as JSON, such as `wren integrations import` makes")],
    data_dir: DataDir = None,
) -> None:
    """Add the integration of a definition, or replace an older one of that name; served from the next start on."""
    from wren_backend.definitions.operator import add_definition as add  # here: `--help` must not pay for the database

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        typer.echo(escape_controls(add(database, path=file, now=SystemClock().now())))


@definitions.command("list")
def list_definitions(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List the definitions that were added here, without those of installed plugins."""
    from wren_backend.definitions.operator import list_definitions as list_all  # here: `--help` must stay quick

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        rows = list_all(database)
        lines = [f"{row['name']}  {row['version'] or '-'}  {row['methods']} methods{_without(row)}" for row in rows]
        for line in [json.dumps(rows)] if as_json else lines:
            typer.echo(escape_controls(line))


def _without(row: Mapping[str, Any]) -> str:
    return f"  no handler: {', '.join(row['no_handler'])}" if row["no_handler"] else ""


@definitions.command("remove")
def remove_definition(
    name: Annotated[str, typer.Argument(help="Name of the integration")], data_dir: DataDir = None
) -> None:
    """Remove a definition that was added here; it is served until the next start."""
    from wren_backend.definitions.operator import remove_definition as remove  # here: `--help` must stay quick

    with _report_errors(), _open_database(_read_settings(data_dir=data_dir)) as database:
        typer.echo(escape_controls(remove(database, name=name)))


def _read_settings(**options: Any) -> Settings:
    return load_settings(**{name: value for name, value in options.items() if value is not None})


def _format_key(row: dict[str, Any]) -> str:
    state = "revoked" if row["revoked_at"] else "disabled" if row["user_disabled_at"] else "active"
    return f"wren_{row['prefix']}_...  {state:8} {row['workspace']}/{row['user']}  {row['name']}"


@contextmanager
def _open_database(settings: Settings) -> "Iterator[Database]":
    from wren_backend.storage.migration import opened_database  # here: `--help` must not pay for the database

    with opened_database(settings.database_address()) as database:
        yield database


@contextmanager
def _report_errors() -> Iterator[None]:
    try:
        yield
    except WrenError as exc:
        print(escape_controls(f"{exc.code}: {exc.message}"), file=sys.stderr)  # noqa: T201 - the operator's terminal
        code = EXIT_CONFIGURATION if isinstance(exc, UserFacingConfigError) else EXIT_FAILED
        raise typer.Exit(code) from None
