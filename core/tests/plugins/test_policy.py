from datetime import timedelta

import pytest

from wren_core.errors import UserFacingConfigError
from wren_core.plugins.policy import REFUSAL_CODES, PluginPolicy, first_party_distributions


def refused(policy: PluginPolicy, name: str = "mail", distribution: str = "acme-mail") -> str | None:
    refusal = policy.refusal(name, distribution)
    assert refusal is None or refusal.code in REFUSAL_CODES
    return refusal.code if refusal else None


def test_without_rules_every_plugin_is_let_in():
    assert refused(PluginPolicy()) is None


@pytest.mark.parametrize("rule", ["mail", "acme-mail", "Acme_Mail", "acme.mail"])
def test_a_rule_names_an_integration_or_a_distribution_in_any_spelling(rule):
    assert refused(PluginPolicy(deny=frozenset({rule}))) == "PLUGIN_DENIED"
    assert refused(PluginPolicy(allow=frozenset({rule}))) is None


def test_an_allow_list_lets_in_nothing_else():
    policy = PluginPolicy(allow=frozenset({"chat"}))

    assert refused(policy) == "PLUGIN_NOT_ALLOWED"
    assert refused(policy, "chat", "acme-chat") is None


def test_a_denied_plugin_stays_out_when_it_is_allowed_too():
    assert refused(PluginPolicy(allow=frozenset({"mail"}), deny=frozenset({"acme-mail"}))) == "PLUGIN_DENIED"


def test_a_plugin_is_switched_off_by_the_name_of_its_integration_only():
    policy = PluginPolicy(disabled=frozenset({"mail", "acme-chat"}))

    assert refused(policy) == "PLUGIN_DISABLED"
    assert refused(policy, "chat", "acme-chat") is None
    assert "`wren plugins enable mail`" in policy.refusal("mail", "acme-mail").reason


def test_safe_mode_asks_for_the_distribution_not_for_the_name_of_the_integration():
    policy = PluginPolicy(safe_mode=True, first_party=frozenset({"mail"}))

    assert refused(policy, "mail", "acme-mail") == "PLUGIN_NOT_FIRST_PARTY"
    assert "and acme-mail is not first-party" in policy.refusal("mail", "acme_mail").reason
    assert refused(policy, "post", "mail") is None
    assert refused(policy, "mail", "") == "PLUGIN_NOT_FIRST_PARTY"


def test_a_first_party_plugin_may_be_denied_in_safe_mode():
    policy = PluginPolicy(safe_mode=True, first_party=frozenset({"acme-mail"}), deny=frozenset({"mail"}))

    assert refused(policy) == "PLUGIN_DENIED"


def test_the_policy_is_read_from_the_environment():
    policy = PluginPolicy.from_environ(
        {
            "WREN_PLUGINS_ALLOW": "mail, acme-chat",
            "WREN_PLUGINS_DENY": " ,files,, ",
            "WREN_PLUGINS_SAFE_MODE": "1",
            "WREN_PLUGINS_TIME_LIMIT": "2.5",
        },
        disabled=["notes"],
    )

    assert policy == PluginPolicy(
        allow=frozenset({"mail", "acme-chat"}),
        deny=frozenset({"files"}),
        disabled=frozenset({"notes"}),
        safe_mode=True,
        time_limit=timedelta(seconds=2.5),
        first_party=first_party_distributions(),
    )


def test_an_empty_environment_restricts_nothing():
    empty = {"WREN_PLUGINS_ALLOW": "", "WREN_PLUGINS_SAFE_MODE": "", "WREN_PLUGINS_TIME_LIMIT": ""}

    assert PluginPolicy.from_environ(empty) == PluginPolicy(first_party=first_party_distributions())


def test_a_list_in_the_environment_replaces_what_was_read_elsewhere():
    assert PluginPolicy.from_environ({"WREN_PLUGINS_DISABLED": "a,b"}, ["c"]).disabled == {"a", "b"}
    assert PluginPolicy.from_environ({"WREN_PLUGINS_DISABLED": ","}, ["c"]).disabled == set()
    assert PluginPolicy.from_environ({"WREN_PLUGINS_DISABLED": ""}, ["c"]).disabled == {"c"}


@pytest.mark.parametrize(
    "policy",
    [
        PluginPolicy(),
        PluginPolicy(allow=frozenset({"a", "b"}), safe_mode=True, time_limit=timedelta(milliseconds=1)),
        PluginPolicy(deny=frozenset({"x"}), disabled=frozenset({"y", "z"}), time_limit=timedelta(days=3)),
    ],
)
def test_a_child_process_reads_the_same_policy(policy):
    read = PluginPolicy.from_environ(policy.to_environ())

    assert read == PluginPolicy(**{**vars(policy), "first_party": first_party_distributions()})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WREN_PLUGINS_SAFE_MODE", "maybe"),
        *(("WREN_PLUGINS_TIME_LIMIT", value) for value in ("soon", "0", "-1", "nan", "inf")),
    ],
)
def test_an_invalid_value_is_refused_with_the_name_of_its_variable(variable, value):
    with pytest.raises(UserFacingConfigError, match=variable) as caught:
        PluginPolicy.from_environ({variable: value})

    assert caught.value.code == "SETTINGS_INVALID"
