from datetime import timedelta

import pytest

from wren.installed_plugins.doctor import Diagnosis, diagnose
from wren.installed_plugins.problem import PluginProblem
from wren_core.errors import IntegrationUnknown
from wren_core.plugins.policy import PluginPolicy

FIVE_SECONDS = timedelta(seconds=5)


def examined(name: str, *, time_limit: timedelta = FIVE_SECONDS, **policy) -> Diagnosis:
    return diagnose(PluginPolicy(time_limit=time_limit, **policy), name)


def problem(diagnosis: Diagnosis) -> PluginProblem:
    (found,) = diagnosis.problems
    return found


def test_a_plugin_that_loads_is_well(install):
    install("acme-mail", name="acmemail")

    diagnosis = examined("acmemail")

    assert (diagnosis.is_healthy, diagnosis.problems) == (True, ())
    assert [(plugin.name, plugin.state) for plugin in diagnosis.plugins] == [("acmemail", "ok")]


@pytest.mark.parametrize(
    ("first", "code", "said", "step"),
    [
        ("raise RuntimeError('no wheels')", "PLUGIN_RAISED", "RuntimeError: no wheels", "report it to the author of"),
        ("import os; os._exit(7)", "PLUGIN_ENDED_PROCESS", "with exit code 7", "`wren plugins disable acmemail`"),
        ("import os; os.kill(os.getpid(), 9)", "PLUGIN_ENDED_PROCESS", "with signal 9", "it ends every process"),
        ("import nowhere_at_all", "DEPENDENCY_MISSING", "No module named 'nowhere_at_all'", "--force-reinstall acme-m"),
        ("import sys; sys.exit(3)", "PLUGIN_EXITED", "called sys.exit(3)", "report it to the author of acme-mail"),
    ],
)
def test_a_plugin_that_fails_is_reported_with_its_cause_and_the_next_step(install, first, code, said, step):
    install("acme-mail", name="acmemail", first=first)

    diagnosis = examined("acmemail")

    found = problem(diagnosis)
    assert (diagnosis.is_healthy, found.severity, found.code, found.plugins) == (False, "error", code, ("acmemail",))
    assert said in found.message
    assert "acme-mail 1.0" in found.message
    assert step in found.next_step
    assert [(plugin.state, plugin.code) for plugin in diagnosis.plugins] == [("failed", code)]


def test_a_plugin_that_hangs_is_given_up(install):
    install("acme-mail", name="acmemail", first="import time; time.sleep(60)")

    found = problem(examined("acmemail", time_limit=timedelta(milliseconds=200)))

    assert (found.code, "did not load within 0.2 s" in found.message) == ("PLUGIN_TIMED_OUT", True)
    assert "WREN_PLUGINS_TIME_LIMIT" in found.next_step


def test_what_a_plugin_prints_does_no_harm(install):
    install("acme-mail", name="acmemail", first="import os; print('{}', end=''); os.write(1, b'half a line')")

    assert examined("acmemail").problems == ()


def test_a_slow_plugin_is_reported_with_what_it_imports(install):
    install("acme-base", first="import time; time.sleep(0.6)")
    install("acme-mail", name="acmemail", first="import acme_base")

    diagnosis = examined("acmemail")

    found = problem(diagnosis)
    assert (diagnosis.is_healthy, found.severity, found.code) == (True, "warning", "IMPORT_SLOW")
    assert ": acme_base " in found.message


def test_an_integration_that_contacts_hosts_should_have_a_fake(install):
    install("acme-mail", name="acmemail", spec=', base_url="https://mail.example"')
    install("acme-chat", name="acmechat", spec=', base_url="https://chat.example"', fake=True)

    assert problem(examined("acmemail")).code == "FAKE_MISSING"
    assert examined("acmechat").problems == ()


def test_a_plugin_installed_in_place_is_worth_a_note(install):
    install("acme-mail", name="acmemail", editable=True)

    diagnosis = examined("acmemail")

    assert (diagnosis.is_healthy, problem(diagnosis).severity, problem(diagnosis).code) == (
        True,
        "note",
        "EDITABLE_INSTALL",
    )
    assert problem(diagnosis).message.endswith(": acme-mail")


def test_two_plugins_with_one_name_are_one_problem_that_names_both(install):
    install("zebra-mail", name="acmemail", first="import os; os._exit(7)")
    install("acme-mail", name="acmemail", first="import os; os._exit(7)")

    found = problem(examined("acmemail"))

    assert (found.code, found.message) == (
        "DUPLICATE_NAME",
        "acme-mail and zebra-mail both offer 'acmemail'; uninstall one of them",
    )
    assert "WREN_PLUGINS_DENY" in found.next_step


def test_a_conflict_names_the_requirements_that_disagree(install):
    install("acme-base", version="2.5")
    install("acme-mail", name="acmemail", requires=["acme-base>=3"])

    found = problem(examined("acmemail"))

    assert (found.code, found.plugins) == ("DEPENDENCY_CONFLICT", ("acmemail",))
    assert found.message == "acme-mail needs acme-base>=3; acme-base 2.5 is installed"


def test_a_missing_requirement_says_what_to_install(install):
    install("acme-mail", name="acmemail", requires=["acme-base>=3"])

    found = problem(examined("acmemail"))

    assert (found.code, found.next_step) == ("DEPENDENCY_MISSING", "`pip install acme-base>=3`")


def test_a_plugin_that_is_switched_off_is_left_alone(install):
    install("acme-mail", name="acmemail", first="import os; os._exit(7)", requires=["nowhere-at-all"])

    diagnosis = examined("acmemail", disabled=frozenset({"acmemail"}))

    assert diagnosis.problems == ()
    assert [plugin.state for plugin in diagnosis.plugins] == ["disabled"]


def test_rules_that_match_nothing_are_reported_when_everything_is_examined(install):
    install("acme-mail", name="acmemail")
    allow, deny, disabled = frozenset({"acme-mail"}), frozenset({"acme-mial"}), frozenset({"acme-mail"})

    diagnosis = diagnose(PluginPolicy(allow=allow, deny=deny, disabled=disabled))

    assert [item.message for item in diagnosis.problems if item.code == "RULE_IDLE"] == [
        "WREN_PLUGINS_DENY names 'acme-mial', which is not installed",
        "the list of disabled plugins names 'acme-mail', which is not installed",
    ]


def test_an_unknown_name_is_answered_with_the_nearest(install):
    install("acme-mail", name="acmemail")

    with pytest.raises(IntegrationUnknown, match="did you mean 'acmemail'"):
        examined("acmemial")
