import inspect
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from pydantic import Field

from wren_core import (
    ApiKeyConfig,
    AuthFailed,
    Credentials,
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationConfig,
    IntegrationSpec,
    MethodSpec,
    OAuth2Config,
    UndoSpec,
    method,
)
from wren_core.errors import ConfigInvalid, CredentialMissing, HostUnavailable
from wren_core.testing import FakeProvider, FakeRequest, route, serve


class Client:
    def __init__(self, token: str) -> None:
        self.token = token
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Mail(Integration):
    """Send mail.

    To any address.
    """

    spec = IntegrationSpec(
        name="mail",
        display_name="Mail",
        base_url="https://mail.example",
        credentials=[CredentialSpec(key="access_token", type=CredentialType.OAUTH2, env_var="MAIL_ACCESS_TOKEN")],
    )

    class Config(IntegrationConfig):
        folder: Annotated[str, "Where to look"] = "INBOX"
        limit: Annotated[int, Field(ge=1)] = 10

    connects = 0

    def connect(self) -> Any:
        type(self).connects += 1
        return Client(self.credentials["access_token"])

    @method(effect="write")
    def send(self, to: str) -> str:
        """Send a mail."""
        return f"{to} by {self.client.token}"

    @method
    def folders(self) -> list[str]:
        """List the folders."""
        return [self.config.folder]


def mail(cls=Mail, **extra):
    return cls.create(**{"credentials": {"access_token": "tok-123"}, **extra})


def test_the_full_spec_is_completed_from_the_class():
    spec = Mail.full_spec()

    assert spec.description == "Send mail.\n\nTo any address."
    assert [item.id for item in spec.methods] == ["send", "folders"]
    assert spec.config_schema["properties"]["folder"] == {
        "type": "string",
        "default": "INBOX",
        "description": "Where to look",
    }
    assert spec.name == Mail.spec.name


def test_the_full_spec_is_built_once_per_class():
    class Other(Mail):
        """Another."""

        spec = IntegrationSpec(name="other", display_name="Other")

    assert Mail.full_spec() is Mail.full_spec()
    assert Other.full_spec().name == "other"
    assert Mail.full_spec().name == "mail"


def test_a_description_of_the_spec_comes_before_the_docstring():
    class Said(Integration):
        """Docstring."""

        spec = IntegrationSpec(name="said", display_name="Said", description="Said in the spec.")

    class Silent(Integration):
        spec = IntegrationSpec(name="silent", display_name="Silent")

    assert Said.full_spec().description == "Said in the spec."
    assert Silent.full_spec().description == ""
    assert Silent.create().base_url == ""


def test_methods_that_were_written_by_hand_into_the_spec_do_not_count():
    class Handmade(Integration):
        """By hand."""

        spec = IntegrationSpec(
            name="handmade",
            display_name="Handmade",
            methods=[MethodSpec(id="ghost", name="Ghost", description="Not there.", input_schema={})],
        )

    assert Handmade.full_spec().methods == ()


def test_without_a_config_no_value_is_taken():
    class Plain(Integration):
        """Plain."""

        spec = IntegrationSpec(name="plain", display_name="Plain")

    assert Plain.full_spec().config_schema == {"type": "object", "properties": {}, "additionalProperties": False}
    with pytest.raises(ConfigInvalid, match="it has no fields"):
        Plain.create({"a": 1})


def test_a_full_spec_that_contradicts_itself_is_refused():
    class Wrong(Integration):
        """Wrong."""

        spec = IntegrationSpec(name="wrong", display_name="Wrong")

        @method(effect="write", undo=UndoSpec(method="gone"))
        def act(self) -> None:
            """Act."""

    with pytest.raises(ValueError, match="undone by 'gone'"):
        Wrong.full_spec()


def test_create_applies_the_defaults_of_the_config():
    assert mail().config == Mail.Config(folder="INBOX", limit=10)
    assert mail(config={"folder": "Sent"}).folders() == ["Sent"]


@pytest.mark.parametrize(
    ("config", "field", "said", "nearest"),
    [
        ({"foldr": "x"}, "foldr", r"is unknown; did you mean 'folder'\?", "folder"),
        ({"zzz": "x"}, "zzz", "is unknown; it has folder, limit", None),
        ({"folder": 3}, "folder", "valid string", None),
        ({"limit": 0}, "limit", "greater than or equal to 1", None),
    ],
)
def test_a_wrong_config_names_the_field_the_reason_and_the_fields(config, field, said, nearest):
    with pytest.raises(ConfigInvalid, match=said) as caught:
        mail(config=config)

    details = caught.value.details
    assert (details["field"], details["nearest"], details["fields"]) == (field, nearest, ["folder", "limit"])
    assert details["integration"] == "mail"


def test_a_wrong_config_value_is_not_repeated():
    with pytest.raises(ConfigInvalid) as caught:
        mail(config={"folder": ["s3cret"]})

    assert "s3cret" not in str(caught.value.to_wire())


def test_the_base_url_may_be_replaced():
    assert mail().base_url == "https://mail.example"
    assert mail(base_url="http://127.0.0.1:1").base_url == "http://127.0.0.1:1"


def test_making_an_instance_connects_to_nothing():
    before = Mail.connects

    made = mail()
    made.folders()

    assert Mail.connects == before
    assert made.send("a") == "a by tok-123"
    assert Mail.connects == before + 1


def test_twenty_threads_make_one_connection():
    barrier = threading.Barrier(20)

    class Slow(Mail):
        connects = 0

        def connect(self) -> Any:
            threading.Event().wait(0.05)
            return super().connect()

    made = mail(Slow)

    def use(_: int) -> Any:
        barrier.wait()
        return made.client

    with ThreadPoolExecutor(20) as pool:
        clients = set(pool.map(use, range(20)))

    assert (Slow.connects, len(clients)) == (1, 1)


def test_a_client_may_be_none():
    class Nothing(Mail):
        connects = 0

        def connect(self) -> Any:
            type(self).connects += 1

    made = mail(Nothing)

    assert (made.client, made.client) == (None, None)
    assert Nothing.connects == 1


def test_a_failed_connection_is_tried_again():
    class Flaky(Mail):
        connects = 0

        def connect(self) -> Any:
            client = super().connect()
            if self.connects == 1:
                raise ConnectionError("no route")
            return client

    made = mail(Flaky)

    with pytest.raises(ConnectionError):
        _ = made.client
    assert made.client.token == "tok-123"


class Shop(Integration):
    """A shop of each tenant."""

    spec = IntegrationSpec(name="shop", display_name="Shop", base_url="https://{shop}.shops.example/{region}/api")

    class Config(IntegrationConfig):
        shop: str
        region: str = "eu"


def test_the_base_url_is_filled_in_from_the_configuration():
    assert Shop.create({"shop": "blue"}).base_url == "https://blue.shops.example/eu/api"
    assert Shop.create({"shop": "blue"}, base_url="http://127.0.0.1:1").base_url == "http://127.0.0.1:1"
    with pytest.raises(ConfigInvalid, match="shop: configuration field 'shop'"):
        Shop.create({"shop": "evil.example/"})


def test_an_integration_without_connect_and_base_url_has_no_client():
    class Plain(Integration):
        """Plain."""

        spec = IntegrationSpec(name="plain", display_name="Plain")

    with pytest.raises(NotImplementedError, match=r"Plain\.connect"):
        _ = Plain.create().client


class FakeShop(FakeProvider):
    @route("GET", "/shelf")
    def shelf(self, request: FakeRequest) -> Any:
        return {"key": request.headers.get("x-key") or request.query.get("key"), "token": request.token}


@pytest.mark.parametrize(
    ("auth", "credential", "seen"),
    [
        (ApiKeyConfig(name="X-Key", prefix="k "), "api_key", {"key": "k s3cret", "token": None}),
        (ApiKeyConfig(name="key", placement="query"), "api_key", {"key": "s3cret", "token": None}),
        (
            OAuth2Config(provider="shop", authorization_url="https://a.example/a", token_url="https://a.example/t"),
            "access_token",
            {"key": None, "token": "s3cret"},
        ),
    ],
)
def test_the_default_client_sends_the_credential_as_the_spec_declares(auth, credential, seen):
    class Shop(Integration):
        """Sell."""

        spec = IntegrationSpec(name="shop", display_name="Shop", auth=auth, base_url="https://shop.example")

        @method
        def shelf(self) -> dict[str, Any]:
            """List what there is."""
            found: dict[str, Any] = self.client.get("/shelf")
            return found

    with serve(FakeShop()) as url:
        shop = Shop.create(credentials={credential: "s3cret"}, base_url=url)
        answer = shop.shelf()
        shop.close()

    assert answer == seen
    with pytest.raises(CredentialMissing, match=credential):
        Shop.create().shelf()


def test_a_missing_credential_is_named_on_first_use():
    made = Mail.create()

    with pytest.raises(CredentialMissing, match="wren connect mail"):
        made.send("a")


def test_close_closes_the_client_and_the_next_use_connects_again():
    made = mail()
    client = made.client

    made.close()
    made.close()

    assert client.closed
    assert made.client is not client


def test_close_without_a_client_does_nothing():
    assert mail().close() is None


class Host:
    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.requests: list[str] = []

    def request(self, operation: str, payload: Any) -> dict[str, Any]:
        self.requests.append(operation)
        return self.answers.pop(0)


def test_renew_takes_the_new_values_and_keeps_the_others():
    host = Host({"env": {"MAIL_ACCESS_TOKEN": "tok-456", "OTHER": "x"}})
    made = mail(host=host, credentials={"access_token": "tok-123", "kept": "k"})

    assert made.renew()

    assert dict(made.credentials) == {"access_token": "tok-456", "kept": "k"}
    assert made.client.token == "tok-456"


def test_renew_without_a_new_value_keeps_the_client():
    made = mail(host=Host({"env": {"OTHER": "x"}}))
    client = made.client

    assert made.renew() is False
    assert made.client is client


def test_renew_takes_some_of_several_values():
    class Two(Mail):
        spec = IntegrationSpec(
            name="two",
            display_name="Two",
            credentials=[
                CredentialSpec(key="access_token", type=CredentialType.OAUTH2, env_var="TWO_TOKEN"),
                CredentialSpec(key="account", type=CredentialType.CUSTOM, env_var="TWO_ACCOUNT"),
            ],
        )

    made = mail(Two, host=Host({"env": {"TWO_TOKEN": "tok-456"}}))

    assert made.renew() is True
    assert dict(made.credentials) == {"access_token": "tok-456"}


def test_a_renewed_client_is_left_to_those_who_use_it_until_close():
    made = mail(host=Host({"env": {"MAIL_ACCESS_TOKEN": "tok-456"}}))
    old = made.client

    made.renew()
    closed_by_renew, new = old.closed, made.client
    made.close()

    assert not closed_by_renew
    assert (old.closed, new.closed, new.token) == (True, True, "tok-456")


def test_renew_without_a_host_says_so():
    assert mail().renew() is False


def test_twenty_refused_threads_renew_once():
    host = Host(*({"env": {"MAIL_ACCESS_TOKEN": f"tok-{number}"}} for number in range(20)))
    barrier = threading.Barrier(20)

    class Guarded(Mail):
        @method
        def read(self, start: bool) -> str:
            """Read."""
            token = self.client.token
            if token == "tok-123":
                barrier.wait()
                raise AuthFailed("401")
            return token

    made = mail(Guarded, host=host)
    with ThreadPoolExecutor(20) as pool:
        tokens = set(pool.map(lambda _: made.read(True), range(20)))

    assert (len(host.requests), tokens) == (1, {"tok-0"})


def test_the_default_host_serves_nothing():
    with pytest.raises(HostUnavailable, match=r"messages\.send"):
        mail().host.request("messages.send", {})


def test_credentials_may_be_given_ready_made():
    credentials = Credentials({"access_token": "t"}, integration="mail")

    assert mail(credentials=credentials).credentials is credentials


def test_a_repr_shows_no_secret():
    made = mail()
    _ = made.client

    assert repr(made) == "<Mail integration 'mail'>"


def test_the_class_answers_the_registration_hook():
    assert Mail.wren_integrations() == [Mail]


class Quiet(Mail):
    """Mail with other manners."""

    spec = IntegrationSpec(name="quiet", display_name="Quiet")

    folders = None

    @method(effect="write")
    def send(self, to: str, silent: bool = True) -> str:
        """Send it quietly."""
        return f"quiet {super().send(to)}"

    @method
    def unread(self) -> int:
        """Count."""
        return 0


def test_methods_are_inherited_overridden_and_dropped():
    assert list(Quiet.methods()) == ["send", "unread"]
    assert Quiet.full_spec().methods[0].description == "Send it quietly."
    assert list(Mail.methods()) == ["send", "folders"]


def test_an_override_reaches_the_method_it_overrides():
    records: list[Any] = []

    answer = mail(Quiet, on_call=records.append).send("a")

    assert answer == "quiet a by tok-123"
    assert [record.method for record in records] == ["send"]


def test_methods_of_a_mixin_count():
    class Searching:
        @method
        def search(self, query: str) -> list[str]:
            """Search."""
            return [query]

    class Both(Searching, Mail):
        """Both."""

    assert list(Both.methods()) == ["send", "folders", "search"]
    assert mail(Both).search("x") == ["x"]


@pytest.mark.parametrize(
    "name",
    ["create", "close", "name", "client", "connect", "methods", "invoke", "config", "credentials", "host", "spec"],
)
def test_a_method_cannot_take_a_name_the_machinery_needs(name):
    namespace: dict[str, Any] = {}
    exec(f"def {name}(self) -> None: 'Act.'", namespace)

    with pytest.raises(TypeError, match=f"Grab.{name}: the name belongs to Integration"):
        type("Grab", (Integration,), {name: method(namespace[name])})


def test_an_override_that_forgets_the_mark_is_refused():
    with pytest.raises(TypeError, match=r"Loud\.send replaces a method; mark it with @method"):

        class Loud(Mail):
            def send(self, to: str) -> str:
                return to


def test_a_method_has_one_name():
    with pytest.raises(TypeError, match=r"Twice\.deliver is another name for send"):

        class Twice(Mail):
            deliver = Mail.send


def test_the_signature_of_a_bound_method_is_that_of_the_function():
    assert list(inspect.signature(mail().send).parameters) == ["self", "to"]
