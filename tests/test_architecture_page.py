"""ARCHITECTURE.md names modules and layers; this keeps the page true."""

import re
from itertools import pairwise

import pytest

from workspace import CONFIGURATION, ROOT

PAGE = (ROOT / "ARCHITECTURE.md").read_text()
SOURCES = {
    "core": ROOT / "core" / "src" / "wren_core",
    "sdk": ROOT / "sdk" / "src" / "wren",
    "backend": ROOT / "backend" / "src" / "wren_backend",
}
# How many files each walk passed before the modules were put in layers; a longer one has lost its way.
LONGEST = {"A script": 43, "A credential": 23, "A method call": 18, "A trigger": 10}


def find_section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def list_steps(walk: str) -> list[tuple[str, str]]:
    """Return the files of a walk in order, each with its distribution."""
    text = find_section("Four walks").split(f"**{walk}**")[1].split("\n**")[0]
    lines = re.findall(r"^\d+\. (.*?)(?=^\d+\. |\Z)", text, re.MULTILINE | re.DOTALL)
    steps = []
    for line in lines:
        place, _, rest = line.removeprefix("`").partition(": ")
        steps += [(place, name) for name in re.findall(r"[\w/]+(?=`)", rest)]
    return steps


@pytest.mark.parametrize("walk", LONGEST)
def test_every_file_of_a_walk_exists(walk):
    steps = list_steps(walk)

    assert len(steps) > 5
    assert [step for step in steps if not (SOURCES[step[0]] / f"{step[1]}.py").is_file()] == []


@pytest.mark.parametrize("walk", LONGEST)
def test_no_walk_is_as_long_as_it_was(walk):
    assert len(list_steps(walk)) < LONGEST[walk]


@pytest.mark.parametrize("host", SOURCES)
def test_the_picture_of_each_host_shows_every_package_in_its_layer_order(host):
    package = SOURCES[host].name
    contracts = CONFIGURATION["tool"]["importlinter"]["contracts"]
    layers = next(item["layers"] for item in contracts if item.get("containers") == [package])
    order = {name.strip(): depth for depth, layer in enumerate(layers) for name in layer.split("|")}
    picture = find_section(host).split("```")[1]
    shown = [re.findall(r"[a-z_]+", line[:38]) for line in picture.splitlines() if line and not line.startswith(" ")]
    depths = [[order[name] for name in names if name in order] for names in shown]

    folders = {path.name for path in SOURCES[host].iterdir() if (path / "__init__.py").is_file()}
    assert folders - {name for names in shown for name in names} - {"migrations"} == set()
    assert all(max(upper) <= max(lower) for upper, lower in pairwise(depths) if upper and lower)
