"""`wren run`: a function of a deployment on the server, or of a file on this machine."""

import json
from pathlib import Path
from typing import Any

import typer

from wren.api.client import Client
from wren.api.records import ApiRun
from wren.cli import exit_codes
from wren.cli.commands.local_run import run_locally
from wren.cli.commands.logs import collect_log, follow_log
from wren.cli.exit_codes import UsageInvalid, exit_code_of
from wren.cli.run_report import show_run
from wren.cli.screen import Screen
from wren.cli.server import get_deployment, open_client
from wren_core.errors import error_from_wire


def run_target(
    target: str, *, func: str | None, event: str | None, local: bool, wait: bool, timeout: float | None, as_json: bool
) -> None:
    """Run a function now. A file, or a name that ends in .py, runs here; anything else names a deployment."""
    screen = Screen(as_json=as_json)
    payload = read_event(event)
    if local or target.endswith(".py") or Path(target).is_file():
        code = run_locally(screen, Path(target), func=func, event=payload, timeout=timeout)
    else:
        code = _run_remotely(screen, target, func=func, event=payload, wait=wait)
    if code:
        raise typer.Exit(code)


def read_event(text: str | None) -> dict[str, Any] | None:
    """Return the event from the option, or from the file it names with `@`.

    Raises:
        UsageInvalid: it is not a JSON object, or the file cannot be read.
    """
    if text is None:
        return None
    try:
        event = json.loads(Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text)
    except (OSError, ValueError) as exc:
        raise UsageInvalid(f"--event is not JSON: {exc}; write it like --event '{{\"key\": 1}}'") from exc
    if not isinstance(event, dict):
        raise UsageInvalid(f"--event must be a JSON object, not {type(event).__name__}")
    return event


def _run_remotely(screen: Screen, target: str, *, func: str | None, event: dict[str, Any] | None, wait: bool) -> int:
    payload = _make_payload(event)
    with open_client() as client:
        run = client.start_run(get_deployment(client, target).id, func=func, payload=payload)
        if not wait:
            screen.answer(run.to_wire())
            screen.line(f"{run.run_id} is {run.status}; follow it with `wren logs -f {run.run_id}`", style="green")
            return exit_codes.OK
        run = _wait_for_end(screen, client, run)
        show_run(screen, run)
    return _find_exit_code(run)


def _make_payload(event: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the payload of a manual run: the event itself, or the payload of a complete manual event."""
    if event is None or "trigger" not in event:
        return event
    if event["trigger"] == "manual":
        payload: dict[str, Any] = event.get("payload") or {}
        return payload
    raise UsageInvalid(
        f"on the server a run is started manually, not by {event['trigger']!r}: leave 'trigger' out of --event, "
        "and the function gets the rest as event.payload"
    )


def _wait_for_end(screen: Screen, client: Client, run: ApiRun) -> ApiRun:
    """Wait for the end of a run and return it; prints the log, or with --json the run and its log."""
    try:
        if not screen.as_json:
            return follow_log(screen, client, run.run_id)
        ended, lines = collect_log(client, run.run_id)
        screen.answer({**ended.to_wire(), "logs": [line.to_wire() for line in lines]})
        return ended
    except KeyboardInterrupt:
        screen.note(f"{run.run_id} continues on the server; follow it with `wren logs -f {run.run_id}`")
        raise


def _find_exit_code(run: ApiRun) -> int:
    if run.status == "success":
        return exit_codes.OK
    return exit_code_of(error_from_wire(run.error)) if run.error else exit_codes.FAILED
