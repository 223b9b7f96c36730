from typing import Annotated, Any

import pytest

from wren_core import (
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationConfig,
    IntegrationSpec,
    OAuth2Config,
    Record,
    TriggerSpec,
    method,
)
from wren_core.testing import conformance

SOURCE = '''
"""A plugin."""

{top}
from wren_core import Integration, IntegrationSpec

class Plugin(Integration):
    """Do things."""

    spec = IntegrationSpec(name="conforming", display_name="Plugin")

    def connect(self):
        import client_of_plugin
        return client_of_plugin
'''


class Sent(Record):
    """What was sent."""

    id: Annotated[str, "Identifier"]


class Mail(Integration):
    """Send mail."""

    spec = IntegrationSpec(
        name="mail",
        display_name="Mail",
        base_url="https://mail.example/api",
        hosts=("mail.example",),
        auth=OAuth2Config(
            provider="mail",
            authorization_url="https://mail.example/a",
            token_url="https://mail.example/t",
            scopes=("send",),
        ),
        credentials=(CredentialSpec(key="access_token", type=CredentialType.OAUTH2, env_var="MAIL_TOKEN"),),
    )

    class Config(IntegrationConfig):
        folder: Annotated[str, "Where to look"]

    def connect(self) -> Any:
        return self.credentials["access_token"]

    @method(effect="write", scopes=("send",), example='sent = mail.send("ada", subject="Hi")')
    def send(self, to: Annotated[str, "Who"], subject: Annotated[str, "Title"] = "") -> Sent:
        """Send a mail."""
        return Sent(id=to)


CONFIG = {"folder": "INBOX"}


def changed(**namespace: Any) -> type[Integration]:
    """Return a class like `Mail`, but for what is given; `spec_...` changes the spec."""
    spec = {name[5:]: value for name, value in namespace.items() if name.startswith("spec_")}
    members = {name: value for name, value in namespace.items() if not name.startswith("spec_")}
    return type("Changed", (Mail,), {"__doc__": Mail.__doc__, **members, "spec": Mail.spec.model_copy(update=spec)})


def rules(integration: type[Integration]) -> list[str]:
    """Return every fault the rules that need no distribution find."""
    found = [
        conformance.description_faults(integration),
        conformance.example_faults(integration),
        conformance.definition_faults(integration),
        conformance.tool_faults(integration),
        conformance.reach_faults(integration),
        conformance.credential_faults(integration, CONFIG),
    ]
    return [fault for faults in found for fault in faults]


def test_a_well_made_integration_has_no_fault():
    assert rules(Mail) == []


class Terse(IntegrationConfig):
    folder: str


@method(effect="write", example='mail.send("ada")')
def unsaid(self, to: str) -> dict[str, str]:
    """no sentence"""
    return {}


unsaid.id = "send"


@method(example="mail.send()")
def returning(self) -> Sent:
    """Return it."""
    return Sent(id="x")


class Bare(Record):
    id: str


@method(example="mail.returning()")
def bare(self) -> Bare:
    """Return it."""
    return Bare(id="x")


def example(text: str | None) -> Any:
    @method(example=text)
    def send(self, to: Annotated[str, "Who"]) -> Sent:
        """Send a mail."""
        return Sent(id=to)

    return send


def scoped(self, to: Annotated[str, "Who"]) -> Sent:
    """Send a mail."""
    return Sent(id=to)


scoped.__name__ = "send"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"__doc__": None, "spec_description": ""}, "Changed has no docstring"),
        ({"Config": Terse}, "init: nothing describes 'folder'"),
        ({"send": unsaid}, "send: nothing describes 'to'"),
        ({"send": unsaid}, "send: the first line of the docstring must be a sentence"),
        ({"bare": bare}, "bare returns: nothing describes 'id'"),
        ({"send": example(None)}, "send has no example"),
        ({"send": example("mail.post('x')")}, "does not call mail.send"),
        ({"send": example("1 + 1")}, "does not call mail.send"),
        ({"send": example("mail.send()")}, "missing a required argument: 'to'"),
        ({"send": example("mail.send(whom='x')")}, "unexpected argument 'whom'"),
        ({"spec_hosts": ("other.example",)}, "base_url is on mail.example, which `hosts` does not name"),
        ({"send": method(scopes=("admin",), example="mail.send('x')")(scoped)}, "send needs the scopes admin"),
        ({"connect": lambda self: object()}, "connect() works without 'access_token'"),
        ({"__repr__": lambda self: str(dict(self.credentials))}, "repr() shows a credential"),
    ],
)
def test_each_fault_is_named(change, fault):
    assert [found for found in rules(changed(**change)) if fault in found]


def test_a_call_inside_an_example_counts():
    assert list(conformance.example_faults(changed(send=example("print(mail.send('x'))")))) == []


def test_a_value_json_cannot_say_makes_the_definition_another():
    odd = changed(spec_triggers=(TriggerSpec(name="sold", config_schema={"enum": (1, 2)}),))

    assert list(conformance.definition_faults(odd)) == [
        "the definition is not the spec: is there a value in it that JSON cannot say?"
    ]


def test_without_credentials_there_is_nothing_to_miss():
    optional = tuple(item.model_copy(update={"required": False}) for item in Mail.spec.credentials)
    lenient = {"connect": lambda self: object()}

    assert list(conformance.credential_faults(changed(spec_credentials=(), **lenient), CONFIG)) == []
    assert list(conformance.credential_faults(changed(spec_credentials=optional, **lenient), CONFIG)) == []


def test_without_an_address_there_is_no_host_to_name():
    assert list(conformance.reach_faults(changed(spec_base_url=None, spec_hosts=()))) == []


@pytest.fixture
def plugin(install):
    """Install a plugin that needs a client library, and return its class."""

    def plugin(top: str = "", entry_point: str = "conforming") -> type[Integration]:
        install("client-of-plugin", {"client_of_plugin": ""}, requires=())
        install(
            "wren-conforming",
            {"conforming_plugin": SOURCE.format(top=top)},
            entry_points={entry_point: "conforming_plugin:Plugin"},
            requires=("wren-core", "pydantic", "client-of-plugin>=1"),
        )
        import conforming_plugin

        return conforming_plugin.Plugin

    return plugin


def test_an_installed_integration_is_offered(plugin):
    assert list(conformance.offer_faults(plugin())) == []


def test_an_integration_nobody_offers_is_a_fault(plugin):
    assert list(conformance.offer_faults(plugin(entry_point="elsewhere"))) == [
        "no entry point 'conforming' of the group wren.integrations loads Plugin"
    ]


def test_an_entry_point_that_does_not_load_is_a_fault(plugin, install):
    integration = plugin()
    install("wren-rival", {"rival": ""}, entry_points={"conforming": "rival:Plugin"})

    assert {fault.partition(":")[0] for fault in conformance.offer_faults(integration)} == {"DUPLICATE_NAME"}


@pytest.mark.parametrize(
    ("top", "faults"),
    [
        ("", []),
        ("import client_of_plugin", ["importing conforming_plugin imports client_of_plugin; import it in connect()"]),
    ],
)
def test_a_client_library_that_is_imported_along_is_a_fault(plugin, monkeypatch, top, faults):
    integration = plugin(top)
    monkeypatch.setenv("PYTHONPATH", str(__import__("conforming_plugin").__file__.rpartition("/")[0]))

    assert list(conformance.import_faults(integration)) == faults
