import signal
import sys
import textwrap
from datetime import timedelta
from importlib import metadata

import pytest

from wren_core.plugins.discovery import find_entry_points
from wren_core.plugins.loading import load_integration
from wren_core.plugins.refusal import RefusedError

SECONDS = timedelta(seconds=10)
CONTRACT = metadata.version("wren-core")

CLASS = '''
from wren_core import Integration, IntegrationSpec, UndoSpec, hookimpl, method

class Plugin(Integration):
    """Do things."""

    spec = IntegrationSpec(name="{name}", display_name="Name")
'''


@pytest.fixture
def load(install):
    """Return a function that installs one plugin and loads it."""

    def load(source: str, *, name: str = "plug", value: str = "loaded_plugin:Plugin", time_limit=SECONDS, **extra):
        install("wren-plug", {"loaded_plugin": textwrap.dedent(source)}, entry_points={name: value}, **extra)
        (point,) = [point for point in find_entry_points() if point.name == name]
        return load_integration(point, time_limit)

    return load


@pytest.fixture
def refused(load):
    def refused(source: str, **extra) -> tuple[str, str]:
        with pytest.raises(RefusedError) as caught:
            load(source, **extra)
        return caught.value.code, str(caught.value)

    return refused


def with_class(body: str = "", *, name: str = "plug") -> str:
    return CLASS.format(name=name) + textwrap.indent(textwrap.dedent(body), "    ")


def test_a_class_is_loaded_as_a_plugin(load):
    assert load(with_class()).spec.name == "plug"


def test_a_module_with_a_hook_may_offer_two_integrations(install):
    hook = """
    class Mail(Plugin):
        '''Mail.'''
        spec = IntegrationSpec(name="mail_of_two", display_name="Mail")

    class Calendar(Plugin):
        '''Calendar.'''
        spec = IntegrationSpec(name="calendar_of_two", display_name="Calendar")

    @hookimpl
    def wren_integrations():
        return [Mail, Calendar]
    """
    source = CLASS.format(name="base_of_two") + textwrap.dedent(hook)
    names = ("mail_of_two", "calendar_of_two")
    install("wren-two", {"two_in_one": source}, entry_points=dict.fromkeys(names, "two_in_one"))

    points = {point.name: point for point in find_entry_points() if point.name in names}
    loaded = {name: load_integration(point, SECONDS).__name__ for name, point in points.items()}

    assert loaded == {"mail_of_two": "Mail", "calendar_of_two": "Calendar"}


@pytest.mark.parametrize(
    ("source", "code", "reason"),
    [
        ("raise RuntimeError('no licence')", "PLUGIN_RAISED", "RuntimeError: no licence (loaded_plugin.py, line 1)"),
        ("\n\n1 / 0", "PLUGIN_RAISED", "ZeroDivisionError: division by zero (loaded_plugin.py, line 3)"),
        ("import sys; sys.exit(3)", "PLUGIN_EXITED", "called sys.exit(3) while it was loaded"),
        ("raise SystemExit", "PLUGIN_EXITED", "called sys.exit(None)"),
        ("raise KeyboardInterrupt", "PLUGIN_RAISED", "KeyboardInterrupt"),
        ("import not_installed_anywhere", "DEPENDENCY_MISSING", "No module named 'not_installed_anywhere'"),
        ("def broken(:", "PLUGIN_RAISED", "SyntaxError"),
        ("x = 1", "PLUGIN_INVALID", "has no attribute 'Plugin'"),
        (
            "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
            "PLUGIN_RAISED",
            "E: (it cannot be printed)",
        ),
    ],
)
def test_every_failure_of_an_import_gives_a_code_and_a_reason(refused, source, code, reason):
    refusal = refused(source)

    assert refusal[0] == code
    assert reason in refusal[1]


def test_a_missing_module_is_a_missing_dependency(refused):
    assert refused("", value="never_written:Plugin") == (
        "DEPENDENCY_MISSING",
        "No module named 'never_written', which the entry point 'plug' names; correct the entry point in "
        "pyproject.toml, and install the distribution again",
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("Plugin = 5", "offers no integration; spec.name must equal"),
        ("Plugin = None", "offers no integration; spec.name must equal"),
        ("class Plugin: pass", "offers no integration; spec.name must equal"),
        ("def Plugin(): pass", "offers no integration; spec.name must equal"),
        (with_class(name="other"), "entry point 'plug' offers other; spec.name must equal"),
        ("from wren_core import Integration as Plugin", "Integration.spec is not an IntegrationSpec"),
        (with_class().replace('IntegrationSpec(name="plug", display_name="Name")', "{}"), "Plugin.spec is not an"),
        (with_class("@method\ndef act(self) -> int: return 1"), "methods without a docstring: act"),
        (with_class("@method\ndef act(self, x) -> int:\n    'Act.'"), "parameter 'x' needs a type annotation"),
        (with_class("@method\ndef act(self):\n    'Act.'"), "the return type must be annotated"),
        (with_class("@method\ndef Act(self) -> int:\n    'Act.'"), "declares Plugin wrongly"),
        (with_class("@method(effect='explode')\ndef act(self) -> int:\n    'Act.'"), "effect='explode'): it must be"),
        (
            with_class().replace('"Name")', '"Name", base_url="https://{shop}.example")'),
            "base_url 'https://{shop}.example': the configuration has no field 'shop'",
        ),
        (with_class("@method(undo=UndoSpec(method='gone'))\ndef act(self) -> int:\n    'Act.'"), "undone by 'gone'"),
    ],
)
def test_an_invalid_declaration_is_refused(refused, source, reason):
    code, said = refused(source)

    assert (code, reason in said) == ("PLUGIN_INVALID", True), said


def test_a_broken_schema_of_an_author_is_invalid(refused):
    source = """
    @method
    def act(self, x: Annotated[str, WithJsonSchema({"type": "strng"})]) -> int:
        'Act.'
        return 1
    """
    imports = "from typing import Annotated\nfrom pydantic import WithJsonSchema\n"

    code, said = refused(imports + with_class(source))

    assert code == "PLUGIN_INVALID"
    assert "strng" in said


def test_a_remote_reference_of_an_author_is_invalid(refused):
    source = """
    @method
    def act(self, x: Annotated[str, WithJsonSchema({"$ref": "https://evil.example/s.json"})]) -> int:
        'Act.'
        return 1
    """
    imports = "from typing import Annotated\nfrom pydantic import WithJsonSchema\n"

    assert "leads outside the schema" in refused(imports + with_class(source))[1]


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        ("@hookimpl\ndef wren_integrations():\n    return Plugin", "instead of a list"),
        ("@hookimpl\ndef wren_integrations():\n    return [5]", "offers 5, which is not an Integration class"),
        ("@hookimpl\ndef wren_integrations():\n    return [int]", "offers <class 'int'>, which is not an Integration"),
        ("@hookimpl\ndef wren_integrations():\n    return []", "offers no integration"),
        ("@hookimpl\ndef wren_integrations():\n    return None", "offers no integration"),
        ("@hookimpl\ndef wren_integrations(surprise):\n    return []", "answers the hooks wrongly"),
        ("@hookimpl\ndef wren_integration():\n    return []", "answers the hooks wrongly"),
        ("", "offers no integration"),
    ],
)
def test_a_module_with_a_wrong_hook_is_refused(refused, hook, reason):
    code, said = refused(with_class() + "\n" + hook, value="loaded_plugin")

    assert (code, reason in said) == ("PLUGIN_INVALID", True), said


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("{'pattern': '^(?!x)'}", "act, input schema: at /properties/text/pattern: the pattern '^(?!x)' cannot"),
        ("{'$ref': '#/properties/text'}", "declares Plugin wrongly: '#/properties/text'"),
        ("{'$ref': 'https://x.example/s.json'}", "leads outside the schema"),
        ("{'type': 'strng'}", "'strng' is not valid"),
    ],
)
def test_a_plugin_with_a_dangerous_schema_fails_with_its_place(refused, schema, reason):
    body = f"""
    @method
    def act(self, text: Annotated[str, WithJsonSchema({schema})]) -> int:
        'Act.'
    """
    source = "from typing import Annotated\nfrom pydantic import WithJsonSchema\n" + with_class(textwrap.dedent(body))

    code, said = refused(source)

    assert (code, reason in said) == ("PLUGIN_INVALID", True), said


def test_a_plugin_with_a_circular_schema_fails_with_its_place(refused):
    declared = """
    from wren_core import TriggerSpec

    circle = TriggerSpec(name="mail", config_schema={"$ref": "#"})
    spec = IntegrationSpec(name="plug", display_name="Plug", triggers=(circle,))
    """

    code, said = refused(with_class(textwrap.dedent(declared)))

    assert code == "PLUGIN_INVALID"
    assert "trigger mail, config schema: a $ref leads back to itself" in said


def test_a_hook_that_raises_gives_a_reason(refused):
    hook = "@hookimpl\ndef wren_integrations():\n    raise RuntimeError('later')"

    assert refused(with_class() + "\n" + hook, value="loaded_plugin")[0] == "PLUGIN_RAISED"


def test_a_plugin_that_needs_a_newer_contract_is_refused_and_not_imported(refused):
    refusal = refused("raise RuntimeError('must not be imported')", requires=("wren-core>=99", "pydantic"))

    assert refusal == ("CONTRACT_VERSION", f"needs wren-core>=99, installed is {CONTRACT}; update one of them")
    assert "loaded_plugin" not in sys.modules


@pytest.mark.parametrize(
    "requirement", ["wren_core<0.0.1", "Wren.Core[testing]==99.*", 'wren-core>=99; python_version >= "3"']
)
def test_a_requirement_that_applies_is_found_under_every_spelling(refused, requirement):
    assert refused("raise RuntimeError('must not be imported')", requires=(requirement,))[0] == "CONTRACT_VERSION"


@pytest.mark.parametrize(
    "requires",
    [
        (),
        ("wren-core",),
        (f"wren-core>={CONTRACT}",),
        ("wren-core>=0.0.1a1,<99",),
        ('wren-core[testing]>=99; extra == "test"',),
        ('wren-core>=99; python_version < "3"',),
        ("wren-core-extras>=99",),
        ("this is no requirement!!",),
    ],
)
def test_a_requirement_that_is_met_or_does_not_apply_is_no_obstacle(load, requires):
    assert load(with_class(), requires=requires).spec.name == "plug"


def test_the_time_limit_covers_the_hooks_too(refused):
    hook = "@hookimpl\ndef wren_integrations():\n    import threading; threading.Event().wait()"

    refusal = refused(with_class() + "\n" + hook, value="loaded_plugin", time_limit=timedelta(seconds=0.3))

    assert refusal == ("PLUGIN_TIMED_OUT", "did not load within 0.3 s (loaded_plugin.py, line 11)")


def test_an_interrupt_of_the_user_is_not_a_fault_of_the_plugin(load):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    source = "import _thread, threading; _thread.interrupt_main(); threading.Event().wait()"

    try:
        with pytest.raises(KeyboardInterrupt):
            load(source, time_limit=timedelta(seconds=0.5))
    finally:
        signal.signal(signal.SIGINT, before)
