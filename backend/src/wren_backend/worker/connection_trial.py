"""Tries a connection before it is stored: one cheap read, in the sandbox, with the limits and hosts of a run."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, NoReturn

from wren_backend.definitions.declared import declared_documents
from wren_backend.executor.executor import Executor
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.port import Confinement, Outcome, OutcomeStatus
from wren_backend.worker.allowed_hosts import allowed_hosts
from wren_backend.worker.environment import IntegrationOverride
from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.errors import AgentFixableError, AuthFailed, UserFacingConfigError, WrenError
from wren_core.plugins.registry import Registry
from wren_core.protocol.jobs import JobConnection, RunJob
from wren_core.schemas.properties import properties_of, required_of

LONGEST_TEST = timedelta(seconds=20)
_MOST_TESTS = 2
# Names of methods that are made for this, the best first; any other read without arguments will do.
_USUAL = ("check", "ping", "whoami", "me", "status", "account", "profile", "models", "tables", "folders")
# What shows that the account, the address or the configuration is wrong. A method may fail for other reasons, such as
# an empty account or a scope that only it needs; they say nothing about the connection.
_TELLING = frozenset({"AUTH_FAILED", "CREDENTIAL_MISSING", "PROVIDER_UNAVAILABLE"})
_NOT_TELLING = frozenset({"OAUTH_SCOPE_MISSING", "CONFIG_INVALID", "PROTOCOL_MISMATCH"})
_SCRIPT = """
import wren


def test():
    getattr(getattr(wren.integrations, {integration!r}).init(), {method!r})()
"""


@dataclass(frozen=True, kw_only=True)
class ConnectionTrial:
    """Finds out why credentials do not work, where the integration has a read that needs no arguments."""

    executor: Executor
    registry: Registry
    limits: Limits
    overrides: Mapping[str, IntegrationOverride]
    free: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_MOST_TESTS))

    def find_problem(
        self, spec: IntegrationSpec, values: Mapping[str, str], configuration: Mapping[str, Any]
    ) -> str | None:
        """Return why the credentials do not work with that configuration; None where they do, or were not tested.

        Args:
            spec: the integration.
            values: credentials, by key.
            configuration: the operator's values included.
        """
        method = find_method(spec)
        if method is None or self.registry.plugin(spec.name).unbound:
            return None
        if not self.free.acquire(timeout=LONGEST_TEST.total_seconds() / 2):
            return None
        try:
            outcome = self._run(spec, method, values, configuration)
        except WrenError as exc:  # a host that no run may reach is wrong; no sandbox is not the person's matter
            return exc.message if is_telling(exc.to_wire()) else None
        finally:
            self.free.release()
        return explain(outcome)

    def _run(
        self, spec: IntegrationSpec, method: MethodSpec, values: Mapping[str, str], configuration: Mapping[str, Any]
    ) -> Outcome:
        override = self.overrides.get(spec.name)
        variables = {variable: values[key] for key, variable in spec.get_run_env_mapping().items() if values.get(key)}
        connection = JobConnection(
            integration=spec.name,
            alias="default",
            is_default=True,
            credentials=variables,
            config=configuration,
            base_url=override.base_url if override else None,
        )
        hosts = allowed_hosts([spec], self.overrides, [connection])
        limits = replace(self.limits, wall=min(self.limits.wall, LONGEST_TEST))
        return self.executor.run(
            RunJob(
                script=_SCRIPT.format(integration=spec.name, method=method.id),
                filename="connection_trial.py",
                func="test",
                event={},
                connections=(connection,),
                definitions=declared_documents(self.registry, [spec.name]),
            ),
            Confinement(limits=limits, allow_hosts=hosts.allow, operator_hosts=hosts.operator),
            secrets=list(values.values()),
            on_output=lambda *_: None,
            on_call=lambda *_: None,
            serve_request=_refuse_request,
        )


def find_method(spec: IntegrationSpec) -> MethodSpec | None:
    """Return the method to test a connection with: a read that needs no arguments; None where there is none.

    Calls of a model cost money, so of those integrations only a method with a usual name is called.
    """
    fits = [
        method
        for method in spec.methods
        if method.effect == "read"
        and (method.id in _USUAL or spec.ai is None)
        and not method.requires_approval
        and not required_of(method.input_schema)
    ]
    order = {name: place for place, name in enumerate(_USUAL)}
    return min(
        fits, key=lambda item: (order.get(item.id, len(order)), len(properties_of(item.input_schema))), default=None
    )


def explain(outcome: Outcome) -> str | None:
    """Return why a test failed, in words for a person; None where it says nothing against the connection."""
    if outcome.status is OutcomeStatus.TIMEOUT:
        return f"no answer within {LONGEST_TEST.total_seconds():g} seconds; is the address right?"
    error = outcome.error or {}
    return str(error.get("message")) if is_telling(error) else None


def is_telling(error: Mapping[str, Any]) -> bool:
    """Tell whether an error, as on the wire, says that the connection cannot work."""
    code = error.get("code")
    return code in _TELLING or (error.get("type") == UserFacingConfigError.type and code not in _NOT_TELLING)


def _refuse_request(operation: str, _payload: Mapping[str, Any]) -> NoReturn:
    if operation == "credentials.refresh":  # asked for after a refusal; there is no other credential yet
        raise AuthFailed("the service refused these credentials")
    raise AgentFixableError(f"{operation!r} is not offered while a connection is tested")
