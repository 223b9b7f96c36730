"""`wren run`: a function of a deployment on the server, or of a file on this machine."""

import json
from pathlib import Path
from typing import Any

import typer

from wren.cli import exit_codes
from wren.cli.exit_codes import UsageInvalid, exit_code_of
from wren.cli.local_run import run_locally
from wren.cli.screen import Screen
from wren.cli.server import get_deployment, open_client
from wren.cli.watching import all_lines, follow_log, show_run
from wren.wire import Run
from wren_core.errors import error_from_wire


def run_target(
    target: str, *, func: str | None, event: str | None, local: bool, wait: bool, timeout: float | None, as_json: bool
) -> None:
    """Run a function now. An existing file runs here, anything else names a deployment."""
    screen = Screen(as_json=as_json)
    payload = read_event(event)
    if local or Path(target).is_file():
        code = run_locally(screen, Path(target), func=func, event=payload, timeout=timeout)
    else:
        code = _run_remotely(screen, target, func=func, event=payload, wait=wait)
    if code:
        raise typer.Exit(code)


def read_event(text: str | None) -> dict[str, Any] | None:
    """Return the event somebody typed, or wrote into a file named with `@`.

    Raises:
        UsageInvalid: it is no JSON object, or the file cannot be read.
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
    payload = event.get("payload") if event and event.get("trigger") == "manual" else event
    with open_client() as client:
        run = client.start_run(get_deployment(client, target).id, func=func, payload=payload)
        if not wait:
            screen.answer(run.to_wire())
            screen.line(f"{run.run_id} is {run.status}; see it with `wren logs {run.run_id} -f`", style="green")
            return exit_codes.OK
        if screen.as_json:
            _ = [None for _ in client.follow(run.run_id)]
        else:
            follow_log(screen, client, run.run_id)
        run = client.run(run.run_id)
        if screen.as_json:
            screen.answer({**run.to_wire(), "logs": all_lines(client, run.run_id)})
        show_run(screen, run)
    return _code_of(run)


def _code_of(run: Run) -> int:
    if run.status == "success":
        return exit_codes.OK
    return exit_code_of(error_from_wire(run.error)) if run.error else exit_codes.FAILED
