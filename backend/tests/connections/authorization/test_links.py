from dataclasses import replace
from typing import Annotated, Literal

import pytest

from wren_backend.connections.authorization.departures import Arrival, Departure
from wren_backend.connections.authorization.links import Submission
from wren_backend.connections.build import ConnectionServices
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.errors import ConnectionTestFailed, CredentialsInvalid
from wren_backend.connections.service import ConnectRequest
from wren_core.contract.integration import Integration
from wren_core.contract.record import IntegrationConfig
from wren_core.contract.spec import CredentialSpec, CredentialType, IntegrationSpec, OAuth2Config
from wren_core.errors import ConfigInvalid
from wren_core.plugins.discovery import LoadedPlugin
from wren_core.plugins.registry import Registry

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Postbox(Integration):
    """Read mail."""

    spec = IntegrationSpec(
        name="postbox",
        display_name="Postbox",
        credentials=(
            CredentialSpec(
                key="username",
                type=CredentialType.BASIC_AUTH,
                env_var="POSTBOX_USERNAME",
                description="The name you log in with",
                secret=False,
            ),
            CredentialSpec(key="password", type=CredentialType.BASIC_AUTH, env_var="POSTBOX_PASSWORD"),
        ),
        config_hosts=("{host}:{port}",),
    )

    class Config(IntegrationConfig):
        host: Annotated[str, "Name of the mail server"]
        port: int = 993
        security: Literal["tls", "starttls"] = "tls"
        read_only: bool | None = None
        folders: list[str] = []


class Shop(Integration):
    """Sell."""

    spec = IntegrationSpec(
        name="shop",
        display_name="Shop",
        auth=OAuth2Config(
            provider="parcelco",
            authorization_url="https://{shop}.parcel.example.com/authorize",
            token_url="https://{shop}.parcel.example.com/token",
        ),
    )

    class Config(IntegrationConfig):
        shop: Annotated[str, "The part of your shop's address in front of .parcel.example.com"]
        currency: str = "EUR"


@pytest.fixture
def services(context, stand_in):
    """The use cases over integrations that need configuration, and an operator who only registered a client."""
    loaded = {
        item.spec.name: LoadedPlugin(
            name=item.spec.name, distribution=f"wren-{item.spec.name}", version="1.2.3", integration=item
        )
        for item in (Postbox, Shop)
    }
    client = stand_in.provider_settings("https://p.test")["parcelco"].model_copy(
        update=dict.fromkeys(("authorization_url", "token_url", "revoke_url", "userinfo_url"))
    )
    return ConnectionServices.of(
        replace(context, registry=Registry(loaded=loaded, failed={}), providers={"parcelco": client})
    )


@pytest.fixture
def stored(context, subject):
    def read(connection_id):
        with context.database.reading() as session:
            row = refresh_repository.find_any(session, subject.workspace_id, connection_id)
            return row, dict(context.vault.open(session, row.place))

    return read


@pytest.fixture
def begin(subject):
    def begin(services, integration, **request):
        return services.connections.create(subject, ConnectRequest(integration=integration, **request))

    return begin


GOOD = {
    "value.username": "ann",
    "value.password": "pass-word",
    "config.host": " mail.example.com ",
    "config.port": "",
    "config.read_only": "true",
}


def with_operators(services, **config):
    return ConnectionServices.of(replace(services.context, configured={"postbox": config}))


def test_the_page_asks_for_what_the_connection_needs_in_words(services, begin):
    invitation = services.links.open("postbox", begin(services, "postbox").link)

    shown = [(item.name, item.label, item.is_required) for item in invitation.fields]
    assert shown == [
        ("config.host", "Server", True),
        ("value.username", "User name", True),
        ("value.password", "Password", True),
        ("config.port", "Port", False),
        ("config.security", "Security", False),
        ("config.read_only", "Read only", False),
    ]
    assert invitation.fields[0].hint == "Name of the mail server"
    assert (invitation.fields[3].kind, invitation.fields[3].example) == ("number", "993")
    assert invitation.fields[4].choices == (("tls", "tls"), ("starttls", "starttls"))
    assert invitation.fields[5].choices == (("true", "Yes"), ("false", "No"))


def test_what_the_operator_has_set_is_not_asked_for(services, begin):
    configured = with_operators(services, host="mail.example.com", port=143)

    names = {item.name for item in configured.links.open("postbox", begin(configured, "postbox").link).fields}

    assert names == {"value.username", "value.password", "config.security", "config.read_only"}


def test_what_is_typed_is_stored_as_the_schemas_types(services, begin, stored):
    begun = begin(services, "postbox")

    done = services.links.submit("postbox", begun.link, Submission(fields=GOOD))

    row, values = stored(begun.connection.id)
    assert isinstance(done, Arrival)
    assert row.config == {"host": "mail.example.com", "read_only": True}
    assert values == {"username": "ann", "password": "pass-word"}


def test_the_configuration_that_a_connection_has_is_shown_and_kept(services, begin, stored):
    begun = begin(services, "postbox", config={"host": "old.example.com", "port": 1993, "folders": ["a"]})

    shown = {item.name: item.value for item in services.links.open("postbox", begun.link).fields}
    services.links.submit("postbox", begun.link, Submission(fields={**GOOD, "config.port": "1993"}))

    assert (shown["config.host"], shown["config.port"]) == ("old.example.com", "1993")
    assert stored(begun.connection.id)[0].config == {
        "host": "mail.example.com",
        "port": 1993,
        "read_only": True,
        "folders": ["a"],
    }


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"config.host": ""}, ConfigInvalid, "config.host"),
        ({"config.port": "many"}, ConfigInvalid, "config.port"),
        ({"config.security": "none"}, ConfigInvalid, "config.security"),
        ({"config.host": "no host at all"}, ConfigInvalid, "config.host"),
        ({"value.password": ""}, CredentialsInvalid, "value.password"),
        ({"value.username": "a\x01b"}, CredentialsInvalid, "value.username"),
    ],
)
def test_what_does_not_fit_is_marked_at_its_field_and_the_link_stays_good(
    services, begin, stored, changes, error, field
):
    begun = begin(services, "postbox")
    typed = {**GOOD, **changes}

    with pytest.raises(error) as caught:
        services.links.submit("postbox", begun.link, Submission(fields=typed))
    page = services.pages.invite(
        services.links.open("postbox", begun.link), link=begun.link, problem=caught.value, typed=typed
    ).body.decode()

    assert stored(begun.connection.id)[1] == {}
    assert f'id="{field}.wrong"' in page
    tag = page.partition(f'id="{field}"')[2].partition(">")[0]
    assert 'aria-invalid="true"' in tag
    assert "autofocus" in tag
    assert f"{field}.wrong" in tag
    assert page.count('aria-invalid="true"') == 1
    assert 'value="ann"' in page or field == "value.username"
    assert "pass-word" not in page
    assert isinstance(services.links.submit("postbox", begun.link, Submission(fields=GOOD)), Arrival)


def test_credentials_are_tested_before_they_are_stored(services, begin, stored):
    seen = []

    def refuse(spec, values, config):
        seen.append((spec.name, dict(values), config))
        return "postbox refused the password"

    testing = ConnectionServices.of(replace(services.context, find_test_problem=refuse))
    begun = begin(testing, "postbox")

    with pytest.raises(ConnectionTestFailed, match="refused the password") as caught:
        testing.links.submit("postbox", begun.link, Submission(fields=GOOD))
    page = testing.pages.invite(
        testing.links.open("postbox", begun.link), link=begun.link, problem=caught.value, typed=GOOD
    ).body.decode()
    nothing = stored(begun.connection.id)
    anyway = testing.links.submit("postbox", begun.link, Submission(fields=GOOD, is_test_skipped=True))

    assert seen == [
        (
            "postbox",
            {"username": "ann", "password": "pass-word"},
            {"host": "mail.example.com", "read_only": True},
        )
    ]
    assert (nothing[0].status, nothing[1], nothing[0].config) == ("pending", {}, {})
    assert "Save without testing" in page
    assert 'role="alert"' in page
    assert isinstance(anyway, Arrival)


def test_a_tenant_is_asked_for_before_the_way_to_the_provider(services, begin, stored):
    begun = begin(services, "shop")

    fields = services.links.open("shop", begun.link).fields
    with pytest.raises(ConfigInvalid) as missing:
        services.links.submit("shop", begun.link, Submission())
    with pytest.raises(ConfigInvalid) as wrong:
        services.links.submit("shop", begun.link, Submission(fields={"config.shop": "evil.test/"}))
    departure = services.links.submit("shop", begun.link, Submission(fields={"config.shop": "acme"}))

    assert [(item.name, item.is_required) for item in fields] == [("config.shop", True)]
    assert [missing.value.details["field"], wrong.value.details["field"]] == ["shop", "shop"]
    assert isinstance(departure, Departure)
    assert departure.url.startswith("https://acme.parcel.example.com/authorize?")
    assert stored(begun.connection.id)[0].config == {"shop": "acme"}


def test_a_tenant_that_the_connection_has_is_not_needed_again(services, begin):
    begun = begin(services, "shop", config={"shop": "acme"})

    departure = services.links.submit("shop", begun.link, Submission())

    assert departure.url.startswith("https://acme.parcel.example.com/authorize?")


def test_the_page_names_workspace_user_and_integration(services, begin):
    begun = begin(services, "shop", alias="second")

    page = services.pages.invite(services.links.open("shop", begun.link), link=begun.link)

    text = page.body.decode()
    assert all(f"<dd>{name}</dd>" in text for name in ("Shop (second)", "tester", "Test"))
    assert text.count("<form") == 1
    assert 'method="post"' in text


def test_what_a_plugin_says_is_shown_as_short_text(services, begin):
    begun = begin(services, "postbox")
    problem = ConnectionTestFailed("<img src=x>\x1b[31m" + "long " * 500)

    page = services.pages.invite(
        services.links.open("postbox", begun.link), link=begun.link, problem=problem
    ).body.decode()

    assert "<img" not in page
    assert "\x1b" not in page
    assert "long " * 200 not in page
