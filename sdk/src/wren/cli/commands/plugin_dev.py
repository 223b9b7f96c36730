"""`wren plugin dev`: what a person sees of it."""

import importlib.metadata
import signal
import tempfile
from pathlib import Path
from typing import Any

from wren.authoring.author_tools import author_tool
from wren.authoring.dev_server import Development, State, touches_fakes
from wren.authoring.fake_settings import connecting, local_variables
from wren.cli.commands.up import require_backend
from wren.cli.names import quoted
from wren.cli.screen import Screen
from wren_core.errors import WrenError


def develop(folder: Path, *, port: int, as_json: bool) -> None:
    """Serve a plugin until Ctrl-C, and take up every change.

    Raises:
        WrenError: it could not be started the first time.
    """
    screen = Screen(as_json=as_json)
    require_backend()
    author_tool("watchfiles")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an operator's way to say Ctrl-C
    with (
        tempfile.TemporaryDirectory(prefix="wren-dev-") as workspace,
        Development(folder, port=port, workspace=Path(workspace)) as development,
    ):
        try:
            _greet(screen, development.start())
            for changed in development.changes():
                screen.note(f"changed: {', '.join(path.name for path in changed)}")
                _restart(screen, development, changed)
        except KeyboardInterrupt:
            screen.note("stopped")


def _restart(screen: Screen, development: Development, changed: list[Path]) -> None:
    """Start anew; what is in the way is shown, and the next change is another chance."""
    try:
        _show(screen, development.start(with_fakes=touches_fakes(changed)))
    except WrenError as exc:
        screen.event({"event": "failed", "error": exc.to_wire()})
        screen.note(f"error: {exc.message}", style="red")


def _greet(screen: Screen, state: State) -> None:
    screen.line(f"{state.project.name} {state.project.version} from {state.project.folder}", style="bold")
    _show(screen, state)
    screen.facts({"backend": f"{state.url}/docs", "log": state.log})
    screen.line("In another terminal:", style="bold")
    screen.line(f"  export WREN_API_URL={state.url} WREN_API_KEY={state.key}")
    for command in _next_commands(state):
        screen.line(f"  {command}")
    if local := [f"{name}={quoted(value)}" for name, value in _local(state).items()]:
        screen.line("For a script run here, without the backend:", style="bold")
        screen.line(f"  export {' '.join(local)}")
    if not _is_installed(state.project.name):
        screen.note("It is not installed in this environment: before `wren deploy`, run `pip install -e .` once.")
    screen.note("Changes are taken up as they are saved. Ctrl-C ends it.")


def _show(screen: Screen, state: State) -> None:
    screen.event(_event(state))
    for name, definition in state.described.definitions.items():
        methods = ", ".join(method["id"] for method in definition.methods)
        screen.facts({name: methods or "no methods"})
        if name not in state.stand_ins and (definition.hosts or definition.base_url):
            screen.note(
                f"{name} has no fake, so it talks to its real provider: offer one in wren.fakes", style="yellow"
            )
    for name, stand_in in state.stand_ins.items():
        if stand_in.failed is None:
            screen.facts({f"{name}'s fake": stand_in.url})
        else:
            screen.note(f"error: the fake of {name} does not run: {stand_in.failed}", style="red")
    for name, reason in state.described.failed.items():
        screen.note(f"error: {name} cannot be loaded: {reason}", style="red")


def _next_commands(state: State) -> list[str]:
    pairs = [
        (name, state.stand_ins[name], definition)
        for name, definition in state.described.definitions.items()
        if name in state.stand_ins
    ]
    return [*filter(None, (connecting(*pair) for pair in pairs)), "wren deploy SCRIPT.py"]


def _local(state: State) -> dict[str, str]:
    return local_variables(state.stand_ins, state.described.definitions)


def _event(state: State) -> dict[str, Any]:
    return {
        "event": "started",
        "url": state.url,
        "api_key": state.key,
        "integrations": {
            name: [method["id"] for method in definition.methods]
            for name, definition in state.described.definitions.items()
        },
        "failed": dict(state.described.failed),
        "fakes": {name: item.url if item.failed is None else None for name, item in state.stand_ins.items()},
        "next": _next_commands(state),
        "local": _local(state),
    }


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
