"""Claude as an integration: its models and its connection."""

from typing import TYPE_CHECKING

from wren_anthropic.models import MODELS
from wren_core import AIIntegration, ApiKeyConfig, CredentialSpec, CredentialType, IntegrationSpec
from wren_core.ai.keys import sendable_key

if TYPE_CHECKING:  # imports the client library, so it is imported only in `connect`
    from wren_anthropic.dialect import MessagesDialect


class Anthropic(AIIntegration):
    """Generate text with Anthropic's Claude models; they also read images and call tools."""

    spec = IntegrationSpec(
        name="anthropic",
        display_name="Anthropic",
        type="ai",
        auth=ApiKeyConfig(prefix="Bearer "),
        credentials=(
            CredentialSpec(
                key="api_key",
                type=CredentialType.API_KEY,
                env_var="ANTHROPIC_API_KEY",
                description="API key from the Claude Console (sk-ant-...)",
            ),
        ),
        docs_url="https://platform.claude.com/docs",
        base_url="https://api.anthropic.com",
        hosts=("api.anthropic.com",),
        ai=MODELS,
    )

    def connect(self) -> "MessagesDialect":
        """Return a client of the Messages API."""
        from wren_anthropic.dialect import MessagesDialect

        key = sendable_key(self.credentials, integration=self.name)
        timeout = self.config.model_dump()["timeout_seconds"]
        return MessagesDialect(key, base_url=self.base_url, timeout=timeout)
