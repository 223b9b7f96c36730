import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from wren_anthropic import Anthropic
from wren_anthropic.fake import FakeAnthropic
from wren_core.errors import AgentFixableError
from wren_core.testing import IntegrationContract

HOME = Path(__file__).parents[1]


class TestAnthropic(IntegrationContract):
    integration = Anthropic


def test_importing_it_imports_neither_the_client_library_nor_an_http_client():
    use = "wren_anthropic.Anthropic.full_spec()"
    program = f"import sys, wren_anthropic; {use}; print({{'anthropic', 'httpx2'}} & set(sys.modules))"

    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "set()"


def test_the_distribution_ships_its_fake():
    (fake,) = importlib.metadata.entry_points(group="wren.fakes", name="anthropic")

    assert fake.load() is FakeAnthropic
    assert FakeAnthropic().credentials() == {"api_key": "sk-ant-fake-key"}


def test_the_key_is_read_from_the_usual_variable():
    assert Anthropic.full_spec().get_env_mapping() == {"api_key": "ANTHROPIC_API_KEY"}


@pytest.mark.parametrize("model", Anthropic.spec.ai.available_models, ids=lambda model: model.id)
def test_every_model_has_limits_and_prices(model):
    cost = model.cost_per_token

    assert model.context_window > model.max_tokens > 0
    assert 0 < cost.cached_input < cost.input < cost.output
    assert "image/png" in model.input_formats


def test_an_image_is_refused_with_what_is_missing():
    with pytest.raises(AgentFixableError, match="anthropic does not generate images"):
        Anthropic.create(credentials={"api_key": "sk-ant-x"}).generate_image("a wren")
