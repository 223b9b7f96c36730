"""`wren plugin dev`: its output."""

import importlib.metadata
import signal
import tempfile
from pathlib import Path
from typing import Any

from wren.authoring.author_tools import import_author_tool
from wren.authoring.dev_server import DevServer, DevState, touches_fakes
from wren.authoring.fake_settings import connect_command, make_local_variables
from wren.cli.commands.up import require_backend
from wren.cli.names import quote_name
from wren.cli.screen import Screen
from wren_core.errors import WrenError


def develop(folder: Path, *, port: int, as_json: bool) -> None:
    """Serve a plugin until Ctrl-C, and restart it after every change.

    Raises:
        WrenError: the first start failed.
    """
    screen = Screen(as_json=as_json)
    require_backend()
    import_author_tool("watchfiles")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # SIGTERM stops it like Ctrl-C
    with (
        tempfile.TemporaryDirectory(prefix="wren-dev-") as workspace,
        DevServer(folder, port=port, workspace=Path(workspace)) as development,
    ):
        try:
            _show_start(screen, development.start())
            for changed in development.changes():
                screen.note(f"changed: {', '.join(path.name for path in changed)}")
                _restart(screen, development, changed)
        except KeyboardInterrupt:
            screen.note("stopped")


def _restart(screen: Screen, development: DevServer, changed: list[Path]) -> None:
    """Restart; an error is shown, and the next change tries again."""
    try:
        _show_state(screen, development.start(with_fakes=touches_fakes(changed)))
    except WrenError as exc:
        screen.event({"event": "failed", "error": exc.to_wire()})
        screen.note(f"error: {exc.message}", style="red")


def _show_start(screen: Screen, state: DevState) -> None:
    screen.line(f"{state.project.name} {state.project.version} from {state.project.folder}", style="bold")
    _show_state(screen, state)
    screen.facts({"backend": f"{state.url}/docs", "log": state.log})
    screen.line("In another terminal:", style="bold")
    screen.line(f"  export WREN_API_URL={state.url} WREN_API_KEY={state.key}")
    for command in _list_next_commands(state):
        screen.line(f"  {command}")
    if local := [f"{name}={quote_name(value)}" for name, value in _make_local_variables(state).items()]:
        screen.line("For a script run here, without the backend:", style="bold")
        screen.line(f"  export {' '.join(local)}")
    if not _is_installed(state.project.name):
        screen.note("It is not installed in this environment: before `wren deploy`, run `pip install -e .` once.")
    screen.note("Saving a file restarts it. Ctrl-C stops it.")


def _show_state(screen: Screen, state: DevState) -> None:
    screen.event(_make_event(state))
    for name, definition in state.described.definitions.items():
        methods = ", ".join(method["id"] for method in definition.methods)
        screen.facts({name: methods or "no methods"})
        if name not in state.fakes and (definition.hosts or definition.base_url):
            screen.note(
                f"{name} has no fake, so it calls its real provider: add one in the entry-point group wren.fakes",
                style="yellow",
            )
    for name, fake in state.fakes.items():
        if fake.failed is None:
            screen.facts({f"{name}'s fake": fake.url})
        else:
            screen.note(f"error: the fake of {name} does not run: {fake.failed}", style="red")
    for name, reason in state.described.failed.items():
        screen.note(f"error: {name} cannot be loaded: {reason}", style="red")


def _list_next_commands(state: DevState) -> list[str]:
    pairs = [
        (name, state.fakes[name], definition)
        for name, definition in state.described.definitions.items()
        if name in state.fakes
    ]
    return [*filter(None, (connect_command(*pair) for pair in pairs)), "wren deploy SCRIPT.py"]


def _make_local_variables(state: DevState) -> dict[str, str]:
    return make_local_variables(state.fakes, state.described.definitions)


def _make_event(state: DevState) -> dict[str, Any]:
    return {
        "event": "started",
        "url": state.url,
        "api_key": state.key,
        "integrations": {
            name: [method["id"] for method in definition.methods]
            for name, definition in state.described.definitions.items()
        },
        "failed": dict(state.described.failed),
        "fakes": {name: item.url if item.failed is None else None for name, item in state.fakes.items()},
        "next": _list_next_commands(state),
        "local": _make_local_variables(state),
    }


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
