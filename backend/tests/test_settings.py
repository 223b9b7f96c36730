import os
from datetime import timedelta
from pathlib import Path

import pytest

from wren_backend.executor.launcher.policy import Limits
from wren_backend.settings import SettingsInvalid, load_settings


@pytest.fixture(autouse=True)
def _no_variables_of_this_machine(monkeypatch):
    for name in [name for name in os.environ if name.startswith("WREN_")]:
        monkeypatch.delenv(name)


def load(monkeypatch, variables, **overrides):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings(**overrides)


def refused(monkeypatch, variables) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        load(monkeypatch, variables)
    assert (caught.value.type, caught.value.code) == ("UserFacingConfigError", "SETTINGS_INVALID")
    return str(caught.value)


def test_a_bare_environment_gives_the_embedded_defaults(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")

    settings = load_settings()

    assert settings.data_dir == Path("/home/someone/.wren")
    assert settings.database_address() == "sqlite:////home/someone/.wren/wren.db"
    assert settings.key_file == Path("/home/someone/.wren/master.key")
    assert settings.address == "http://127.0.0.1:8080"
    assert settings.sandbox == "auto"
    assert settings.limits.to_limits() == Limits()


def test_providers_and_integrations_arrive_by_name(monkeypatch):
    settings = load(
        monkeypatch,
        {
            "WREN_PROVIDERS__GOOGLE__CLIENT_ID": "id-1",
            "WREN_PROVIDERS__GOOGLE__CLIENT_SECRET": "hush",
            "WREN_PROVIDERS__GOOGLE__AUTHORIZATION_URL": "http://127.0.0.1:1/authorize",
            "WREN_PROVIDERS__GOOGLE__TOKEN_URL": "http://127.0.0.1:1/token",
            "WREN_PROVIDERS__GOOGLE__REVOKE_URL": "http://127.0.0.1:1/revoke",
            "WREN_PROVIDERS__GOOGLE__USERINFO_URL": "http://127.0.0.1:1/userinfo",
            "WREN_PROVIDERS__SLACK__CLIENT_ID": "id-2",
            "WREN_INTEGRATIONS__GMAIL__BASE_URL": "http://127.0.0.1:1/gmail/",
            "WREN_INTEGRATIONS__MY_THING__CONFIG": '{"folder": "x"}',
        },
    )

    google = settings.providers["google"]
    assert google.client_id == "id-1"
    assert google.client_secret is not None
    assert google.client_secret.get_secret_value() == "hush"
    assert google.authorization_url == "http://127.0.0.1:1/authorize"
    assert google.token_url == "http://127.0.0.1:1/token"
    assert google.revoke_url == "http://127.0.0.1:1/revoke"
    assert google.userinfo_url == "http://127.0.0.1:1/userinfo"
    assert settings.providers["slack"].client_id == "id-2"
    assert settings.integrations["gmail"].base_url == "http://127.0.0.1:1/gmail/"
    assert settings.integrations["my_thing"].config == {"folder": "x"}


def test_plain_variables_arrive_with_their_units(monkeypatch):
    settings = load(
        monkeypatch,
        {
            "WREN_DATA_DIR": "~/data",
            "WREN_PORT": "9000",
            "WREN_PUBLIC_URL": "https://wren.example/",
            "WREN_SANDBOX": "NONE",
            "WREN_LOG_LEVEL": "DEBUG",
            "WREN_REFRESH_MARGIN": "90",
            "WREN_WORKER_LEASE": "PT2M",
            "WREN_LIMITS__WALL": "1.5",
            "WREN_LIMITS__MEMORY_BYTES": "1GiB",
            "WREN_LIMITS__PROCESSES": "7",
        },
    )

    assert settings.data_dir == Path("~/data").expanduser()
    assert settings.address == "https://wren.example"
    assert (settings.port, settings.sandbox, settings.log_level) == (9000, "none", "debug")
    assert (settings.refresh_margin, settings.worker_lease) == (timedelta(seconds=90), timedelta(minutes=2))
    assert settings.limits.to_limits() == Limits(wall=timedelta(seconds=1.5), memory_bytes=2**30, processes=7)


def test_the_limits_are_those_of_the_executor():
    assert set(type(load_settings().limits).model_fields) == set(Limits.__dataclass_fields__)


def test_options_of_the_command_line_win(monkeypatch):
    assert load(monkeypatch, {"WREN_PORT": "9000"}, port=9001).port == 9001


def test_an_empty_variable_counts_as_left_out(monkeypatch):
    assert load(monkeypatch, {"WREN_PORT": "", "WREN_PUBLIC_URL": ""}).port == 8080


def test_variables_of_the_command_line_and_the_agent_are_left_alone(monkeypatch):
    load(monkeypatch, {"WREN_API_KEY": "x", "WREN_API_URL": "y", "WREN_AGENT_WORKSPACE": "z"})


def test_settings_cannot_be_changed():
    settings = load_settings()

    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"WREN_PROT": "1"}, "WREN_PROT is not a setting; did you mean WREN_PORT?"),
        ({"WREN_XYZZY": "1"}, "WREN_XYZZY is not a setting"),
        ({"WREN_PORT__X": "1"}, "WREN_PORT__X is not a setting; did you mean WREN_PORT?"),
        ({"WREN_PROVIDERS__GOOGLE__CLIENT_IDD": "1"}, "WREN_PROVIDERS__GOOGLE__CLIENT_IDD is not a setting"),
        ({"WREN_LIMITS__WALLL": "1"}, "WREN_LIMITS__WALLL is not a setting"),
        ({"WREN_INTEGRATIONS__GMAIL__URL": "1"}, "WREN_INTEGRATIONS__GMAIL__URL is not a setting"),
        ({"WREN_PORT": "eighty"}, "WREN_PORT: Input should be a valid integer"),
        ({"WREN_PORT": "70000"}, "WREN_PORT: Input should be less than or equal to 65535"),
        ({"WREN_SANDBOX": "docker"}, "WREN_SANDBOX: Input should be 'auto', 'sandlock' or 'none'"),
        ({"WREN_WORKER_LEASE": "-5"}, "WREN_WORKER_LEASE: Value error, must be longer than zero"),
        ({"WREN_REFRESH_MARGIN": "soon"}, "WREN_REFRESH_MARGIN: Input should be a valid timedelta"),
        ({"WREN_PUBLIC_URL": "ftp://x"}, "WREN_PUBLIC_URL: URL scheme should be 'http' or 'https'"),
        ({"WREN_LIMITS__MEMORY_BYTES": "lots"}, "WREN_LIMITS__MEMORY_BYTES: "),
        ({"WREN_PLUGINS_SAFE_MODE": "perhaps"}, "WREN_PLUGINS_SAFE_MODE: Input should be a valid boolean"),
        ({"WREN_PLUGINS_TIME_LIMIT": "0"}, "WREN_PLUGINS_TIME_LIMIT: Value error, must be longer than zero"),
        ({"WREN_PLUGINS_DENNY": "x"}, "WREN_PLUGINS_DENNY is not a setting; did you mean WREN_PLUGINS_DENY?"),
        ({"WREN_PROVIDERS": "{"}, "WREN_PROVIDERS: must be a JSON object"),
        ({"WREN_INTEGRATIONS__GMAIL__CONFIG": "{"}, "WREN_INTEGRATIONS__GMAIL__CONFIG: must be a JSON object"),
        ({"WREN_PROVIDERS__GOOGLE__TOKEN_URL": "http://u:p@x/"}, "WREN_PROVIDERS__GOOGLE__TOKEN_URL: Value error"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_variable(monkeypatch, variables, message):
    assert refused(monkeypatch, variables).startswith(message)


def test_every_wrong_variable_is_named_at_once(monkeypatch):
    message = refused(monkeypatch, {"WREN_PORT": "x", "WREN_SANDBOX": "y"})

    assert "WREN_PORT: " in message
    assert "WREN_SANDBOX: " in message


def test_no_secret_shows(monkeypatch):
    secrets = {
        "WREN_MASTER_KEY": "planted-1",
        "WREN_DATABASE_URL": "postgresql://u:planted-2@h/d",
        "WREN_PROVIDERS__GOOGLE__CLIENT_SECRET": "planted-3",
    }

    settings = load(monkeypatch, secrets)

    assert "planted" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.database_address() == "postgresql://u:planted-2@h/d"


@pytest.mark.parametrize(
    "variables",
    [
        {"WREN_PROVIDERS__GOOGLE": "planted"},
        {"WREN_PROVIDERS": '{"google": "planted"'},
        {"WREN_PORT": "planted"},
        {"WREN_PROVIDERS__GOOGLE__TOKEN_URL": "http://u:planted@x/"},
    ],
)
def test_no_value_shows_in_a_refusal(monkeypatch, variables):
    assert "planted" not in refused(monkeypatch, variables)


def test_plugin_variables_are_read_as_names_and_times(monkeypatch):
    settings = load(
        monkeypatch,
        {
            "WREN_PLUGINS_ALLOW": "mail, acme-chat",
            "WREN_PLUGINS_DENY": "files",
            "WREN_PLUGINS_DISABLED": ",",
            "WREN_PLUGINS_SAFE_MODE": "1",
            "WREN_PLUGINS_TIME_LIMIT": "2.5",
            "WREN_PLUGINS_FOLDER": "/srv/plugins",
        },
    )

    assert (settings.plugins_allow, settings.plugins_deny) == ({"mail", "acme-chat"}, {"files"})
    assert (settings.plugins_disabled, settings.plugins_safe_mode) == (frozenset(), True)
    assert (settings.plugins_time_limit, settings.plugins_folder) == (timedelta(seconds=2.5), Path("/srv/plugins"))


def test_without_plugin_variables_no_plugin_is_excluded(monkeypatch):
    settings = load(monkeypatch, {"WREN_PLUGINS_ALLOW": "", "WREN_PLUGINS_DISABLED": ""})

    assert (settings.plugins_allow, settings.plugins_disabled, settings.plugins_safe_mode) == (frozenset(), None, False)
