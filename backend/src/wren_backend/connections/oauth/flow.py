"""The authorization code flow: the address to send a browser to, and the answers it may bring back. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]  # ships no types
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # ships no types

from wren_backend.connections.errors import FlowRefused
from wren_backend.connections.oauth.providers import Provider
from wren_backend.connections.oauth.refusals import safe_code
from wren_backend.ids import hash_token

_OURS = frozenset(
    {"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"}
)
_LONGEST_QUOTE = 300
_MEANINGS = {
    "access_denied": "access was not granted",
    "temporarily_unavailable": "the provider is busy; try again in a while",
    "server_error": "the provider failed; try again in a while",
    "invalid_scope": "the provider does not offer one of the scopes this integration asks for",
}


@dataclass(frozen=True, kw_only=True)
class CallbackAnswer:
    """A provider's answer, as the browser brings it."""

    state: str
    code: str | None = field(default=None, repr=False)
    issuer: str | None = None
    error: str | None = None
    error_description: str | None = None


def authorization_url(
    provider: Provider, *, redirect_uri: str, scopes: Sequence[str], state: str, code_verifier: str
) -> str:
    """Return the address at the provider where a person consents. A plugin's parameters cannot replace Wren's."""
    extra = {key: value for key, value in provider.additional_parameters.items() if key not in _OURS}
    return str(
        prepare_grant_uri(
            provider.authorization_url,
            client_id=provider.client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=provider.scope_separator.join(scopes) or None,
            state=state,
            code_challenge=create_s256_code_challenge(code_verifier),
            code_challenge_method="S256",
            **extra,
        )
    )


def read_callback(parameters: Iterable[tuple[str, str]]) -> CallbackAnswer:
    """Return the answer in a callback's query.

    Raises:
        FlowRefused: there is no state, or a parameter came twice (RFC 6749, 3.1).
    """
    names = {
        "state": "state",
        "code": "code",
        "iss": "issuer",
        "error": "error",
        "error_description": "error_description",
    }
    found: dict[str, str] = {}
    for name, value in parameters:
        if name not in names:
            continue
        if name in found:
            raise FlowRefused("the provider's answer has a parameter twice")
        found[name] = value
    if not found.get("state"):
        raise FlowRefused("the provider's answer carries no state")
    return CallbackAnswer(**{names[name]: value for name, value in found.items()})


def check_answer(answer: CallbackAnswer, provider: Provider) -> str:
    """Return the code of an answer whose state Wren issued.

    Raises:
        FlowRefused: it comes from another server (a mix-up attack), reports an error, or has no code.
    """
    if answer.issuer is not None and not provider.is_issued_by(answer.issuer):
        raise FlowRefused("the answer comes from another authorization server than the one this request went to")
    if answer.error is not None:
        raise FlowRefused(_describe_error(answer.error), details=_quote_description(answer.error_description))
    if not answer.code:
        raise FlowRefused("the provider's answer carries no code")
    return answer.code


def cookie_name(state: str) -> str:
    """Return the name of the cookie that binds a flow to its browser: one for each flow, so that two can overlap."""
    return f"wren_flow_{hash_token(state)[:16]}"


def _describe_error(error: str) -> str:
    code = safe_code(error)
    return _MEANINGS.get(code or "", f"the provider answered {code or 'with an error'}")


def _quote_description(description: str | None) -> Mapping[str, str]:
    printable = "".join(char for char in (description or "") if char.isprintable())[:_LONGEST_QUOTE]
    return {"provider_said": printable} if printable else {}
