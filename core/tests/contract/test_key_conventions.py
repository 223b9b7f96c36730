import json
from importlib.resources import files

import pytest

from wren_core.contract.auth import ApiKeyConfig
from wren_core.contract.key_conventions import usual_key_config

KNOWN = json.loads(files("wren_core.contract").joinpath("key_conventions.json").read_text())


@pytest.mark.parametrize("provider", KNOWN)
def test_the_key_of_a_known_provider_goes_where_it_wants_it(provider):
    assert usual_key_config(provider.upper()) == ApiKeyConfig(**KNOWN[provider])


def test_any_other_key_is_a_bearer_token():
    assert usual_key_config("lab") == ApiKeyConfig(name="Authorization", prefix="Bearer ")
