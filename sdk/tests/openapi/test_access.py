import re

import pytest

from wren.openapi.access import choose_access
from wren.openapi.choice import Choice
from wren.openapi.parser import parse_api

CODE = {
    "authorizationCode": {"authorizationUrl": "https://a.example/a", "tokenUrl": "https://a.example/t", "scopes": {}}
}
KEY = {"type": "apiKey", "in": "header", "name": "X-Key", "description": "Your <b>key</b>"}
APP = {"type": "apiKey", "in": "query", "name": "app"}
COOKIE = {"type": "apiKey", "in": "cookie", "name": "sid"}
OAUTH = {"type": "oauth2", "flows": CODE}
IMPLICIT = {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://a.example/a", "scopes": {}}}}
BEARER = {"type": "http", "scheme": "Bearer"}
BASIC = {"type": "http", "scheme": "basic"}
OPENID = {"type": "openIdConnect", "openIdConnectUrl": "https://a.example/.well-known/openid-configuration"}


def connected(schemes, *requirements, auth=None):
    wanted = requirements or [{name: []} for name in schemes]
    paths = {f"/{index}": {"get": {"security": [item]}} for index, item in enumerate(wanted)}
    api = parse_api({"openapi": "3.0.0", "paths": paths, "components": {"securitySchemes": schemes}})
    return choose_access(api.schemes, "depot", [item.security for item in api.operations], Choice(auth=auth))


@pytest.mark.parametrize(
    ("scheme", "kind", "credential", "fields"),
    [
        (KEY, "apikey", "api_key", {"placement": "header", "name": "X-Key", "prefix": ""}),
        (APP, "apikey", "api_key", {"placement": "query", "name": "app"}),
        (OAUTH, "oauth2", "access_token", {"token_url": "https://a.example/t", "provider": "depot"}),
        (BEARER, "apikey", "token", {"name": "Authorization", "prefix": "Bearer "}),
        (IMPLICIT, "apikey", "token", {"name": "Authorization", "prefix": "Bearer "}),
        (OPENID, "apikey", "token", {"name": "Authorization", "prefix": "Bearer "}),
        (BASIC, "custom", "login", {}),
    ],
)
def test_each_scheme_is_a_way_to_connect(scheme, kind, credential, fields):
    found = connected({"s": scheme})

    assert (found.auth.kind, [item.key for item in found.credentials]) == (kind, [credential])
    assert {name: getattr(found.auth, name) for name in fields} == fields
    assert found.opens([frozenset({"s"})])
    assert bool(found.warnings) is (scheme in (IMPLICIT, OPENID))


def test_scopes_are_those_the_operations_ask_for():
    assert connected({"o": OAUTH}, {"o": ["a", "b"]}, {"o": ["b", "c"]}).auth.scopes == ("a", "b", "c")


def test_the_scheme_of_most_operations_is_chosen_and_the_others_stay_closed():
    found = connected({"k": KEY, "b": BEARER}, {"k": []}, {"b": []}, {"b": []})

    assert found.requirement == {"b"}
    assert [found.opens([frozenset(item)]) for item in ({"b"}, {"k"}, set())] == [True, False, True]
    assert found.opens([frozenset({"k"}), frozenset({"b"})]), "either is enough"
    assert found.opens([])


def test_two_keys_that_are_needed_together_are_both_sent():
    found = connected({"k": KEY, "a": APP}, {"k": [], "a": []})

    assert [item.key for item in found.credentials] == ["api_key", "k"]
    assert (found.auth.name, found.constants[0].name, found.constants[0].credential) == ("app", "X-Key", "k")


def test_two_schemes_for_one_token_are_one():
    found = connected({"o": OAUTH, "p": IMPLICIT}, {"o": ["a"], "p": ["a"]})

    assert (found.auth.kind, len(found.credentials), found.constants) == ("oauth2", 1, ())
    assert found.opens([frozenset({"o", "p"})])


@pytest.mark.parametrize(
    ("schemes", "requirements", "said"),
    [
        ({}, [], "declares no security scheme"),
        ({"c": COOKIE}, [{"c": []}], r"none of the security schemes \(c\)"),
        ({"b": BASIC, "o": OAUTH}, [{"b": [], "o": []}], "none of the security schemes"),
        ({"k": KEY}, [{}], "no operation requires"),
    ],
)
def test_if_no_scheme_can_be_used_a_warning_names_the_option(schemes, requirements, said):
    found = connected(schemes, *(requirements or [{}]))

    (warning,) = found.warnings
    assert (found.auth, "--auth" in warning) == (None, True)
    assert re.search(said, warning)


@pytest.mark.parametrize(
    ("auth", "kind"),
    [("bearer", "apikey"), ("basic", "custom"), ("none", None), ("header:X-Token", "apikey"), ("query:key", "apikey")],
)
def test_a_person_may_say_how_to_connect(auth, kind):
    found = connected({"c": COOKIE}, {"c": []}, auth=auth)

    assert (found.auth.kind if found.auth else None) == kind
    assert found.opens([frozenset({"c"})])
