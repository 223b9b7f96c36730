"""The shipped fake of Google behind a proxy: the fake counts the requests that arrive, the proxy injects faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from servers.backend import Backend, connect
from servers.consent import consent_google
from servers.proxy import Proxy, proxy
from wren_core.testing import serve
from wren_gmail.fake import FakeGmail

PERSON = "alice@example.com"
SEND = "/gmail/v1/users/me/messages/send"
TOKEN = "/oauth2/token"


@dataclass(frozen=True, kw_only=True)
class Google:
    """A running fake of Google."""

    gmail: FakeGmail
    proxy: Proxy

    @property
    def subjects(self) -> list[str]:
        """Subjects of the sent mails, oldest first."""
        return [mail.subject for mail in self.gmail.sent]

    @property
    def variables(self) -> dict[str, str]:
        """The settings that point a backend at the fake."""
        oauth, url = self.gmail.oauth, self.proxy.url
        return {
            "WREN_PROVIDERS__GOOGLE__CLIENT_ID": oauth.client_id,
            "WREN_PROVIDERS__GOOGLE__CLIENT_SECRET": oauth.client_secret,
            "WREN_PROVIDERS__GOOGLE__AUTHORIZATION_URL": f"{url}/o/oauth2/v2/auth",
            "WREN_PROVIDERS__GOOGLE__TOKEN_URL": f"{url}{TOKEN}",
            "WREN_PROVIDERS__GOOGLE__REVOKE_URL": f"{url}/oauth2/revoke",
            "WREN_PROVIDERS__GOOGLE__USERINFO_URL": f"{url}/oauth2/v2/userinfo",
            "WREN_INTEGRATIONS__GMAIL__BASE_URL": url,
        }

    @property
    def refreshes(self) -> int:
        """Number of refresh requests."""
        return sum(b"grant_type=refresh_token" in request.body for request in self.proxy.seen(TOKEN))

    def connect(self, server: Backend) -> str:
        """Connect the mailbox of a user and return the id of the connection."""
        return str(connect(server, "gmail", lambda url: consent_google(url, email=PERSON))["id"])


@contextmanager
def google() -> Iterator[Google]:
    """Run the fake on free ports of 127.0.0.1."""
    gmail = FakeGmail()
    with serve(gmail) as url, proxy(url) as before:
        yield Google(gmail=gmail, proxy=before)
