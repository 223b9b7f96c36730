"""API keys that can be sent: client libraries quote the whole key when they complain about its characters."""

import re

from wren_core.contract.credentials import Credentials
from wren_core.errors import AuthFailed


def sendable_key(credentials: Credentials, key: str = "api_key", *, integration: str) -> str:
    """Return a credential that fits a header.

    Raises:
        CredentialMissing: there is none.
        AuthFailed: it has characters that a header cannot hold, such as a copied line end.
    """
    value = credentials[key]
    if not re.fullmatch(r"[!-~]+", value):
        raise AuthFailed(
            f"the API key has invalid characters, such as a space or a line end; connect {integration} again: "
            f"`wren connect {integration} --again`"
        )
    return value
