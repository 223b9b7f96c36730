import json
from pathlib import Path

import pytest

from wren.authoring.quality import PluginNotInstalled, PluginQuality, check_plugin
from wren_core.testing.rules.rule import Tier


def checked(*tiers: str | None, wanted: Tier = Tier.SILVER) -> PluginQuality:
    return PluginQuality(reports=tuple({"tier": tier} for tier in tiers), wanted=wanted)


@pytest.mark.parametrize(
    ("tiers", "tier", "is_ok"),
    [
        (("gold",), Tier.GOLD, True),
        (("gold", "silver"), Tier.SILVER, True),
        (("gold", "bronze"), Tier.BRONZE, False),
        (("gold", None), None, False),
    ],
)
def test_the_lowest_tier_of_a_distribution_counts(tiers, tier, is_ok):
    found = checked(*tiers)

    assert (found.tier, found.is_ok) == (tier, is_ok)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Install a plugin in place, and return its folder."""
    folder, site = tmp_path / "plugin", tmp_path / "site"
    record = site / "wren_new-1.0.dist-info"
    record.mkdir(parents=True)
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "wren-new"\nversion = "1.0"\n'
        '[project.entry-points."wren.integrations"]\nnew = "wren_new:New"\n'
    )
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: wren-new\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[wren.integrations]\nnew = wren_new:New\n")
    origin = {"url": folder.as_uri(), "dir_info": {"editable": True}}
    (record / "direct_url.json").write_text(json.dumps(origin))
    (site / "wren_new.py").write_text("raise RuntimeError('not yet')\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    return folder


@pytest.mark.parametrize("by", ["folder", "name", "distribution"])
def test_a_plugin_is_named_by_its_folder_its_integration_or_its_distribution(folder, by):
    target = {"folder": str(folder), "name": "new", "distribution": "wren-new"}[by]

    (report,) = check_plugin(target).reports

    assert (report["integration"], report["distribution"], report["tier"]) == ("new", "wren-new", None)


def test_entry_points_that_changed_since_the_installation_are_reported(folder):
    file = folder / "pyproject.toml"
    file.write_text(file.read_text().replace("wren_new:New", "wren_new:Newer"))

    with pytest.raises(PluginNotInstalled, match="was installed with 'new' as wren_new:New, not wren_new:Newer"):
        check_plugin(str(folder))


def test_another_folder_of_the_same_distribution_is_reported(folder, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "pyproject.toml").write_text((folder / "pyproject.toml").read_text())

    with pytest.raises(PluginNotInstalled, match=f"the installed wren-new is the one in {folder}"):
        check_plugin(str(copy))
