import base64
import hashlib
import html
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from wren_core.testing import FakeOAuth, FakeProvider, FakeRequest, FakeResponse, FakeUser

ANN = FakeUser(email="ann@example.com", name="Ann")
REDIRECT = "https://wren.example/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CLIENT = {"client_id": "fake-client", "client_secret": "fake-client-secret"}


class Flow:
    """A browser and a client, in one."""

    def __init__(self, **options):
        self.provider = FakeProvider()
        paths = {"authorize_path": "/authorize", "token_path": "/token", "revoke_path": "/revoke"}
        self.oauth = FakeOAuth(self.provider, users=[ANN], **paths, **options)

    def page(self, **query: str) -> FakeResponse:
        asked = {"client_id": "fake-client", "redirect_uri": REDIRECT, "scope": "read write", "state": "s1"}
        given = {**asked, "code_challenge": CHALLENGE, "code_challenge_method": "S256", **query}
        values = {name: [value] for name, value in given.items() if value}
        return self.provider.handle(FakeRequest(method="GET", path="/authorize", query_all=values))

    def consent(self, button: int = 0, **query: str) -> dict[str, str]:
        """Press a button of the consent page and return the query the browser is sent back with."""
        form = re.findall(r"<form.*?</form>", str(self.page(**query).body))[button]
        fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="(.*?)"', form)}
        answer = self.post("/authorize", fields)
        assert answer.status == 302
        target = urlsplit(answer.headers["location"])
        assert f"{target.scheme}://{target.netloc}{target.path}" == REDIRECT
        return {name: values[0] for name, values in parse_qs(target.query).items()}

    def post(self, path: str, fields: dict[str, str], **headers: str) -> FakeResponse:
        return self.provider.handle(
            FakeRequest(method="POST", path=path, body=urlencode(fields).encode(), headers=headers)
        )

    def exchange(self, code: str, /, **changes: str) -> FakeResponse:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.post("/token", {**fields, **CLIENT, **changes})

    def refresh(self, token: str, **changes: str) -> FakeResponse:
        return self.post("/token", {"grant_type": "refresh_token", "refresh_token": token, **CLIENT, **changes})


def test_a_consented_code_becomes_tokens_of_that_user():
    flow = Flow()
    answer = flow.consent()

    tokens = flow.exchange(answer["code"]).body

    assert answer["state"] == "s1"
    assert flow.oauth.user_of(tokens["access_token"]) == ANN
    assert flow.oauth.scopes_of(tokens["access_token"]) == ["read", "write"]
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, "read write")
    assert tokens["refresh_token"]


def test_a_person_may_deny_consent():
    assert Flow().consent(button=-1) == {"state": "s1", "error": "access_denied"}


def test_the_consent_page_escapes_its_values():
    body = str(Flow().page(scope="<script>", state='"><b>').body)

    assert "<script>" not in body
    assert "<b>" not in body


@pytest.mark.parametrize("query", [{"client_id": "other"}, {"redirect_uri": ""}, {"code_challenge_method": "plain"}])
def test_an_invalid_authorization_request_gets_no_form(query):
    page = Flow().page(**query)

    assert page.status == 400
    assert "<form" not in str(page.body)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"code": "wrong"}, 400, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "/"}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
    ],
)
def test_an_invalid_token_request_is_refused(changes, status, error):
    flow = Flow()

    answer = flow.exchange(flow.consent()["code"], **changes)

    assert (answer.status, answer.body) == (status, {"error": error})


def test_a_code_works_once():
    flow = Flow()
    code = flow.consent()["code"]
    flow.exchange(code)

    assert flow.exchange(code).body == {"error": "invalid_grant"}


def test_the_client_may_identify_itself_in_the_header():
    flow = Flow()
    code = flow.consent()["code"]
    basic = base64.b64encode(b"fake-client:fake-client-secret").decode()
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}

    assert flow.post("/token", fields, authorization=f"Basic {basic}").status == 200


@pytest.mark.parametrize("only", ["client_secret_basic", "client_secret_post"])
def test_a_server_may_take_one_way_to_authenticate_only(only):
    flow = Flow(token_endpoint_auth_method=only)
    basic = base64.b64encode(b"fake-client:fake-client-secret").decode()
    token = flow.oauth.issue(ANN, ["read"])["refresh_token"]
    fields = {"grant_type": "refresh_token", "refresh_token": token}

    statuses = {
        "client_secret_post": flow.refresh(token).status,
        "client_secret_basic": flow.post("/token", fields, authorization=f"Basic {basic}").status,
    }

    assert statuses == {way: 200 if way == only else 401 for way in statuses}


def test_a_server_may_answer_with_a_form():
    flow = Flow(answers_with_form=True)

    answer = flow.refresh(flow.oauth.issue(ANN, ["read", "write"])["refresh_token"])

    fields = parse_qs(answer.body)
    assert flow.oauth.user_of(fields["access_token"][0]) == ANN
    assert (fields["expires_in"], fields["scope"]) == (["3600"], ["read write"])


def test_a_refresh_gives_a_new_access_token_and_keeps_the_refresh_token():
    flow = Flow()
    first = flow.oauth.issue(ANN, ["read"])

    second = flow.refresh(first["refresh_token"]).body
    third = flow.refresh(first["refresh_token"])

    assert second["access_token"] != first["access_token"]
    assert "refresh_token" not in second
    assert third.status == 200
    assert flow.oauth.token_requests == 2


def test_a_rotating_server_refuses_the_old_refresh_token():
    flow = Flow(rotate=True)
    first = flow.oauth.issue(ANN, ["read"])

    second = flow.refresh(first["refresh_token"]).body

    assert flow.refresh(first["refresh_token"]).body == {"error": "invalid_grant"}
    assert flow.refresh(second["refresh_token"]).status == 200


def test_access_tokens_can_be_expired_at_once():
    flow = Flow()
    tokens = flow.oauth.issue(ANN, ["read"])

    flow.oauth.expire_access_tokens()

    assert flow.oauth.user_of(tokens["access_token"]) is None
    assert flow.oauth.scopes_of(tokens["access_token"]) == []
    assert flow.oauth.user_of(flow.refresh(tokens["refresh_token"]).body["access_token"]) == ANN


def test_tokens_without_a_lifetime_have_no_refresh_token():
    tokens = Flow(token_lifetime=None).oauth.issue(ANN, ["read"])

    assert {"expires_in", "refresh_token"} & set(tokens) == set()


def test_withdrawn_consent_revokes_every_token():
    flow = Flow()
    tokens = flow.oauth.issue(ANN, ["read"])

    flow.oauth.revoke_everything()

    assert flow.oauth.user_of(tokens["access_token"]) is None
    assert flow.refresh(tokens["refresh_token"]).body == {"error": "invalid_grant"}


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_token_can_be_revoked(which):
    flow = Flow()
    tokens = flow.oauth.issue(ANN, ["read"])

    assert flow.post("/revoke", {"token": tokens[which]}).status == 200

    works = {
        "access_token": flow.oauth.user_of(tokens["access_token"]) is not None,
        "refresh_token": flow.refresh(tokens["refresh_token"]).status == 200,
    }
    assert works == {"access_token": which != "access_token", "refresh_token": which != "refresh_token"}


def test_a_missing_token_belongs_to_no_user():
    assert Flow().oauth.user_of(None) is None
    assert Flow().oauth.user_of("never-issued") is None


def test_the_fake_lists_the_paths_of_its_pages_and_endpoints():
    oauth = Flow().oauth

    assert oauth.paths == ("/authorize", "/token", "/revoke")
    assert (oauth.token_path, oauth.revoke_path) == ("/token", "/revoke")
