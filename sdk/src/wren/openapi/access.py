"""Chooses how an integration is connected, from the security schemes of the document."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from wren.openapi.addresses import AddressFields, read_oauth_url
from wren.openapi.choice import Choice
from wren.openapi.errors import DocumentInvalid
from wren.openapi.keywords import tidy
from wren.openapi.model import Requirement, Scheme
from wren.openapi.python_names import snake_case
from wren_core.contract.address_check import list_template_problems
from wren_core.contract.auth import ApiKeyConfig, CredentialSpec, CredentialType, CustomAuth, OAuth2Config
from wren_core.contract.request_binding import Constant

_NO_FLOW = (
    "the security scheme of type {} has no authorization code flow with addresses that can be used; "
    "the integration takes a token instead"
)
_TOKENS = frozenset({"oauth2", "bearer"})
_KINDS = ("oauth2", "apikey", "bearer", "basic")
_LOGIN = "User name and password as name:password"


@dataclass(frozen=True, kw_only=True)
class Access:
    """The credentials of an integration, and the security requirement that they fulfil."""

    auth: OAuth2Config | ApiKeyConfig | CustomAuth | None = None
    credentials: tuple[CredentialSpec, ...] = ()
    constants: tuple[Constant, ...] = ()
    """Further keys, which every request carries."""
    requirement: frozenset[str] = frozenset()
    is_free: bool = False
    """The user chose it, so it applies to every operation."""
    holds_token: bool = False
    """It sends a token."""
    warnings: tuple[str, ...] = ()

    def opens(self, requirements: Iterable[Requirement]) -> bool:
        """Tell whether an operation with these requirements, any of which is enough, can be called."""
        wanted = list(requirements)
        return self.is_free or not wanted or any(self.requirement.issuperset(item) for item in wanted)


def list_scopes(requirement: Requirement) -> list[str]:
    """List the scopes of a requirement; some documents write the scope `none` for no scope."""
    named = [scope for scopes in requirement.values() for scope in scopes]
    return [scope for scope in dict.fromkeys(named) if scope.lower() != "none"]


def read_addresses(schemes: Mapping[str, Scheme], base_url: str, fields: AddressFields) -> dict[str, Scheme]:
    """Return the schemes with whole addresses of OAuth; one without usable addresses takes a token instead."""
    return {key: _with_addresses(scheme, base_url, fields) for key, scheme in schemes.items()}


def _with_addresses(scheme: Scheme, base_url: str, fields: AddressFields) -> Scheme:
    if scheme.kind != "oauth2":
        return scheme
    found = [read_oauth_url(url, base_url, fields) for url in (scheme.authorization_url, scheme.token_url)]
    if not all(found) or any(list_template_problems(url, has_secret=True) for url in found):
        return replace(scheme, kind="bearer")
    return replace(scheme, authorization_url=found[0], token_url=found[1])


def choose_access(
    schemes: Mapping[str, Scheme], name: str, wanted: Iterable[tuple[Requirement, ...]], choice: Choice
) -> Access:
    """Return the access that covers the most operations.

    Args:
        schemes: the security schemes by name.
        name: name of the integration.
        wanted: the requirements of each operation.
        choice: what the user chose.

    Raises:
        DocumentInvalid: the choice is not a supported kind of authentication.
    """
    if choice.auth is not None:
        return _read_choice(name, choice.auth)
    # Most operations share the requirements of the document, which are then read once.
    given = list(wanted)
    shared = Counter(id(options) for options in given)
    distinct = {id(options): options for options in given}
    counts: Counter[frozenset[str]] = Counter()
    for key, options in distinct.items():
        for item in options:
            counts[frozenset(item)] += shared[key] if item else 0
    counts = +counts
    alternatives = [item for options in distinct.values() for item in options]
    usable = [item for item in counts if _is_usable(item, schemes)]
    if not usable:
        return _no_access(counts, schemes)
    best = max(usable, key=lambda item: (counts[item], -min(_rank(schemes[key]) for key in item), sorted(item)))
    scopes = dict.fromkeys(scope for item in alternatives if frozenset(item) == best for scope in list_scopes(item))
    return _combine(name, {key: schemes[key] for key in sorted(best)}, list(scopes))


def _no_access(counts: Mapping[frozenset[str], int], schemes: Mapping[str, Scheme]) -> Access:
    if counts:
        asked = ", ".join(sorted({key for item in counts for key in item}))
        return Access(warnings=(f"none of the security schemes ({asked}) can be used; choose one with --auth",))
    if schemes:
        return Access(warnings=("no operation requires a security scheme; choose one with --auth",))
    return Access(warnings=("the document declares no security scheme; choose one with --auth",))


def _rank(scheme: Scheme) -> int:
    return _KINDS.index(scheme.kind) if scheme.kind else len(_KINDS)


def _is_usable(requirement: frozenset[str], schemes: Mapping[str, Scheme]) -> bool:
    """Tell whether schemes can be fulfilled together: API keys, and one other in the header Authorization."""
    kinds = [schemes[key].kind if key in schemes else None for key in requirement]
    in_header = {"token" if kind in _TOKENS else kind for kind in kinds if kind != "apikey"}
    return None not in kinds and len(in_header) <= 1


def _combine(name: str, schemes: Mapping[str, Scheme], scopes: list[str]) -> Access:
    main = min(schemes, key=lambda key: (_rank(schemes[key]), key))
    base = _main_access(name, schemes[main], scopes)
    # One token fulfils a second token scheme too.
    others = [(key, scheme) for key, scheme in schemes.items() if key != main and scheme.kind == "apikey"]
    further = [_further_credential(name, key, scheme, base.credentials) for key, scheme in others]
    constants = [
        Constant(place=scheme.place, name=scheme.name, credential=spec.key)
        for (_, scheme), spec in zip(others, further, strict=True)
    ]
    return Access(
        auth=base.auth,
        credentials=(*base.credentials, *further),
        constants=tuple(constants),
        requirement=frozenset(schemes),
        holds_token=base.holds_token,
        warnings=base.warnings,
    )


def _main_access(name: str, scheme: Scheme, scopes: list[str]) -> Access:
    if scheme.kind == "oauth2":
        auth = OAuth2Config(
            provider=name,
            authorization_url=scheme.authorization_url,
            token_url=scheme.token_url,
            scopes=tuple(scopes),
        )
        return Access(auth=auth, credentials=_oauth_credentials(name), holds_token=True)
    if scheme.kind == "apikey":
        spec = _credential(name, "api_key", CredentialType.API_KEY, scheme.description)
        return Access(auth=ApiKeyConfig(placement=scheme.place, name=scheme.name), credentials=(spec,))
    if scheme.kind == "basic":
        return _basic_access(name, scheme.description)
    warnings = () if scheme.type == "http" else (_NO_FLOW.format(scheme.type),)
    return _bearer_access(name, scheme.description, warnings)


def _further_credential(name: str, key: str, scheme: Scheme, taken: tuple[CredentialSpec, ...]) -> CredentialSpec:
    label = snake_case(key) or "key"
    label = f"second_{label}" if label in {spec.key for spec in taken} else label
    return _credential(name, label, CredentialType.API_KEY, scheme.description)


def _read_choice(name: str, text: str) -> Access:
    place, _, wire_name = text.partition(":")
    if text == "none":
        return Access(is_free=True)
    if text == "basic":
        found = _basic_access(name, "")
    elif text == "bearer":
        found = _bearer_access(name, "", ())
    elif place == "header" and wire_name:
        found = _main_access(name, Scheme(type="apiKey", kind="apikey", place="header", name=wire_name), [])
    elif place == "query" and wire_name:
        found = _main_access(name, Scheme(type="apiKey", kind="apikey", place="query", name=wire_name), [])
    else:
        raise DocumentInvalid(f"--auth {text!r}: write bearer, basic, none, header:NAME or query:NAME")
    return Access(auth=found.auth, credentials=found.credentials, is_free=True, holds_token=found.holds_token)


def _bearer_access(name: str, description: str, warnings: tuple[str, ...]) -> Access:
    spec = _credential(name, "token", CredentialType.TOKEN, description)
    auth = ApiKeyConfig(placement="header", name="Authorization", prefix="Bearer ")
    return Access(auth=auth, credentials=(spec,), holds_token=True, warnings=warnings)


def _basic_access(name: str, description: str) -> Access:
    spec = _credential(name, "login", CredentialType.BASIC_AUTH, description or _LOGIN)
    field_schema = {"type": "string", "description": spec.description}
    form = {"type": "object", "properties": {"login": field_schema}, "required": ["login"]}
    return Access(auth=CustomAuth(parameters=form), credentials=(spec,), holds_token=True)


def _oauth_credentials(name: str) -> tuple[CredentialSpec, ...]:
    upper = name.upper()
    return (
        CredentialSpec(
            key="access_token",
            type=CredentialType.OAUTH2,
            description="Access token",
            env_var=f"{upper}_ACCESS_TOKEN",
            refresh_key="refresh_token",
            refresh_env_var=f"{upper}_REFRESH_TOKEN",
        ),
    )


def _credential(name: str, key: str, kind: CredentialType, description: str) -> CredentialSpec:
    about = tidy(description) if description.strip() else key.replace("_", " ").capitalize()
    key = key if key[0].isalpha() else f"key_{key}"
    return CredentialSpec(key=key, type=kind, description=about, env_var=f"{name}_{key}".upper())
