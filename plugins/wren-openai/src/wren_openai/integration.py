"""OpenAI as an integration, and any compatible server with another base URL."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from wren_core import ApiKeyConfig, CredentialSpec, CredentialType, ImageIntegration, IntegrationSpec
from wren_core.ai.keys import sendable_key
from wren_core.ai.settings import AISettings
from wren_openai.models import MODELS

if TYPE_CHECKING:  # imports the client library, so it is imported only in `connect`
    from wren_openai.dialect import ChatDialect


class OpenAI(ImageIntegration):
    """Generate text and images with OpenAI or any compatible server; models also read images and call tools."""

    spec = IntegrationSpec(
        name="openai",
        display_name="OpenAI",
        type="ai",
        auth=ApiKeyConfig(prefix="Bearer "),
        credentials=(
            CredentialSpec(
                key="api_key",
                type=CredentialType.API_KEY,
                env_var="OPENAI_API_KEY",
                description="API key (sk-...); any text for a server that needs none",
            ),
        ),
        docs_url="https://developers.openai.com/api/docs",
        base_url="https://api.openai.com/v1",
        hosts=("api.openai.com",),
        config_hosts=("{base_url}",),
        ai=MODELS,
    )

    class Config(AISettings):
        """Settings of one instance."""

        base_url: Annotated[
            str | None,
            Field(pattern=r"^https?://\S+$"),
            "Root of another server's API, such as https://llm.example/v1; list its models in `models`",
        ] = None

    def connect(self) -> "ChatDialect":
        """Return a client of the Chat Completions API."""
        from wren_openai.dialect import ChatDialect

        key, settings = sendable_key(self.credentials, integration=self.name), self.config.model_dump()
        base_url = settings["base_url"] or self.base_url
        return ChatDialect(key, base_url=base_url, timeout=settings["timeout_seconds"])
