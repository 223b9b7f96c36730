"""What an integration needs of a connection: derived from its spec, nothing else."""

import unicodedata
from collections.abc import Collection, Mapping

from wren_backend.connections.errors import CredentialsInvalid
from wren_backend.connections.parameters import misfits
from wren_core.contract.spec import CredentialSpec, CredentialType, CustomAuth, IntegrationSpec, OAuth2Config

# OpenID's own scopes open no method, and providers grant them under other names.
_IDENTITY_SCOPES = frozenset({"openid", "email", "profile", "address", "phone", "offline_access"})
_LONGEST_VALUE = 16_384
_ONE_LINE = frozenset({CredentialType.API_KEY, CredentialType.TOKEN, CredentialType.OAUTH2})


def uses_oauth(spec: IntegrationSpec) -> bool:
    """Tell whether a person authorises the integration at its provider."""
    return isinstance(spec.auth, OAuth2Config)


def accepts_token(spec: IntegrationSpec) -> bool:
    """Tell whether a person may hand over a token made at the provider instead of consenting there."""
    return isinstance(spec.auth, OAuth2Config) and spec.auth.accepts_token


def gives_token(spec: IntegrationSpec, values: Collection[str]) -> bool:
    """Tell whether the values hold a token made at the provider."""
    return accepts_token(spec) and access_key(spec) in values


def accepts_connection(spec: IntegrationSpec) -> bool:
    """Tell whether there is anything to connect."""
    return uses_oauth(spec) or bool(spec.credentials)


def requires_connection(spec: IntegrationSpec) -> bool:
    """Tell whether the integration cannot work without a connection."""
    return uses_oauth(spec) or any(credential.required for credential in spec.credentials)


def access_key(spec: IntegrationSpec) -> str:
    """Return the key under which the access token is stored."""
    return next((cred.key for cred in spec.credentials if cred.type is CredentialType.OAUTH2), "access_token")


def refresh_key(spec: IntegrationSpec) -> str:
    """Return the key under which the refresh token is stored."""
    declared = (cred.refresh_key for cred in spec.credentials if cred.type is CredentialType.OAUTH2)
    return next(declared, None) or "refresh_token"


def typed_credentials(spec: IntegrationSpec) -> list[CredentialSpec]:
    """List the credentials a person types in, tokens of OAuth apart."""
    return [cred for cred in spec.credentials if cred.type is not CredentialType.OAUTH2 or not uses_oauth(spec)]


def missing_scopes(spec: IntegrationSpec, granted: Collection[str]) -> list[str]:
    """List the scopes the integration asks for that were not granted; none where the granted ones are unknown."""
    if accepts_token(spec) and not granted:
        return []
    wanted = (scope for scope in spec.required_scopes if scope not in _IDENTITY_SCOPES)
    return [scope for scope in wanted if scope not in granted] if uses_oauth(spec) else []


def missing_credentials(spec: IntegrationSpec, stored: Collection[str]) -> list[str]:
    """List the keys of required credentials of which nothing is stored."""
    return [cred.key for cred in spec.credentials if cred.required and cred.key not in stored]


def check_values(spec: IntegrationSpec, values: Mapping[str, str]) -> dict[str, str]:
    """Return credential values as they are stored.

    Raises:
        CredentialsInvalid: names the unknown, the missing and the unusable ones, and never shows a value.
    """
    wanted = {cred.key: cred for cred in _list_expected(spec, values)}
    given = {key: _tidy(wanted.get(key), value) for key, value in values.items()}
    unknown = [key for key in given if key not in wanted]
    missing = [key for key, cred in wanted.items() if cred.required and not given.get(key)]
    unusable = [key for key, value in given.items() if key in wanted and not _is_usable(wanted[key], value)]
    stored = {key: value for key, value in given.items() if value}
    reasons = {} if unknown or missing or unusable else _explain_misfits(spec, stored)
    if not (unknown or missing or unusable or reasons):
        return stored
    found = {"missing": missing, "unknown": unknown, "unusable": [*unusable, *reasons]}
    parts = [f"{what}: {', '.join(map(_format_key, keys))}" for what, keys in found.items() if keys]
    parts += [f"{_format_key(key)} {reason}" for key, reason in reasons.items()]
    raise CredentialsInvalid(
        f"{spec.name}: the credential values do not fit ({'; '.join(parts)}); it takes {', '.join(wanted) or 'none'}",
        details={
            "integration": spec.name,
            "expected": list(wanted),
            "reasons": {_format_key(key): reason for key, reason in reasons.items()},
            **{k: [*map(_format_key, v)] for k, v in found.items()},
        },
    )


def _explain_misfits(spec: IntegrationSpec, values: Mapping[str, str]) -> dict[str, str]:
    """Return why values are not usable for their purpose, by key."""
    return misfits(spec.auth.parameters, values) if isinstance(spec.auth, CustomAuth) else {}


def _list_expected(spec: IntegrationSpec, values: Collection[str]) -> Collection[CredentialSpec]:
    """Return what values are checked against; where nothing else can be typed in, any value stands for a token."""
    typed = typed_credentials(spec)
    is_token = accepts_token(spec) and values and (access_key(spec) in values or not typed)
    return spec.credentials if is_token else typed


def _tidy(cred: CredentialSpec | None, value: str) -> str:
    return value.strip() if cred is not None and cred.type in _ONE_LINE else value


def _is_usable(cred: CredentialSpec, value: str) -> bool:
    """Tell whether the value fits an environment variable, and a header where it is meant for one."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    is_one_line = cred.type not in _ONE_LINE or value.isprintable()
    if cred.type is CredentialType.BASIC_AUTH:  # RFC 7617: any character except control characters
        is_one_line = not any(unicodedata.category(char) == "Cc" for char in value)
    return "\x00" not in value and len(value) <= _LONGEST_VALUE and is_one_line


def _format_key(key: str) -> str:
    return "".join(char for char in key[:64] if char.isprintable())
