import re
from pathlib import Path
from pkgutil import resolve_name

import pytest

from wren_core import InvalidInput
from wren_core.export.docs import IntegrationDocs
from wren_core.export.rendering import to_markdown
from wren_core.export.tools import openai_tool

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.fixture(scope="module")
def weather():
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict = {}
    exec(compile(block, "README.md", "exec"), names)
    return names["Weather"]


def test_everything_follows_from_the_class_of_the_example(weather):
    spec = weather.full_spec()

    assert spec.get_env_mapping() == {"api_key": "WEATHER_API_KEY"}
    assert openai_tool("weather", spec.methods[0])["function"]["strict"] is True
    assert "today(city)" in to_markdown(IntegrationDocs.from_spec(spec))


def test_a_wrong_call_of_the_example_is_refused_before_it_connects(weather):
    with pytest.raises(InvalidInput, match="unexpected argument 'town'; it takes city"):
        weather.create(credentials={"api_key": "k"}).today(town="Berlin")


def test_every_module_the_readme_names_is_there():
    named = set(re.findall(r"`(wren_core(?:\.\w+)+)", README))

    for name in named:
        resolve_name(name)  # raises where there is no such module or member
