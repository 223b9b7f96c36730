"""Which sandbox this machine gets, and where runs have their folders."""

from pathlib import Path

import structlog

from wren_backend.executor.folders import clean_leftovers
from wren_backend.executor.port import Sandbox
from wren_backend.executor.probe import probe
from wren_backend.executor.refusing_sandbox import RefusingSandbox
from wren_backend.executor.sandboxes import PlainSandbox, SandlockSandbox
from wren_backend.settings import Settings

log = structlog.get_logger()


def choose_sandbox(settings: Settings, runs_root: Path) -> Sandbox:
    """Return the sandbox of this machine; one that refuses where none holds and none was not asked for.

    Whether it holds is tried: a canary runs in it and must not get out. Takes half a second.
    """
    if settings.sandbox == "none":
        log.warning("sandbox.none", reason="WREN_SANDBOX=none: scripts can read and change what this user can")
        return PlainSandbox()
    ca_file = settings.ca_file
    sandbox = SandlockSandbox(
        protected=(settings.data_dir, settings.key_file),
        readable=() if ca_file is None else (ca_file,),
        env={} if ca_file is None else {"SSL_CERT_FILE": str(ca_file)},
    )
    secret_files = (path for path in (settings.key_file, settings.data_dir / "wren.db") if path.exists())
    status = probe(sandbox, runs_root=runs_root, protected=secret_files)
    if status.available:
        log.info("sandbox.ready", backend=status.backend, landlock_abi=status.landlock_abi)
        return sandbox
    log.error("sandbox.unavailable", backend=status.backend, reason=status.reason)
    return RefusingSandbox(status)


def prepare_runs_root(settings: Settings) -> Path:
    """Return the folder that holds the folders of runs, emptied of what dead workers left."""
    root = settings.data_dir / "runs"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    removed = clean_leftovers(root)
    if removed:
        log.warning("runs.leftovers_removed", folders=removed)
    return root
