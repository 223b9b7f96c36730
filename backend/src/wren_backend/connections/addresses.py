"""The public addresses of connecting: where a person goes, and where a provider sends them back to."""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from wren_core.contract.spec import SETUP_PATH, IntegrationSpec


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Derives every address from those the operator gave."""

    public_url: str
    """How browsers reach Wren; without a trailing slash."""
    docs_url: str | None = None
    """Where the documentation is served."""

    @property
    def is_https(self) -> bool:
        """Tell whether browsers reach Wren over TLS, so that cookies may be marked Secure."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def cookie_path(self) -> str:
        """Path below which the browser's part of a flow happens."""
        return f"{urlsplit(self.public_url).path}/integrations"

    def setup(self, spec: IntegrationSpec, *, user_id: str = "") -> str:
        """Page where a person connects the integration."""
        # Wren's own page asks who opens it, so its address can be shown to anyone.
        known = "" if spec.setup_url_template == SETUP_PATH else user_id
        return spec.get_setup_url(known, public_url=self.public_url)

    def reauthorize(self, integration: str) -> str:
        """Page where a person authorises an existing connection again."""
        return f"{self.public_url}/integrations/{integration}/reauthorize"

    def connect_link(self, integration: str, token: str) -> str:
        """One-time page that authorises one particular connection."""
        return f"{self.public_url}/integrations/{integration}/setup?{urlencode({'link': token})}"

    def callback(self, integration: str) -> str:
        """Redirect URI, byte for byte as it is registered with the provider."""
        return f"{self.public_url}/integrations/{integration}/callback"

    def api_page(self, tag: str, operation: str) -> str:
        """Page on which a person can try an operation of the API."""
        return f"{self.public_url}/docs#/{tag}/{operation}"

    def docs(self, spec: IntegrationSpec) -> str:
        """Page that explains the integration: its own, else the operator's, else the one Wren derives."""
        if spec.docs_url or self.docs_url is None:
            return spec.docs_url or f"{self.public_url}/v1/integrations/{spec.name}/docs"
        return f"{self.docs_url.rstrip('/')}/integrations/{spec.name}"
