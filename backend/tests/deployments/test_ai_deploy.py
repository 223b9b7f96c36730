"""A script that asks whichever models are connected: what a deploy makes of it."""

import pytest

from wren_backend.deployments.declaration import Declaration, MetadataMismatch, check_agreement
from wren_core import AIConfig, AIIntegration, AIModel, IntegrationSpec
from wren_core.errors import WrenError
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.registry import Registry

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SCRIPT = 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily():\n    return wren.ai("hi")\n'


class Parrot(AIIntegration):
    """Models that need no key."""

    spec = IntegrationSpec(
        name="parrot",
        display_name="Parrot",
        type="ai",
        ai=AIConfig(
            provider="birds", default_model="m", available_models=(AIModel(id="m", name="M", capabilities=("text",)),)
        ),
    )


@pytest.fixture
def platform(build_platform, clock, request):
    loaded = LoadedPlugin(name="parrot", distribution="wren-parrot", version="1.0", integration=Parrot)
    installed = {"parrot": loaded} if request.param else {}
    return build_platform(clock=clock, registry=Registry(loaded=installed, failed={}))


@sqlite_only
@pytest.mark.parametrize("platform", [True], indirect=True)
def test_the_chosen_integration_is_kept_with_the_version(platform, desk):
    metadata = {"integrations": [], "triggers": [], "schedules": [{"cron": "0 9 * * *", "func_name": "daily"}]}

    made = desk.deploy(SCRIPT, name="asks", metadata={**metadata, "uses_ai": True})

    declared = platform.deployments.get(desk.subject, made["id"]).version.declared
    assert (declared["uses_ai"], declared["ai_integration"], declared["integrations"]) == (True, "parrot", [])


@sqlite_only
@pytest.mark.parametrize("platform", [False], indirect=True)
def test_a_script_that_asks_models_is_refused_where_there_are_none(platform, desk):
    with pytest.raises(WrenError) as caught:
        desk.deploy(SCRIPT, name="asks")

    assert caught.value.code == "INTEGRATION_NOT_CONFIGURED"
    assert [problem["code"] for problem in caught.value.details["problems"]] == ["INTEGRATION_NOT_CONFIGURED"]
    assert desk.stored() == []


def test_metadata_that_hide_the_use_of_models_disagree_with_the_script():
    extracted, submitted = Declaration.of({"uses_ai": True}), Declaration.of({})

    with pytest.raises(MetadataMismatch) as caught:
        check_agreement(extracted, submitted)

    assert caught.value.details["script_declares"]["uses_ai"] is True
    assert "uses_ai" not in caught.value.details["metadata_says"]
