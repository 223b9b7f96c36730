import sys
import textwrap
from datetime import timedelta

import pytest
from importlib_metadata import EntryPoint

from wren_core.plugins.discovery import FailedPlugin, LoadedPlugin, discover, find_entry_points, integration_names
from wren_core.plugins.policy import PluginPolicy

RAISING = "raise RuntimeError('must not be imported')"


def integration(name: str, class_name: str = "Plugin", *, body: str = "") -> str:
    """Return the source of a module with one integration."""
    source = f'''
    from wren_core import Integration, IntegrationSpec, hookimpl, method


    class {class_name}(Integration):
        """Do things."""

        spec = IntegrationSpec(name="{name}", display_name="Name")

        @method
        def ping(self) -> str:
            """Answer."""
            return "pong"
    '''
    return textwrap.dedent(source) + textwrap.dedent(body)


@pytest.fixture
def good(install):
    def add(name: str, **extra):
        module = f"good_{name}"
        return install(f"wren-{name}", {module: integration(name)}, entry_points={name: f"{module}:Plugin"}, **extra)

    return add


def load(name: str, **extra) -> LoadedPlugin | FailedPlugin:
    found = discover({name}, **extra)
    (result,) = [*found.loaded, *found.failed]
    return result


def failure(name: str, **extra) -> FailedPlugin:
    result = load(name, **extra)
    assert isinstance(result, FailedPlugin), result
    return result


def test_an_installed_integration_is_loaded_with_its_distribution(good):
    good("alpha", version="2.5")

    plugin = load("alpha")

    assert isinstance(plugin, LoadedPlugin)
    assert (plugin.name, plugin.distribution, plugin.version) == ("alpha", "wren-alpha", "2.5")
    assert plugin.integration.create().ping() == "pong"


def test_names_are_listed_sorted_and_nothing_is_imported(install):
    install("wren-zeta", {"names_zeta": RAISING}, entry_points={"zeta": "names_zeta:Plugin", "eta": "names_zeta:Other"})
    before = set(sys.modules)

    names = integration_names()

    assert [name for name in names if name in ("zeta", "eta")] == ["eta", "zeta"]
    assert names == sorted(names)
    assert "names_zeta" not in set(sys.modules) - before


def test_finding_entry_points_imports_nothing(install):
    install("wren-zeta", {"found_zeta": RAISING}, entry_points={"zeta": "found_zeta:Plugin"})

    points = [point for point in find_entry_points() if point.name == "zeta"]

    assert [point.value for point in points] == ["found_zeta:Plugin"]
    assert "found_zeta" not in sys.modules


def test_loading_one_integration_does_not_import_the_others(good, install):
    good("alpha")
    install("wren-beta", {"lonely_beta": RAISING}, entry_points={"beta": "lonely_beta:Plugin"})

    found = discover({"alpha"})

    assert [plugin.name for plugin in found.loaded] == ["alpha"]
    assert found.failed == ()
    assert "lonely_beta" not in sys.modules


def test_an_unknown_name_finds_no_plugin():
    found = discover({"nobody_offers_this"})

    assert (found.loaded, found.failed) == ((), ())


def test_only_accepts_a_single_name(good):
    good("alpha")
    good("alp")

    assert [plugin.name for plugin in discover("alpha").loaded] == ["alpha"]


def test_one_broken_plugin_does_not_keep_the_others_from_loading(good, install):
    for name in ("one", "two", "three"):
        good(name)
    install("wren-broken", {"broken_apart": "1 / 0"}, entry_points={"broken": "broken_apart:Plugin"})

    found = discover({"one", "two", "three", "broken"})

    assert [plugin.name for plugin in found.loaded] == ["one", "three", "two"]
    assert [plugin.name for plugin in found.failed] == ["broken"]


def test_all_plugins_are_loaded_where_none_is_named(good):
    good("alpha")

    assert "alpha" in [plugin.name for plugin in discover().loaded]


def test_given_entry_points_are_loaded_instead_of_the_installed_ones(good):
    good("alpha")
    points = [point for point in find_entry_points() if point.name == "alpha"]

    assert [plugin.name for plugin in discover(entry_points=points).loaded] == ["alpha"]


def test_an_entry_point_without_a_distribution_loads(good):
    good("alpha")
    point = EntryPoint("alpha", "good_alpha:Plugin", "wren.integrations")

    (plugin,) = discover(entry_points=[point]).loaded

    assert (plugin.distribution, plugin.version) == ("", "")


def test_two_distributions_with_one_name_are_both_refused_and_both_named(good, install):
    good("same")
    install("evil-same", {"evil_same": RAISING}, entry_points={"same": "evil_same:Plugin"})

    found = discover({"same"})

    assert found.loaded == ()
    assert [(plugin.distribution, plugin.code) for plugin in found.failed] == [
        ("evil-same", "DUPLICATE_NAME"),
        ("wren-same", "DUPLICATE_NAME"),
    ]
    assert {plugin.reason for plugin in found.failed} == {
        "evil-same and wren-same both offer 'same'; uninstall one of them"
    }
    assert not {"evil_same", "good_same"} & set(sys.modules)


def test_one_distribution_found_twice_on_the_path_counts_once(good):
    good("twice", site="first")
    good("twice", site="second", version="0.9")

    found = discover({"twice"})

    assert [plugin.version for plugin in found.loaded] == ["0.9"]
    assert found.failed == ()


def test_one_distribution_twice_counts_once_next_to_a_broken_one(good, install):
    good("twice", site="first")
    good("twice", site="second", version="0.9")
    install("wren-unreadable", entry_points="[wren.integrations]\nno equals sign\n")

    found = discover({"twice"})

    assert [plugin.version for plugin in found.loaded] == ["0.9"]


@pytest.mark.parametrize(
    "entry_points", ["[wren.integrations]\nno equals sign\n", b"[wren.integrations]\nbad = caf\xe9:Plugin\n"]
)
def test_unreadable_entry_points_are_a_failure_of_their_distribution_alone(good, install, entry_points):
    good("alpha")
    install("wren-unreadable", entry_points=entry_points, version="3.1")

    found = discover({"alpha", "wren-unreadable"})

    assert [plugin.name for plugin in found.loaded] == ["alpha"]
    assert [(plugin.distribution, plugin.version, plugin.code) for plugin in found.failed] == [
        ("wren-unreadable", "3.1", "PLUGIN_INVALID")
    ]
    assert "cannot be read" in found.failed[0].reason
    assert discover({"alpha"}).failed == ()
    assert "alpha" in integration_names()


def test_an_unreadable_distribution_without_a_plugin_is_ignored(good, install):
    good("alpha")
    install("someone-else", entry_points="[console_scripts]\nno equals sign\n")

    found = discover({"alpha", "someone-else"})

    assert [plugin.name for plugin in found.loaded] == ["alpha"]
    assert found.failed == ()


@pytest.mark.parametrize("metadata", [None, b"", b"Version: 1\n", b"Name: wren-odd\n", b"Name: caf\xe9\nVersion: 1\n"])
def test_broken_metadata_do_not_hide_the_other_plugins(good, install, metadata):
    good("alpha")
    install(
        "wren-odd", {"odd": integration("odd")}, entry_points={"odd": "odd:Plugin"}, metadata=metadata, version="7.0"
    )

    found = discover({"alpha", "odd"})

    assert "alpha" in [plugin.name for plugin in found.loaded]
    (odd,) = [plugin for plugin in (*found.loaded, *found.failed) if plugin.name == "odd"]
    assert (odd.distribution, odd.version) == ("wren_odd", "7.0")
    assert "odd" in integration_names()


def test_a_long_reason_is_truncated(install):
    install("wren-loud", {"loud": "raise ValueError('x' * 1_000_000)"}, entry_points={"loud": "loud:Plugin"})

    assert len(failure("loud").reason) < 600


def test_a_plugin_that_hangs_is_abandoned_and_the_others_load(good, install):
    install(
        "wren-slow",
        {"slow_forever": "import threading; threading.Event().wait()"},
        entry_points={"slow": "slow_forever:P"},
    )
    good("alpha")

    found = discover({"slow", "alpha"}, time_limit=timedelta(seconds=0.3))

    assert [(plugin.name, plugin.code) for plugin in found.failed] == [("slow", "PLUGIN_TIMED_OUT")]
    assert found.failed[0].reason == "did not load within 0.3 s (slow_forever.py, line 1)"
    assert [plugin.name for plugin in found.loaded] == ["alpha"]


def test_a_plugin_that_the_policy_refuses_is_not_imported_and_has_a_reason(install):
    install("acme-eta", {"policy_eta": RAISING}, entry_points={"eta": "policy_eta:Plugin"}, version="2.0")

    plugin = failure("eta", policy=PluginPolicy(deny=frozenset({"acme-eta"})))

    assert plugin == FailedPlugin(
        name="eta", distribution="acme-eta", version="2.0", code="PLUGIN_DENIED", reason="WREN_PLUGINS_DENY names it"
    )
    assert "policy_eta" not in sys.modules


def test_denying_one_of_two_plugins_with_the_same_name_loads_the_other(good, install):
    good("theta")
    install("acme-theta", {"rival_theta": RAISING}, entry_points={"theta": "rival_theta:Plugin"})

    found = discover({"theta"}, policy=PluginPolicy(deny=frozenset({"acme-theta"})))

    assert [plugin.distribution for plugin in found.loaded] == ["wren-theta"]
    assert [(plugin.distribution, plugin.code) for plugin in found.failed] == [("acme-theta", "PLUGIN_DENIED")]


def test_the_default_time_limit_is_that_of_the_policy(install):
    install("wren-iota", {"slow_iota": "import time; time.sleep(30)"}, entry_points={"iota": "slow_iota:Plugin"})

    plugin = failure("iota", policy=PluginPolicy(time_limit=timedelta(milliseconds=50)))

    assert (plugin.code, plugin.reason) == ("PLUGIN_TIMED_OUT", "did not load within 0.05 s (slow_iota.py, line 1)")


def test_recall_is_not_called_for_a_refused_plugin(install):
    install("acme-kappa", {"kappa": RAISING}, entry_points={"kappa": "kappa:Plugin"})
    asked = []

    found = discover({"kappa"}, policy=PluginPolicy(disabled=frozenset({"kappa"})), recall=asked.append)

    assert (asked, found.loaded) == ([], ())
    assert [plugin.code for plugin in found.failed] == ["PLUGIN_DISABLED"]


def test_a_recalled_plugin_is_not_loaded(good, install):
    good("alpha")
    install("wren-beta", {"remembered_beta": RAISING}, entry_points={"beta": "remembered_beta:Plugin"})
    remembered = load("alpha")

    found = discover({"alpha", "beta"}, recall=lambda point: remembered if point.name == "beta" else None)

    assert (found.loaded[1] is remembered, found.failed) == (True, ())
    assert "remembered_beta" not in sys.modules


def test_two_plugins_with_the_same_name_are_refused_even_when_one_is_recalled(good, install):
    good("same")
    install("evil-same", {"evil_same": RAISING}, entry_points={"same": "evil_same:Plugin"})

    found = discover({"same"}, recall=lambda _point: pytest.fail("no plugin may be preferred"))

    assert [plugin.code for plugin in found.failed] == ["DUPLICATE_NAME", "DUPLICATE_NAME"]
