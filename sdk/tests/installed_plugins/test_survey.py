import sys

from wren.installed_plugins.survey import SurveyedPlugin, survey_plugins
from wren_core.plugins.policy import PluginPolicy

CRASH = "import os; os._exit(7)"


def surveyed(policy=None, **wanted) -> list[SurveyedPlugin]:
    (name,) = wanted.values()
    return [plugin for plugin in survey_plugins(policy or PluginPolicy()).plugins if plugin.name == name]


def test_a_plugin_is_listed_without_being_imported(install):
    install("acme-mail", name="acmemail", first=CRASH, version="2.0")

    assert surveyed(name="acmemail") == [
        SurveyedPlugin(name="acmemail", distribution="acme-mail", version="2.0", state="installed")
    ]
    assert "acme_mail" not in sys.modules


def test_two_plugins_with_one_name_are_both_told_with_both_distributions(install):
    install("zebra-mail", name="acmemail", first=CRASH)
    install("acme-mail", name="acmemail", first=CRASH)

    found = surveyed(name="acmemail")

    reason = "acme-mail and zebra-mail both offer 'acmemail'; uninstall one of them"
    assert [(plugin.distribution, plugin.state, plugin.reason) for plugin in found] == [
        ("acme-mail", "duplicate", reason),
        ("zebra-mail", "duplicate", reason),
    ]


def test_a_plugin_for_another_contract_is_reported_without_importing_it(install):
    install("acme-mail", name="acmemail", first=CRASH, requires=["wren-core>=99"])

    (found,) = surveyed(name="acmemail")

    assert (found.state, found.code) == ("incompatible", "CONTRACT_VERSION")
    assert found.reason.startswith("needs wren-core>=99, installed is ")


def test_a_refused_plugin_is_reported_with_the_reason(install):
    install("acme-mail", name="acmemail", first=CRASH)
    install("acme-chat", name="acmechat", first=CRASH)
    policy = PluginPolicy(disabled=frozenset({"acmemail"}), deny=frozenset({"acme-chat"}))

    (mail,), (chat,) = surveyed(policy, name="acmemail"), surveyed(policy, name="acmechat")

    assert (mail.state, chat.state, chat.reason) == ("disabled", "refused", "WREN_PLUGINS_DENY names it")


def test_only_what_may_be_loaded_is_handed_on(install):
    install("acme-mail", name="acmemail")
    install("acme-chat", name="acmechat", requires=["wren-core>=99"])
    install("acme-notes", name="acmenotes")

    found = survey_plugins(PluginPolicy(allow=frozenset({"acmemail", "acmechat"})))

    assert [point.name for point in found.loadable] == ["acmemail"]


def test_unreadable_metadata_are_reported_with_their_distribution(install):
    install("acme-mail", name="acmemail").with_name("acme_mail-1.0.dist-info").joinpath("entry_points.txt").write_bytes(
        b"[wren.integrations]\n\xff = x\n"
    )

    (found,) = surveyed(name="acme-mail")

    assert (found.state, found.code) == ("unreadable", "PLUGIN_INVALID")
