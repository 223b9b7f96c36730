"""Reading a script: the sandbox describes it, and what keeps it from being deployed is found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wren_backend.clock import Clock
from wren_backend.deployments.declaration import Declaration, check_declaration
from wren_backend.deployments.reading import Configured, ReadScript, make_refusal
from wren_backend.deployments.results import DeploymentLimits
from wren_backend.deployments.script import check_script
from wren_backend.deployments.starting import UNNAMED
from wren_backend.executor.executor import Description
from wren_backend.integrations.ai_choice import AISource
from wren_backend.tenancy.auth import Subject
from wren_core.errors import WrenError
from wren_core.protocol.jobs import DescribeJob


class Describer(Protocol):
    """Checks a script, and extracts its metadata without trusting it."""

    def describe(self, job: DescribeJob) -> Description:
        """Return metadata and findings; raises WrenError where the script could not be read to its end."""
        ...


class ConnectionCheck(Protocol):
    """Finds what keeps a subject from using integrations."""

    def __call__(
        self, subject: Subject, names: Sequence[str], accounts: Mapping[str, Sequence[str]]
    ) -> Sequence[WrenError]:
        """Return the problems; none when every integration is loaded, connected and usable, by each account named."""
        ...


@dataclass(frozen=True, kw_only=True)
class ScriptReader:
    """Reads scripts for a deploy and for the check before one."""

    clock: Clock
    limits: DeploymentLimits
    describer: Describer
    configuration: Callable[[Subject], Configured]
    """What the operator and the subject configured; a script may read it at import."""
    declared: Callable[[str], Mapping[str, str]]
    """Definitions that the operator added and a script may name, by integration."""
    check_connections: ConnectionCheck
    choose_ai: AISource
    list_warnings: Callable[[Sequence[str]], Sequence[str]]
    """What a script with these integrations should know."""

    def read(self, subject: Subject, script: str, name: str | None) -> ReadScript:
        """Check a script; connections that are missing are among the problems.

        Raises:
            ScriptRefused, TriggerUnsupported, InvalidInput: what is wrong with the script itself.
            ScriptNeedsPlugin: plugins that it uses could not be loaded.
        """
        check_script(script, max_bytes=self.limits.max_script_bytes)
        configured = self.configuration(subject)
        job = DescribeJob(
            script=script,
            filename=f"{name or UNNAMED}.py",
            env=configured.env,
            connections=configured.connections,
            definitions=self.declared(script),
        )
        description = self.describer.describe(job)
        if description.errors or description.metadata is None:
            raise make_refusal(description.findings)
        declaration = Declaration.of(description.metadata)
        check_declaration(declaration, now=self.clock.now(), min_interval=self.limits.min_interval)
        ai, problems = self._check_integrations(subject, declaration)
        return ReadScript(
            declaration=declaration,
            metadata=description.metadata,
            findings=description.findings,
            ai=ai,
            problems=tuple(problems),
        )

    def _check_integrations(self, subject: Subject, declaration: Declaration) -> tuple[str | None, list[WrenError]]:
        """Return the ai integration of a script that needs one and names none, and what is missing."""
        ai, unmet = None, list[WrenError]()
        if declaration.uses_ai:
            try:
                ai = self.choose_ai(subject, declared=declaration.integrations)
            except WrenError as exc:
                unmet.append(exc)
        names = dict.fromkeys([*declaration.integrations, *([ai] if ai else [])])
        return ai, [*self.check_connections(subject, list(names), dict(declaration.accounts)), *unmet]
