"""The two sandboxes that exist: sandlock, and none at all where the operator asks for none."""

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from wren_backend.executor.launcher.main import START, import_paths
from wren_backend.executor.launcher.policy import Isolation, LaunchPolicy
from wren_backend.executor.launcher.syscalls import is_supported
from wren_backend.executor.port import Confinement, Launch, SandboxStatus
from wren_backend.executor.readable_paths import find_exposed, list_denied, list_readable

_RUNNER = (sys.executable, "-I", "-m", "wren.runner")
_LAUNCHER_ENV = {"LANG": "C.UTF-8"}


class SandlockSandbox:
    """Landlock and seccomp by sandlock, started through a separate launcher process.

    Args:
        protected: paths no script may ever read; a sandbox that would expose one is not available.
        readable: what scripts may read beyond Python and its packages, such as a private CA bundle.
        env: variables every script gets, such as SSL_CERT_FILE; not for secrets.
    """

    isolation = "sandlock"

    def __init__(
        self, *, protected: tuple[Path, ...] = (), readable: tuple[Path, ...] = (), env: Mapping[str, str] | None = None
    ) -> None:
        self._readable = list_readable(readable)
        self._exposed = find_exposed(protected, self._readable)
        self._env = dict(env or {})

    def status(self) -> SandboxStatus:
        """Check the machine; the reason names what is missing."""
        abi = _landlock_abi()
        return SandboxStatus(
            available=not (reason := self._missing(abi)), backend=self.isolation, reason=reason, landlock_abi=abi
        )

    def launch(self, confinement: Confinement, *, folder: Path) -> Launch:
        """Start the runner; it can write only its own folder."""
        return _launch(
            _policy(
                confinement,
                folder=folder,
                isolation="sandlock",
                env=self._env,
                readable=[str(path) for path in self._readable],
                denied=[str(path) for path in list_denied()],
            )
        )

    def _missing(self, abi: int | None) -> str:
        if sys.platform != "linux":
            return f"sandlock needs Linux; this is {sys.platform}"
        if abi is None:
            return "sandlock is not installed, or its library does not load here"
        if abi < (needed := _landlock_abi_needed()):
            return f"sandlock needs Landlock ABI {needed} (Linux 6.12); this kernel has {max(abi, 0)}"
        if not is_supported():
            return f"no system call table for {platform.machine()}"
        if self._exposed is not None:
            return f"scripts could read {self._exposed}, since it lies in a folder they need; move it"
        return ""


class PlainSandbox:
    """No sandbox: a process of the same user, with limits but no isolation. For development, by explicit choice."""

    isolation = "none"

    def __init__(self, *, env: Mapping[str, str] | None = None) -> None:
        self._env = dict(env or {})

    def status(self) -> SandboxStatus:
        """Say that it runs, and that it isolates nothing."""
        return SandboxStatus(available=True, backend=self.isolation, reason="scripts run without isolation")

    def launch(self, confinement: Confinement, *, folder: Path) -> Launch:
        """Start the runner as a plain process."""
        return _launch(_policy(confinement, folder=folder, isolation="none", env=self._env))


def _policy(
    confinement: Confinement,
    *,
    folder: Path,
    isolation: Isolation,
    env: Mapping[str, str],
    readable: list[str] | None = None,
    denied: list[str] | None = None,
) -> LaunchPolicy:
    return LaunchPolicy(
        isolation=isolation,
        argv=list(_RUNNER),
        env={**_child_env(str(folder)), **env},
        folder=str(folder),
        limits=confinement.limits,
        readable=readable or [],
        denied=denied or [],
        allow_hosts=list(confinement.allow_hosts),
        operator_hosts=list(confinement.operator_hosts),
    )


def _child_env(folder: str) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": folder,
        "TMPDIR": folder,
        # Looking for pydantic plugins reads a file of every installed distribution.
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
    }


def _launch(policy: LaunchPolicy) -> Launch:
    control, control_child = socket.socketpair()
    channel, channel_child = socket.socketpair()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    arguments = [sys.executable, "-I", "-S", "-c", START, str(control_child.fileno()), *import_paths()]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own program, and nothing of the caller in its arguments
            arguments,
            stdin=channel_child.fileno(),
            stdout=out_write,
            stderr=err_write,
            env=_LAUNCHER_ENV,
            cwd="/",
            pass_fds=(control_child.fileno(),),
            start_new_session=True,
        )
    except BaseException:
        control.close()
        channel.close()
        os.close(out_read)
        os.close(err_read)
        raise
    finally:
        control_child.close()
        channel_child.close()
        os.close(out_write)
        os.close(err_write)
    # A launcher that is already dead shows up when its control socket is read.
    with suppress(OSError):
        control.sendall(policy.to_line())
    return Launch(process=process, channel=channel, control=control, stdout=out_read, stderr=err_read)


def _landlock_abi() -> int | None:
    try:
        # Inside the function: the library exists on Linux only, and loading it is part of the check.
        from sandlock import landlock_abi_version
    except (ImportError, OSError):
        return None
    return int(landlock_abi_version())


def _landlock_abi_needed() -> int:
    from sandlock import min_landlock_abi

    return int(min_landlock_abi())
