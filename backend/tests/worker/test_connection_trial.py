from datetime import timedelta
from typing import Annotated

import pytest

from wren_backend.executor.executor import Executor
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.port import Outcome, OutcomeStatus, SandboxStatus
from wren_backend.executor.refusing_sandbox import RefusingSandbox
from wren_backend.worker.connection_trial import ConnectionTrial, explain, find_method
from wren_core.contract.integration import Integration
from wren_core.contract.methods import method
from wren_core.contract.spec import CredentialSpec, CredentialType, IntegrationSpec
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.registry import Registry

KEY = CredentialSpec(key="api_key", type=CredentialType.API_KEY, env_var="LEDGER_API_KEY")


class Ledger(Integration):
    """Keep books."""

    spec = IntegrationSpec(name="ledger", display_name="Ledger", credentials=(KEY,), hosts=("ledger.test",))

    @method(effect="read")
    def book(self, number: int) -> str:
        """Read a book."""
        return str(number)

    @method(effect="write")
    def shut(self) -> str:
        """Close the books."""
        return ""

    @method(effect="read")
    def search(self, text: Annotated[str, "What"] = "", limit: int = 10) -> str:
        """Search."""
        return text

    @method(effect="read")
    def whoami(self) -> str:
        """Tell whose books these are."""
        return ""


class Writer(Integration):
    """Write only."""

    spec = IntegrationSpec(name="writer", display_name="Writer", credentials=(KEY,))

    @method(effect="write")
    def write(self) -> str:
        """Write."""
        return ""


def loaded(integration):
    """Return a registry of one integration."""
    name = integration.spec.name
    plugin = LoadedPlugin(name=name, distribution=f"wren-{name}", version="1.0.0", integration=integration)
    return Registry(loaded={name: plugin}, failed={})


def test_the_cheapest_read_without_arguments_is_called():
    assert find_method(loaded(Ledger).spec("ledger")).id == "whoami"


def test_an_integration_that_only_writes_is_not_tested():
    assert find_method(loaded(Writer).spec("writer")) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"type": "UserFacingConfigError", "code": "AUTH_FAILED", "message": "no"}, "no"),
        ({"type": "AgentFixableError", "code": "PROVIDER_UNAVAILABLE", "message": "away"}, "away"),
        ({"type": "UserFacingConfigError", "code": "NOT_SLACK", "message": "wrong server"}, "wrong server"),
        ({"type": "UserFacingConfigError", "code": "OAUTH_SCOPE_MISSING", "message": "scope"}, None),
        ({"type": "AgentFixableError", "code": "RATE_LIMITED", "message": "later"}, None),
        ({"type": "AgentFixableError", "code": "NOT_FOUND", "message": "empty"}, None),
        ({"type": "InternalError", "code": "INTERNAL", "message": "broken"}, None),
        (None, None),
    ],
)
def test_only_what_tells_about_the_connection_counts_against_it(error, said):
    assert explain(Outcome(status=OutcomeStatus.FAILED, isolation="none", error=error)) == said


def test_a_test_that_does_not_end_says_that_nothing_answered():
    assert "no answer within 20 seconds" in explain(Outcome(status=OutcomeStatus.TIMEOUT, isolation="none"))


def test_where_there_is_no_sandbox_nothing_is_tested_and_nothing_runs_here(tmp_path):
    registry = loaded(Ledger)
    sandbox = RefusingSandbox(SandboxStatus(available=False, backend="none", reason="no Landlock"))
    trial = ConnectionTrial(
        executor=Executor(sandbox, runs_root=tmp_path),
        registry=registry,
        limits=Limits(wall=timedelta(seconds=300)),
        overrides={},
    )

    assert trial.find_problem(registry.spec("ledger"), {"api_key": "k"}, {}) is None
