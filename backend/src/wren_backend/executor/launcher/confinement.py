"""Two ways to start the runner: confined by sandlock, or as a plain process of the same user."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wren_backend.executor.launcher.network import build_rules
from wren_backend.executor.launcher.policy import LaunchPolicy
from wren_backend.executor.launcher.privileges import (
    apply_limits,
    forbid_new_privileges,
    limit_open_files,
)
from wren_backend.executor.launcher.syscalls import DENIED, install_filter, runner_arguments

if TYPE_CHECKING:
    from sandlock.sandbox import Process, Sandbox


@dataclass(frozen=True, kw_only=True)
class Exit:
    """How the runner ended: with a code, or by a signal."""

    code: int | None = None
    signal_number: int | None = None


# sandlock resolves the allowed hosts itself when it starts.
_RESOLVER_FILES = (
    *("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services"),
    *("/run/systemd/resolve", "/run/nscd", "/run/resolvconf", "/run/NetworkManager"),
)

Wait = Callable[[], Exit]


def start_runner(policy: LaunchPolicy, warn: Callable[[str], None]) -> Wait:
    """Start the runner on this process's descriptors 0, 1 and 2; the returned function waits for its end."""
    return _start_confined(policy, warn) if policy.isolation == "sandlock" else _start_plain(policy)


def _start_confined(policy: LaunchPolicy, warn: Callable[[str], None]) -> Wait:
    # Here and not above: the plain way needs no sandlock, and importing it takes 25 ms.
    from sandlock import StdioMode

    sandbox = _sandbox(policy, warn)
    _confine_supervisor(policy)
    apply_limits(policy.limits)
    install_filter()
    inherit = StdioMode.INHERIT
    process = sandbox.popen([*policy.argv, *runner_arguments()], stdin=inherit, stdout=inherit, stderr=inherit)
    return lambda: _confined_exit(process)


def _confine_supervisor(policy: LaunchPolicy) -> None:
    """Take this thread, and sandlock's threads that it starts, into a domain of Landlock around the script's.

    sandlock performs many calls in the script's place (ADR 36). In this domain they reach no more than the script may:
    no file outside its folder can be made, and of other processes nothing can be learned or changed.
    """
    from sandlock import Sandbox, confine

    confine(
        Sandbox(
            fs_readable=[*policy.readable, "/proc", *(path for path in _RESOLVER_FILES if Path(path).exists())],
            fs_writable=[policy.folder, "/dev/null"],
        )
    )


def _sandbox(policy: LaunchPolicy, warn: Callable[[str], None]) -> "Sandbox":
    from sandlock import Sandbox

    rules = build_rules(policy.allow_hosts, policy.operator_hosts)
    for warning in rules.warnings:
        warn(warning)
    return Sandbox(
        fs_readable=policy.readable,
        fs_writable=[policy.folder, "/dev/null"],
        fs_denied=policy.denied,
        cwd=policy.folder,
        clean_env=True,
        env=policy.env,
        net_allow=rules.allow,
        net_deny=rules.deny,
        max_processes=policy.limits.processes,
        max_open_files=policy.limits.open_files,
        extra_deny_syscalls=DENIED,
    )


def _confined_exit(process: "Process") -> Exit:
    from sandlock._sdk import ExitReason

    result = process.wait()
    if result.reason is ExitReason.EXITED:
        return Exit(code=result.exit_code)
    # sandlock has no number for a SIGKILL: it reports KILLED.
    return Exit(signal_number=result.signal if result.reason is ExitReason.SIGNALED else signal.SIGKILL)


def _start_plain(policy: LaunchPolicy) -> Wait:
    pid = os.fork()
    if pid == 0:
        _become_runner(policy)
    return lambda: _plain_exit(pid)


def _become_runner(policy: LaunchPolicy) -> None:
    try:
        os.chdir(policy.folder)
        if sys.platform == "linux":
            forbid_new_privileges()
        apply_limits(policy.limits)
        limit_open_files(policy.limits)
        os.closerange(3, 65536)
        os.execve(policy.argv[0], policy.argv, policy.env)  # noqa: S606 - no shell is wanted
    except OSError as exc:
        os.write(2, f"starting the runner failed: {exc}\n".encode())
    finally:
        os._exit(127)


def _plain_exit(pid: int) -> Exit:
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return Exit(code=code) if code >= 0 else Exit(signal_number=-code)
