"""The public addresses of connecting: where a person goes, and where a provider sends them back to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from wren_core.contract.spec import SETUP_PATH, IntegrationSpec
from wren_core.terminal import is_web_link

_LINKS = frozenset({"action_url", "docs_url"})


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

    def own_links(self, error: Mapping[str, Any]) -> dict[str, Any]:
        """Return the wire form of an error of a script, without links that lead elsewhere.

        A script writes its errors itself; a page it names must not look like one to which Wren sends a person.
        """
        kept = {name: value for name, value in error.items() if name not in _LINKS or self._is_own(value)}
        problems = (error.get("details") or {}).get("problems")
        if isinstance(problems, list):
            own = [self.own_links(item) if isinstance(item, Mapping) else item for item in problems]
            kept["details"] = {**error["details"], "problems": own}
        return kept

    def _is_own(self, link: object) -> bool:
        bases = [base.rstrip("/") for base in (self.public_url, self.docs_url) if base]
        return (
            isinstance(link, str)
            and is_web_link(link)
            and any(link == base or link.startswith((f"{base}/", f"{base}?", f"{base}#")) for base in bases)
        )

    def api_page(self, tag: str, operation: str) -> str:
        """Page on which a person can try an operation of the API."""
        return f"{self.public_url}/docs#/{tag}/{operation}"

    def docs(self, spec: IntegrationSpec) -> str:
        """Page that explains the integration: its own, else the operator's, else the one Wren derives."""
        if spec.docs_url or self.docs_url is None:
            return spec.docs_url or f"{self.public_url}/v1/integrations/{spec.name}/docs"
        return f"{self.docs_url.rstrip('/')}/integrations/{spec.name}"
