"""Every mistake of an author ends in a message with its place, its cause and what to write."""

import re
import textwrap
from datetime import timedelta

import pytest

from wren_core.plugins.discovery import find_entry_points
from wren_core.plugins.loading import load_integration
from wren_core.plugins.refusal import RefusedError

SECONDS = timedelta(seconds=10)
MODULE = '''
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, Callable, Iterator, Literal
from pydantic import Field
from wren_core import *
from wren_core import ApiKeyConfig, CredentialSpec, Integration, IntegrationConfig, IntegrationSpec, method

class Plugin(Integration):
    """Do things."""

    spec = IntegrationSpec(name="slip", display_name="Slip"{spec})
{body}
{after}
'''
LINE = r" \(\w+\.py, line \d+\)"


@pytest.fixture
def load(install):
    def load(source: str, value: str = "slip_of_pen:Plugin"):
        install("wren-slip", {"slip_of_pen": source}, entry_points={"slip": value})
        (point,) = [point for point in find_entry_points() if point.name == "slip"]
        return load_integration(point, SECONDS)

    return load


@pytest.fixture
def refused(load):
    def refused(source: str, value: str = "slip_of_pen:Plugin") -> str:
        with pytest.raises(RefusedError) as caught:
            load(source, value)
        return str(caught.value)

    return refused


def write(body: str = "", *, spec: str = "", after: str = "") -> str:
    indented = textwrap.indent(textwrap.dedent(body), "    ")
    return MODULE.format(spec=f", {spec}" if spec else "", body=indented, after=textwrap.dedent(after))


def act(marks: str = "", signature: str = "self", result: str = " -> str") -> str:
    return f'@method{marks}\ndef act({signature}){result}:\n    """Act."""\n    return ""\n'


DECORATOR = [
    ('(efect="write", idempotant=False)', "@method has no keyword 'efect'; did you mean 'effect'?"),
    ("(idempotant=False)", "@method has no keyword 'idempotant'; did you mean 'idempotent'?"),
    ('(scope=["a"])', "@method has no keyword 'scope'; did you mean 'scopes'?"),
    ("(approval=True)", "@method has no keyword 'approval'; did you mean 'requires_approval'?"),
    ("(zzz=1)", "@method has no keyword 'zzz'; it takes effect, idempotent, scopes, undo, simulate"),
    ('(effect="writes")', "effect='writes'): it must be 'read', 'write' or 'destructive'; did you mean 'write'?"),
    ('(effect="delete")', "effect='delete'): it must be 'read', 'write' or 'destructive'"),
    ("(effect=None)", "effect=None): it must be 'read', 'write' or 'destructive'"),
    ('(scopes="write")', "scopes='write'): it must be a list; write scopes=['write']"),
    ('(scopes="read write")', "it must be a list; write scopes=['read', 'write']"),
    ('(scopes=["read write"])', "'read write' is no scope; each is one text without spaces"),
    ('(scopes=[""])', "'' is no scope"),
    ("(scopes=7)", "scopes=7): it must be a list of texts"),
    ('(idempotent="no")', "idempotent='no'): it must be True or False"),
    ("(requires_approval=1)", "requires_approval=1): it must be True or False"),
    ('(simulate="validate")', "did you mean 'validate_only'?"),
    ('(undo="remove")', "undo='remove'): write undo=UndoSpec(method="),
    ('(example=["x"])', "example=['x']): it must be text"),
    ("(name=3)", "name=3): it must be text"),
]


@pytest.mark.parametrize(("marks", "cure"), DECORATOR)
def test_a_keyword_of_method_that_does_not_fit_is_a_type_error_with_its_place(refused, marks, cure):
    said = refused(write(act(marks)))

    assert cure in said
    assert re.match(r"Plugin\.act: ", said)
    assert re.search(LINE, said)


SIGNATURES = [
    ("self, a", "parameter 'a' needs a type annotation; write `a: Annotated[str"),
    ("self, *args: str", "parameter 'args' must be a plain named parameter"),
    ("self, **kwargs: str", "several values are one parameter, `list[str]` or `dict[str, str]`"),
    ("self, a: str, /", "parameter 'a' must be a plain named parameter"),
    ("a: str", "the first parameter must be `self`"),
    ("", "the first parameter must be `self`"),
    ("self, a: 'Nowhere'", "name 'Nowhere' is not defined; define or import it at the top of the module"),
    ("self, a: Callable[[], int]", "CallableSchema has no JSON form; use a Record"),
    ("self, a: Integration", "has no JSON form; use a Record"),
    ("self, a: Annotated[str, Field(pattern='(')]", "unclosed group"),
    (
        "self, limit: Annotated[int, Field(ge=1)] = 0",
        "the default 0 of 'limit' does not fit its own schema, minimum: 1",
    ),
    ("self, a: int = 'no'", "the default 'no' of 'a' does not fit its own schema, integer"),
    ("self, a: int = None", "the default None of 'a' does not fit its own schema, integer; write `| None`"),
    ("self, a: Literal['x', 'y'] = 'z'", "the default 'z' of 'a' does not fit its own schema, 'x' | 'y'"),
    ("self, a: list[int] = ['no']", "the default ['no'] of 'a' does not fit its own schema"),
    ("self, a: datetime = 'yesterday'", "the default 'yesterday' of 'a' does not fit its own schema"),
    ("self, a: Annotated[str, Field(max_length=2)] = 'long'", "the default 'long' of 'a' does not fit"),
    ("self, a: Any = object()", "is not JSON serializable"),
]


@pytest.mark.parametrize(("signature", "cure"), SIGNATURES)
def test_a_signature_that_hosts_cannot_offer_is_refused_with_its_place(refused, signature, cure):
    said = refused(write(act(signature=signature)))

    assert cure in said
    assert re.search(LINE, said)


KEPT = "def keep(f):\n    return wraps(f)(lambda *args: f(*args))\n\n@keep\n"
METHODS = [
    (act(result=""), "the return type must be annotated; write `-> None` where it returns nothing"),
    (act(result=" -> Iterator[str]"), "Iterator[str] has no JSON form"),
    (act(result=" -> Missing"), "name 'Missing' is not defined"),
    (act().replace("def act", "async def act"), "not coroutines or generators; write `def`"),
    (act().replace("return", "yield"), "not coroutines or generators; return a list"),
    (act() + act(), "Plugin.act: the class has a method 'act' already; rename one of them"),
    (act("()") + act('(effect="write")'), "the class has a method 'act' already"),
    (act().replace("def act", "def client"), "the name belongs to Integration itself; rename the method"),
    (act().replace("def act", "def doIt"), "'doIt'; it must be lower-case letters, digits and underscores"),
    (act().replace("def act", "def _act"), "'_act'; it must be lower-case letters"),
    ("@staticmethod\n" + act(), "Plugin.act: @method is under another decorator; put it on top"),
    ("@property\n" + act(), "Plugin.act: @method is under another decorator; put it on top"),
    (
        "def keep(f):\n    return wraps(f)(lambda *args: f(*args))\n\n@keep\n" + act(),
        "Plugin.act: @method is under another decorator; put it on top",
    ),
    ("@method\n@property\ndef act(self) -> str:\n    'Act.'", "plain function, not on property: put it on top"),
    (act('("write")'), "plain function, not on str"),
    ("@method\nclass Act:\n    pass", "plain function, not on Act"),
    ("act = method(lambda self: 1)", "another name for <lambda>"),
    ("class Config:\n    port: int = 1", "Plugin.Config must be a class of settings"),
    ("class Config(Record):\n    port: int = 1", "write `class Config(IntegrationConfig):`"),
    ("class Config(IntegrationConfig):\n    port = 1", "A non-annotated attribute was detected: `port = 1`"),
    ("async def connect(self):\n    pass", "Plugin.connect is a coroutine; write `def connect(self)`"),
    ("def connect(self, url):\n    pass", "Plugin.connect must be a function that takes `self` alone"),
    ("def __init__(self):\n    pass", "make the client in connect()"),
]


@pytest.mark.parametrize(("body", "cure"), METHODS)
def test_a_class_that_hosts_cannot_use_is_refused_with_its_place(refused, body, cure):
    said = refused(write(body))

    assert cure in said
    assert re.search(LINE, said)


SPECS = [
    ('baseurl="https://a.example"', "IntegrationSpec.baseurl is unknown; did you mean 'base_url'?"),
    ('hosts="a.example"', "IntegrationSpec.hosts is 'a.example'; it must be a list; write ['a.example']"),
    ('hosts=("https://a.example/v1",)', "without scheme, path or wildcard"),
    ('hosts=("*.example",)', "without scheme, path or wildcard"),
    ('hosts=("API.example",)', "write 'api.example'"),
    ('hosts=("/v1",)', "host '/v1' must be `name` or `name:port`"),
    ('hosts=("..",)', "host '..' must be `name` or `name:port`"),
    ('hosts=("a.example:0",)', "host 'a.example:0' must be `name` or `name:port`"),
    ('base_url="/v1"', "IntegrationSpec.base_url is '/v1'; it must be a whole URL"),
    ('base_url="api.example"', "it must be a whole URL, such as https://api.example.com/v1"),
    ("base_url=3", "IntegrationSpec.base_url is 3; it must be a valid string"),
    ('docs_url="docs"', "IntegrationSpec.docs_url is 'docs'; it must be a whole URL"),
    ('auth="oauth2"', "write OAuth2Config(...) or ApiKeyConfig(...) or CustomAuth(...)"),
    ("auth=ApiKeyConfig", "IntegrationSpec.auth is the class ApiKeyConfig; write OAuth2Config(...)"),
    ('auth=ApiKeyConfig(placement="body")', "ApiKeyConfig.placement is 'body'; it must be 'header' or 'query'"),
    ('auth=ApiKeyConfig(header="X-Key")', "ApiKeyConfig.header is unknown; it has kind, placement, name, prefix"),
    ('oauth_provider="p", oauth_scopes="read"', "it must be a list; write ['read']"),
    ('credentials=("api_key",)', "IntegrationSpec.credentials.0 is 'api_key'; write CredentialSpec(...)"),
    ('credentials=(CredentialSpec(key="a", type="bearer", env_var="SLIP_A"),)', "CredentialSpec.type is 'bearer'"),
    ('credentials=(CredentialSpec(key="a", type="token", env_var="slip"),)', "capital letters, digits and underscores"),
    ('credentials=(CredentialSpec(key="a", type="token", env="A"),)', "CredentialSpec.env"),
    ('config_hosts=("https://{host}",)', "it must be `{field}`, `{field}:port` or `{field}:{field}`"),
    ('version="v1"', "'v1' is not a semantic version"),
    ("version=1", "IntegrationSpec.version is 1; it must be a valid string"),
    ('type="data"', "it must be 'integration', 'ai', 'documents' or 'database'"),
    ('triggers=(TriggerSpec(name="New Mail"),)', "TriggerSpec.name is 'New Mail'; it must be lower-case letters"),
    ('setup_url_template="setup"', "'setup' must be a path or URL"),
    ('methods=("act",)', "IntegrationSpec.methods.0 is 'act'; write MethodSpec(...)"),
]


@pytest.mark.parametrize(("spec", "cure"), SPECS)
def test_a_field_of_a_spec_that_does_not_fit_is_named_with_its_place_and_what_to_write(refused, spec, cure):
    said = refused(write(spec=spec))

    assert cure in said
    assert re.search(LINE, said)
    assert "pydantic" not in said


WHOLE_CLASSES = [
    (write(spec='base_url="https:///v1"'), "base_url is 'https:///v1', which names no host"),
    (write(spec='base_url="https://{shop}.example/v1"'), "the configuration has no field 'shop'"),
    (write(spec='config_hosts=("{host}",)'), "config_hosts names 'host'; write that field into `class Config"),
    (write("class Config(IntegrationConfig):\n    port: int = 'no'"), "config schema: the default 'no' of 'port'"),
    (write("class Config(IntegrationConfig):\n    account: str = ''"), "the name 'account' is reserved"),
    (write(act().replace('"""Act."""', "pass")), "methods without a docstring: act"),
    (write(act('(effect="write", undo=UndoSpec(method="akt"))')), "'akt', which is not a method of the integration"),
    (write().replace("    spec =", "    spce ="), "Plugin.spec is not an IntegrationSpec: it is missing; did you mean"),
    (write().replace('name="slip"', 'name="slop"'), "offers slop; spec.name must equal the entry point's name"),
    (write().replace("IntegrationSpec(name", "dict(name"), "but a dict; write spec = IntegrationSpec(name=...)"),
    (write().replace("Plugin(Integration)", "Plugin"), "is a class, but not one of Integration"),
    (write(after="def Plugin(): pass"), "it is a function, not a class of Integration"),
]


@pytest.mark.parametrize(("source", "cure"), WHOLE_CLASSES)
def test_a_class_that_contradicts_itself_is_refused_with_what_to_write(refused, source, cure):
    assert cure in refused(source)


IMPORTS = [
    ('raise TypeError("x")', "TypeError: x (slip_of_pen.py, line 1)"),
    ('def f():\n    raise TypeError("x")\n\nf()', "TypeError: x (slip_of_pen.py, line 2)"),
    ('import json\njson.loads("{")', "(slip_of_pen.py, line 2)"),
    ("x = Nowhere", "NameError: name 'Nowhere' is not defined (slip_of_pen.py, line 1)"),
    ("def f(:", "SyntaxError: invalid syntax (slip_of_pen.py, line 1)"),
    ("def f():\nx = 1", "IndentationError: expected an indented block"),
    ("import no_such_library", "where they do not name it, add it to pyproject.toml (slip_of_pen.py, line 1)"),
    ("from wren_core import Integratoin", "did you mean 'Integration'? (slip_of_pen.py, line 1)"),
    ("from wren_core.http import HttpClient", "did you mean 'wren_core.http_"),
    ("from slip_of_pen import Plugin", "move one of the two imports into a function (slip_of_pen.py, line 1)"),
    (
        "class E(Exception):\n    def __init__(self, a): pass\n\nraise E()",
        "missing 1 required positional argument: 'a'",
    ),
    ("import sys\nsys.exit(2)", "called sys.exit(2) while it was loaded (slip_of_pen.py, line 2)"),
]


@pytest.mark.parametrize(("source", "cause"), IMPORTS)
def test_an_import_that_fails_says_why_and_at_which_line_of_the_plugin(refused, source, cause):
    assert cause in refused(source)


ENTRY_POINTS = [
    ("slip_of_pen:Plugn", "slip_of_pen has no attribute 'Plugn'; did you mean 'Plugin'?"),
    ("slip_of_pen:Zzz", "slip_of_pen has no attribute 'Zzz'; it has Plugin"),
    ("slip_of_pencil:Plugin", "No module named 'slip_of_pencil', which the entry point 'slip' names"),
    ("slip_of_pen", "name the class, slip_of_pen:Plugin"),
    ("src/slip_of_pen.py:Plugin", "is not `package.module:Class`; correct the entry point in pyproject.toml"),
]


@pytest.mark.parametrize(("value", "cure"), ENTRY_POINTS)
def test_a_wrong_entry_point_says_what_to_write_in_it(refused, value, cure):
    assert cure in refused(write(), value)


def test_a_mutable_default_is_no_mistake(load):
    integration = load(write(act(signature="self, a: list[str] = []")))

    assert integration.full_spec().method("act").input_schema["properties"]["a"]["default"] == []


def test_a_method_may_be_replaced_in_a_subclass_and_defined_again_in_a_module(load):
    other = f"\n\nclass Other(Plugin):\n{textwrap.indent(act(), '    ')}"

    assert list(load(write(act(), after=f"{act()}{act()}{other}")).methods()) == ["act"]
