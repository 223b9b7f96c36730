"""The executor of this machine: which sandbox holds here, and where runs have their folders."""

from pathlib import Path

import structlog

from wren_backend.executor.executor import Executor
from wren_backend.executor.folders import clean_leftovers
from wren_backend.executor.port import Sandbox
from wren_backend.executor.probe import probe
from wren_backend.executor.refusing_sandbox import RefusingSandbox
from wren_backend.executor.sandboxes import PlainSandbox, SandlockSandbox
from wren_backend.settings import Settings
from wren_core.plugins.policy import PluginPolicy

log = structlog.get_logger()


def build_executor(settings: Settings, policy: PluginPolicy) -> tuple[Executor, Sandbox]:
    """Return the executor and its sandbox; scripts load the plugins that `policy` allows."""
    runs_root = _prepare_runs_root(settings)
    sandbox = _choose_sandbox(settings, runs_root)
    return Executor(sandbox, runs_root=runs_root, env=policy.to_environ()), sandbox


def _choose_sandbox(settings: Settings, runs_root: Path) -> Sandbox:
    """Return a sandbox that was tried; one that refuses to run scripts where it does not hold.

    The probe runs a canary in the sandbox, which must not get out. It takes half a second.
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


def _prepare_runs_root(settings: Settings) -> Path:
    """Return the folder that holds the folders of runs, without those of dead workers."""
    root = settings.data_dir / "runs"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    removed = clean_leftovers(root)
    if removed:
        log.warning("runs.leftovers_removed", folders=removed)
    return root
