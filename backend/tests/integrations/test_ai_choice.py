import pytest

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.errors import IntegrationNotConfigured
from wren_backend.integrations.ai_choice import AIChoice
from wren_backend.tenancy.auth import Subject
from wren_core import AIConfig, AIIntegration, AIModel, CredentialSpec, CredentialType, Integration, IntegrationSpec
from wren_core.errors import AgentFixableError
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.registry import Registry

SUBJECT = Subject(workspace_id="ws_1", user_id="usr_1")
MODELS = AIConfig(
    provider="birds", default_model="m", available_models=(AIModel(id="m", name="M", capabilities=("text",)),)
)


def ai_integration(name, *, needs_key=True):
    key = CredentialSpec(key="key", type=CredentialType.API_KEY, env_var=f"{name.upper()}_KEY")
    spec = IntegrationSpec(
        name=name, display_name=name.title(), type="ai", credentials=(key,) if needs_key else (), ai=MODELS
    )
    return type(name.title(), (AIIntegration,), {"spec": spec, "__doc__": "Models."})


class Parcel(Integration):
    """Track parcels."""

    spec = IntegrationSpec(name="parcel", display_name="Parcel")


def choice(*connected, installed=(ai_integration("crow"), ai_integration("parrot"))):
    loaded = {
        item.spec.name: LoadedPlugin(name=item.spec.name, distribution="d", version="1.0", integration=item)
        for item in (*installed, Parcel)
    }
    registry = Registry(loaded=loaded, failed={})
    addresses = Addresses(public_url="https://wren.test")
    return AIChoice(registry=registry, addresses=addresses, connected=lambda subject: frozenset(connected))


@pytest.mark.parametrize(
    ("connected", "declared", "preferred", "chosen"),
    [
        (["parrot"], [], None, "parrot"),
        (["parrot", "parcel"], ["parcel"], None, "parrot"),
        (["crow", "parrot"], ["parrot"], None, "parrot"),
        (["crow", "parrot"], [], "parrot", "parrot"),
        (["crow", "parrot"], ["crow"], "parrot", "crow"),
        (["crow"], [], "parrot", "crow"),
    ],
)
def test_the_connected_one_is_chosen(connected, declared, preferred, chosen):
    assert choice(*connected).choose(SUBJECT, declared=declared, preferred=preferred) == chosen


def test_one_that_needs_no_connection_is_always_there():
    assert choice(installed=(ai_integration("parrot", needs_key=False),)).choose(SUBJECT) == "parrot"


def test_without_one_the_error_says_what_is_installed_and_where_to_connect_it():
    with pytest.raises(IntegrationNotConfigured, match="connect one of crow, parrot") as caught:
        choice("parcel").choose(SUBJECT)

    assert caught.value.action_url == "https://wren.test/integrations/crow/setup"
    assert caught.value.details["setup_urls"] == {
        "crow": "https://wren.test/integrations/crow/setup",
        "parrot": "https://wren.test/integrations/parrot/setup",
    }


def test_where_none_is_installed_it_is_the_operator_who_must_act():
    with pytest.raises(IntegrationNotConfigured, match="operator installs one"):
        choice(installed=()).choose(SUBJECT)


def test_several_are_for_the_script_to_choose_from():
    with pytest.raises(AgentFixableError, match="crow, parrot") as caught:
        choice("crow", "parrot").choose(SUBJECT)

    assert caught.value.code == "AI_INTEGRATION_AMBIGUOUS"


def test_two_that_the_script_names_itself_are_still_two():
    with pytest.raises(AgentFixableError):
        choice("crow", "parrot").choose(SUBJECT, declared=["crow", "parrot"])
