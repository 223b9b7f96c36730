"""Two integrations for tests: one connects with a key, the other needs configuration."""

from pathlib import Path
from typing import Annotated, Any

from wren_core import (
    ApiKeyConfig,
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationConfig,
    IntegrationSpec,
    Record,
)
from wren_core.contract.methods import method


class Parcel(Integration):
    """Send parcels and see where they are."""

    spec = IntegrationSpec(
        name="parcel",
        display_name="Parcel Post",
        auth=ApiKeyConfig(name="X-Parcel-Key"),
        credentials=(CredentialSpec(key="key", type=CredentialType.API_KEY, env_var="PARCEL_KEY"),),
        base_url="https://parcel.example",
        hosts=("parcel.example",),
    )

    class Config(IntegrationConfig):
        """Defaults of one instance."""

        city: Annotated[str | None, "City used when none is given"] = None
        retries: Annotated[int, "How often to try"] = 2

    def connect(self) -> str:
        """Return what stands for a client: the address and the key it would use."""
        return f"{self.base_url} {self.credentials['key']}"

    @method
    def client_text(self) -> str:
        """Tell what the client was made of."""
        return str(self.client)

    @method
    def settings(self) -> dict[str, Any]:
        """Tell the configuration."""
        return {"city": self.config.city, "retries": self.config.retries}

    @method(example='parcel.track("P-1")')
    def track(self, number: Annotated[str, "Number of the parcel"], limit: int = 10, full: bool = False) -> list[str]:
        """List where a parcel was."""
        return [number] * min(limit, 2)

    @method(effect="write")
    def send(
        self, to: str, weight: float, *, tags: list[str] | None = None, label: bytes | Path | None = None
    ) -> "Shipment":
        """Send a parcel."""
        return Shipment(number=f"{to}-{weight:g}")

    @method(effect="write")
    def tell(self, text: str) -> str:
        """Leave a message in the workspace's inbox."""
        return str(self.host.request("messages.send", {"body": text, "subject": "parcel"})["id"])


class Shipment(Record):
    """A parcel on its way."""

    number: str


class Depot(Integration):
    """Store parcels."""

    spec = IntegrationSpec(name="depot", display_name="Depot")

    class Config(IntegrationConfig):
        """Where it is."""

        street: Annotated[str, "Street of the depot"]
        floors: int = 1

    @method
    def address(self) -> str:
        """Tell the street."""
        return str(self.config.street)
