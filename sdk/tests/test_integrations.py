import subprocess
import sys

import pytest

import wren
from wren import integrations
from wren.script import session
from wren.script.session import ScriptSession
from wren_core.errors import ConfigInvalid, CredentialMissing, IntegrationUnknown, PluginFailed, UserFacingConfigError
from wren_core.protocol.jobs import JobConnection

pytestmark = pytest.mark.usefixtures("plugins")


def test_list_names_what_is_installed_and_imports_none_of_it():
    names = integrations.list()

    assert {"broken", "depot", "parcel"} <= set(names)
    assert "wren_parcel" not in sys.modules


def test_list_returns_plain_names_sorted():
    names = integrations.list()

    assert {type(name) for name in names} == {str}
    assert names == sorted(names)


def test_the_documents_of_a_listed_name_tell_what_it_is():
    docs = integrations.get_docs("parcel")

    assert (docs.name, docs.display_name, docs.version, docs.auth_type) == (
        "parcel",
        "Parcel Post",
        "1.2.3",
        "api_key",
    )
    assert docs.description == "Send parcels and see where they are."


def test_the_documents_of_a_broken_plugin_are_refused_with_the_reason():
    assert "broken" in integrations.list()

    with pytest.raises(PluginFailed, match="the wheels came off"):
        integrations.get_docs("broken")


def test_dir_completes_installed_names_and_the_functions():
    assert {"parcel", "depot", "broken", "list", "get_docs", "render_docs"} <= set(dir(wren.integrations))


def test_using_one_integration_loads_no_other():
    show = "print('wren_parcel' in sys.modules, 'wren_broken' in sys.modules)"
    code = f"import sys, wren; wren.integrations.parcel.init(); {show}"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": sys.path[0]}
    )

    assert done.stdout.split() == ["True", "False"]


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(IntegrationUnknown, match="did you mean 'parcel'") as caught:
        _ = wren.integrations.parcl

    assert caught.value.details["nearest"] == "parcel"


def test_importing_an_unknown_name_says_the_same():
    with pytest.raises(IntegrationUnknown, match="did you mean 'parcel'"):
        exec("from wren.integrations import parcl")


def test_pythons_own_probing_is_answered_as_usual():
    assert not hasattr(wren.integrations, "__path__")


def test_a_failed_plugin_is_reported_with_its_cause():
    with pytest.raises(PluginFailed, match=r"wren-broken 0\.1 could not be loaded: RuntimeError: the wheels came off"):
        wren.integrations.broken.init()


def test_an_instance_takes_credentials_and_address_from_the_environment(monkeypatch):
    monkeypatch.setenv("PARCEL_KEY", "secret-1")
    monkeypatch.setenv("WREN_INTEGRATIONS__PARCEL__BASE_URL", "http://127.0.0.1:9")

    parcel = wren.integrations.parcel.init()

    assert parcel.client_text() == "http://127.0.0.1:9 secret-1"


def test_an_instance_without_credential_fails_on_use_and_not_before(monkeypatch):
    monkeypatch.delenv("PARCEL_KEY", raising=False)
    parcel = wren.integrations.parcel.init()

    with pytest.raises(CredentialMissing, match="run `wren connect parcel`"):
        parcel.client_text()


def test_configuration_of_the_call_wins_over_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("WREN_INTEGRATIONS__PARCEL__CONFIG", '{"city": "Oslo", "retries": 5}')

    parcel = wren.integrations.parcel.init(city="Bergen")

    assert parcel.settings() == {"city": "Bergen", "retries": 5}


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_broken_default_configuration_names_its_variable(monkeypatch, text):
    monkeypatch.setenv("WREN_INTEGRATIONS__PARCEL__CONFIG", text)

    with pytest.raises(ConfigInvalid, match="WREN_INTEGRATIONS__PARCEL__CONFIG"):
        wren.integrations.parcel.init()


def test_an_unknown_configuration_value_is_refused():
    with pytest.raises(ConfigInvalid, match="'town'"):
        wren.integrations.parcel.init(town="Oslo")


def test_an_instance_speaks_to_the_host_of_the_session_and_reports_its_calls():
    asked, told = [], []

    class Inbox:
        def request(self, operation, payload):
            asked.append((operation, payload["body"]))
            return {"id": "msg_1", "created_at": "now"}

    with session.entered(ScriptSession(host=Inbox(), on_call=told.append)):
        answer = wren.integrations.parcel.init().tell("hello")

    assert (answer, asked) == ("msg_1", [("messages.send", "hello")])
    assert [(record.method, record.outcome) for record in told] == [("tell", "ok")]


def test_without_a_session_messages_go_to_the_terminal(capsys):
    wren.integrations.parcel.init().tell("hello")

    assert capsys.readouterr().err == "[message: parcel]\n  hello\n"


def test_a_method_on_the_name_itself_says_that_an_instance_is_needed():
    with pytest.raises(AttributeError, match=r"parcel = wren\.integrations\.parcel\.init\(\)"):
        wren.integrations.parcel.track("P-1")


def test_documents_come_from_the_name_and_from_the_namespace():
    from wren.integrations import parcel

    docs = parcel.get_docs()

    assert docs == integrations.get_docs("parcel")
    assert [method.name for method in docs.methods] == ["client_text", "settings", "track", "send", "tell"]
    assert docs.env_vars == ["PARCEL_KEY"]


def test_rendered_documents_hold_the_integrations_asked_for_in_their_order():
    text = integrations.render_docs(["parcel", "depot"])

    assert text.index("# Parcel Post") < text.index("# Depot")
    assert "parcel = wren.integrations.parcel.init()" in text
    assert integrations.render_docs("depot").startswith("# Depot")


def test_rendering_an_unknown_name_is_refused():
    with pytest.raises(IntegrationUnknown):
        integrations.render_docs(["parcl"])


def test_a_named_account_on_this_machine_has_separate_variables(plugins, monkeypatch):
    monkeypatch.setenv("PARCEL_KEY", "mine")
    monkeypatch.setenv("PARCEL_KEY__WORK", "of-work")
    monkeypatch.setenv("WREN_INTEGRATIONS__PARCEL__CONFIG", '{"city": "Oslo", "retries": 5}')
    monkeypatch.setenv("WREN_INTEGRATIONS__PARCEL__CONFIG__WORK", '{"city": "Rome"}')

    work, mine = wren.integrations.parcel.init(account="work"), wren.integrations.parcel.init()

    assert (work.client_text(), work.settings()) == (
        "https://parcel.example of-work",
        {"city": "Rome", "retries": 5},
    )
    assert (mine.client_text(), mine.settings()["city"]) == ("https://parcel.example mine", "Oslo")


def test_an_account_without_a_credential_says_which_variable_to_set(plugins, monkeypatch):
    monkeypatch.setenv("PARCEL_KEY", "mine")

    with pytest.raises(CredentialMissing, match=r"set PARCEL_KEY__WORK$"):
        wren.integrations.parcel.init(account="work").client_text()


def run_connections(*, default="home"):
    aliases = {"home": "key-of-home", "work": "key-of-work"}
    return tuple(
        JobConnection(
            integration="parcel",
            alias=alias,
            is_default=alias == default,
            credentials={"PARCEL_KEY": key},
            config={"city": alias},
            base_url=f"https://{alias}.example",
        )
        for alias, key in aliases.items()
    )


def test_a_deployed_run_has_its_accounts_side_by_side(plugins, monkeypatch):
    for name, value in run_connections()[0].to_variables().items():
        monkeypatch.setenv(name, value)  # as the runner does for the default one
    monkeypatch.setenv("PARCEL_KEY__WORK", "not from here")

    with session.entered(ScriptSession(connections=run_connections())):
        made = [wren.integrations.parcel.init(account=account) for account in (None, "home", "work")]

    assert [item.client_text() for item in made] == [
        "https://home.example key-of-home",
        "https://home.example key-of-home",
        "https://work.example key-of-work",
    ]
    assert [item.settings()["city"] for item in made] == ["home", "home", "work"]
    assert [item.account_alias for item in made] == ["home", "home", "work"]


@pytest.mark.parametrize(("account", "wanted"), [("other", "connection 'other'"), (None, "default connection")])
def test_an_account_that_a_run_does_not_have_is_named_with_those_it_has(plugins, account, wanted):
    with (
        session.entered(ScriptSession(connections=run_connections(default=""))),
        pytest.raises(UserFacingConfigError, match=f"no {wanted} of parcel; it has home, work") as caught,
    ):
        wren.integrations.parcel.init(account=account)

    assert caught.value.code == "CONNECTION_UNKNOWN"
