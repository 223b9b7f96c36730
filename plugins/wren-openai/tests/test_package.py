import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from wren_core.testing import IntegrationContract
from wren_openai import OpenAI
from wren_openai.fake import FakeOpenAI

HOME = Path(__file__).parents[1]


class TestOpenAI(IntegrationContract):
    integration = OpenAI


def test_importing_it_imports_neither_the_client_library_nor_an_http_client():
    use = "wren_openai.OpenAI.full_spec()"
    program = f"import sys, wren_openai; {use}; print({{'openai', 'httpx2'}} & set(sys.modules))"

    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "set()"


def test_the_distribution_ships_its_fake():
    (fake,) = importlib.metadata.entry_points(group="wren.fakes", name="openai")

    assert fake.load() is FakeOpenAI
    assert FakeOpenAI().credentials() == {"api_key": "sk-fake-key"}


def test_the_key_is_read_from_the_usual_variable():
    assert OpenAI.full_spec().get_env_mapping() == {"api_key": "OPENAI_API_KEY"}


@pytest.mark.parametrize("model", OpenAI.spec.ai.available_models, ids=lambda model: model.id)
def test_every_model_has_prices_and_every_text_model_has_limits(model):
    cost = model.cost_per_token

    assert 0 < cost.cached_input < cost.input < cost.output
    if "text" in model.capabilities:
        assert model.context_window > model.max_tokens > 0
        assert "image/png" in model.input_formats
    else:
        assert 0 < model.cost_per_image.standard < model.cost_per_image.hd


def test_a_deployed_script_reaches_the_configured_server():
    assert OpenAI.full_spec().config_hosts == ("{base_url}",)
