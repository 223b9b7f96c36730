"""From security schemes to how an integration is connected."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from wren.openapi.choice import Choice
from wren.openapi.document import Document, DocumentInvalid, ReferenceInvalid
from wren.openapi.keywords import tidy
from wren.openapi.naming import snake_case
from wren_core.contract.auth import ApiKeyConfig, CredentialSpec, CredentialType, CustomAuth, OAuth2Config
from wren_core.contract.request_binding import Constant

Requirement = frozenset[str]
_NO_FLOW = "the security scheme of type {} has no authorization code flow; a token is asked for instead"
_TOKENS = frozenset({"oauth2", "bearer"})
_KINDS = ("oauth2", "apikey", "bearer", "basic")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How an integration is connected, and which requirement of the document that fulfils."""

    auth: OAuth2Config | ApiKeyConfig | CustomAuth | None = None
    credentials: tuple[CredentialSpec, ...] = ()
    constants: tuple[Constant, ...] = ()
    """Further keys, which every request carries."""
    requirement: Requirement = frozenset()
    is_free: bool = False
    """A person chose it, so it is good for every operation."""
    holds_token: bool = False
    """It sends a token of its own."""
    warnings: tuple[str, ...] = field(default=())

    def opens(self, requirements: Iterable[Requirement]) -> bool:
        """Tell whether an operation with these requirements, any of which is enough, can be called."""
        wanted = list(requirements)
        return self.is_free or not wanted or any(item <= self.requirement for item in wanted)


def requirements_of(document: Document, operation: Mapping[str, Any]) -> list[dict[str, list[str]]]:
    """Return what an operation asks for: alternatives, each with schemes and scopes; none for nothing at all."""
    given = operation.get("security", document.root.get("security"))
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []


def scopes_in(requirement: Mapping[str, Any]) -> list[str]:
    """Return the scopes of a requirement; a scope `none` is how some documents say that none is needed."""
    named = [str(scope) for scopes in requirement.values() if isinstance(scopes, list) for scope in scopes]
    return [scope for scope in dict.fromkeys(named) if scope.lower() != "none"]


def choose_connection(
    document: Document, name: str, operations: Iterable[Mapping[str, Any]], choice: Choice
) -> Connection:
    """Return the connection that opens most of the operations.

    Raises:
        DocumentInvalid: what was chosen on the command line is no way to connect.
    """
    if choice.auth is not None:
        return _chosen(name, choice.auth)
    schemes = _schemes(document)
    wanted = [requirements_of(document, operation) for operation in operations]
    counts = Counter(frozenset(item) for options in wanted for item in options if item)
    kinds = {key: _kind(node) for key, node in schemes.items()}
    usable = [item for item in counts if _is_usable([kinds.get(key) for key in item])]
    if not usable:
        return _none(counts, kinds)
    best = max(usable, key=lambda item: (counts[item], -min(_rank(kinds[key]) for key in item), sorted(item)))
    scopes = dict.fromkeys(
        scope for options in wanted for item in options if frozenset(item) == best for scope in scopes_in(item)
    )
    return _connection(name, {key: schemes[key] for key in sorted(best)}, list(scopes))


def _schemes(document: Document) -> dict[str, dict[str, Any]]:
    """Return the schemes by name; one that leads nowhere is none."""
    components = document.root.get("components")
    nodes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    found: dict[str, dict[str, Any]] = {}
    for key, node in nodes.items() if isinstance(nodes, Mapping) else ():
        with suppress(ReferenceInvalid):
            found[key] = document.resolved(node)
    return found


def _none(counts: Mapping[Requirement, int], kinds: Mapping[str, str | None]) -> Connection:
    if counts:
        asked = ", ".join(sorted({key for item in counts for key in item}))
        return Connection(warnings=(f"none of the security schemes ({asked}) can be used; say how with --auth",))
    if kinds:
        return Connection(warnings=("no operation asks for one of the security schemes; --auth says how to connect",))
    return Connection(warnings=("the document names no security scheme; --auth says how to connect",))


def _kind(scheme: Mapping[str, Any]) -> str | None:
    match scheme.get("type"), str(scheme.get("scheme", "")).lower():
        case "oauth2", _:
            return "oauth2" if _code_flow(scheme) else "bearer"
        case "apiKey", _:
            return "apikey" if scheme.get("in") in ("header", "query") and scheme.get("name") else None
        case "http", "bearer" | "basic" as kind:
            return kind
        case "openIdConnect", _:
            return "bearer"
    return None


def _rank(kind: str | None) -> int:
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


def _is_usable(kinds: list[str | None]) -> bool:
    """Tell whether schemes can be fulfilled together: one in the header Authorization, and API keys beside it."""
    in_header = {"token" if kind in _TOKENS else kind for kind in kinds if kind != "apikey"}
    return None not in kinds and len(in_header) <= 1


def _code_flow(scheme: Mapping[str, Any]) -> Mapping[str, Any] | None:
    flow = (scheme.get("flows") or {}).get("authorizationCode")
    is_whole = isinstance(flow, Mapping) and all(
        str(flow.get(key, "")).startswith(("https://", "http://")) for key in ("authorizationUrl", "tokenUrl")
    )
    return flow if is_whole else None


def _connection(name: str, schemes: Mapping[str, Mapping[str, Any]], scopes: list[str]) -> Connection:
    main = min(schemes, key=lambda key: (_rank(_kind(schemes[key])), key))
    base = _main(name, schemes[main], scopes)
    # A second scheme for a token is fulfilled by the same one.
    others = [(key, scheme) for key, scheme in schemes.items() if key != main and _kind(scheme) == "apikey"]
    further = [_further(name, key, scheme, base.credentials) for key, scheme in others]
    constants = [
        Constant(place=scheme["in"], name=str(scheme["name"]), credential=spec.key)
        for (_, scheme), spec in zip(others, further, strict=True)
    ]
    return Connection(
        auth=base.auth,
        credentials=(*base.credentials, *further),
        constants=tuple(constants),
        requirement=frozenset(schemes),
        holds_token=base.holds_token,
        warnings=base.warnings,
    )


def _main(name: str, scheme: Mapping[str, Any], scopes: list[str]) -> Connection:
    kind = _kind(scheme)
    flow = _code_flow(scheme)
    if kind == "oauth2" and flow is not None:
        auth = OAuth2Config(
            provider=name,
            authorization_url=flow["authorizationUrl"],
            token_url=flow["tokenUrl"],
            scopes=tuple(scopes),
        )
        return Connection(auth=auth, credentials=_oauth_credentials(name), holds_token=True)
    if kind == "apikey":
        spec = _credential(name, "api_key", CredentialType.API_KEY, scheme)
        return Connection(auth=ApiKeyConfig(placement=scheme["in"], name=str(scheme["name"])), credentials=(spec,))
    if kind == "basic":
        return _basic(name, scheme)
    return _bearer(name, scheme, () if scheme.get("type") == "http" else (_NO_FLOW.format(scheme.get("type")),))


def _further(name: str, key: str, scheme: Mapping[str, Any], taken: tuple[CredentialSpec, ...]) -> CredentialSpec:
    label = snake_case(key) or "key"
    label = f"second_{label}" if label in {spec.key for spec in taken} else label
    return _credential(name, label, CredentialType.API_KEY, scheme)


def _chosen(name: str, text: str) -> Connection:
    place, _, wire_name = text.partition(":")
    if text == "none":
        return Connection(is_free=True)
    if text == "basic":
        found = _basic(name, {})
    elif text == "bearer":
        found = _bearer(name, {}, ())
    elif place in ("header", "query") and wire_name:
        found = _main(name, {"type": "apiKey", "in": place, "name": wire_name}, [])
    else:
        raise DocumentInvalid(f"--auth {text!r}: write bearer, basic, none, header:NAME or query:NAME")
    return Connection(auth=found.auth, credentials=found.credentials, is_free=True, holds_token=found.holds_token)


def _bearer(name: str, scheme: Mapping[str, Any], warnings: tuple[str, ...]) -> Connection:
    spec = _credential(name, "token", CredentialType.TOKEN, scheme)
    auth = ApiKeyConfig(placement="header", name="Authorization", prefix="Bearer ")
    return Connection(auth=auth, credentials=(spec,), holds_token=True, warnings=warnings)


def _basic(name: str, scheme: Mapping[str, Any]) -> Connection:
    spec = _credential(
        name, "login", CredentialType.BASIC_AUTH, {"description": "User name and password as name:password", **scheme}
    )
    field_schema = {"type": "string", "description": spec.description}
    form = {"type": "object", "properties": {"login": field_schema}, "required": ["login"]}
    return Connection(auth=CustomAuth(parameters=form), credentials=(spec,), holds_token=True)


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


def _credential(name: str, key: str, kind: CredentialType, scheme: Mapping[str, Any]) -> CredentialSpec:
    text = scheme.get("description")
    about = tidy(text) if isinstance(text, str) and text.strip() else key.replace("_", " ").capitalize()
    key = key if key[0].isalpha() else f"key_{key}"
    return CredentialSpec(key=key, type=kind, description=about, env_var=f"{name}_{key}".upper())
