"""Two accounts of one integration side by side: a deployed script posts to two Slack workspaces, in the sandbox."""

import httpx2
import pytest

from servers.backend import backend
from servers.consent import consent_google
from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, serve
from wren_slack.fake import FakeSlack

SCRIPT = """
import wren

acme = wren.integrations.slack.init(account="acme")


@wren.on_schedule("0 9 * * *")
def greet(event):
    globex = wren.integrations.slack.init(account="globex")
    acme.post("hello acme", "#general")
    globex.post("hello globex", "#general")
    acme.post("bye acme", "#general")
"""


class TwoWorkspaces(FakeProvider):
    """Slack with two workspaces: a token leads to the one that issued it; a person consents for the open one."""

    def __init__(self):
        super().__init__()
        self.workspaces = {name: FakeSlack(token_lifetime=3600) for name in ("acme", "globex")}
        self.open = "acme"

    def handle(self, request: FakeRequest) -> FakeResponse:
        token, refresh_token = request.token, request.form().get("refresh_token")
        for slack in self.workspaces.values():
            if token in slack.oauth._access or refresh_token in slack.oauth._refresh:
                return slack.handle(request)
        return self.workspaces[self.open].handle(request)


@pytest.fixture(scope="module")
def slack():
    return TwoWorkspaces()


@pytest.fixture(scope="module")
def server(slack, tmp_path_factory):
    with serve(slack) as url:
        variables = {
            "WREN_PROVIDERS__SLACK__CLIENT_ID": "fake-client",
            "WREN_PROVIDERS__SLACK__CLIENT_SECRET": "fake-client-secret",
            "WREN_PROVIDERS__SLACK__AUTHORIZATION_URL": f"{url}/oauth/v2/authorize",
            "WREN_PROVIDERS__SLACK__TOKEN_URL": f"{url}/api/oauth.v2.access",
            "WREN_PROVIDERS__SLACK__REVOKE_URL": f"{url}/api/auth.revoke",
            "WREN_INTEGRATIONS__SLACK__BASE_URL": f"{url}/api/",
        }
        with backend(tmp_path_factory.mktemp("backend"), variables) as running:
            for name in slack.workspaces:
                slack.open = name
                _connect(running, name)
            yield running


def _connect(server, alias):
    made = server.wren_json("connect", "slack", "--alias", alias, "--no-browser", "--no-wait")
    with httpx2.Client(timeout=30) as browser:
        authorize = browser.post(made["connect_url"]).headers["location"]
        back = browser.get(consent_google(authorize, email="alice@example.com"))
    assert back.status_code == 200, back.text


def _texts(workspace):
    return [message["text"] for message in workspace.messages_in("#general")]


def test_each_account_posts_with_its_own_token_and_a_renewal_of_one_leaves_the_other(server, slack):
    acme, globex = slack.workspaces["acme"], slack.workspaces["globex"]
    deployed = server.deploy(SCRIPT, name="greet")
    acme.oauth.expire_access_tokens()

    run = server.finished_run(server.start_run(deployed["deployment_id"]))

    assert run["status"] == "success", run["error"]
    assert _texts(acme) == ["hello acme", "bye acme"]
    assert _texts(globex) == ["hello globex"]
    assert [(call["account"], call["outcome"]) for call in run["calls"]] == [
        ("acme", "ok"),
        ("globex", "ok"),
        ("acme", "ok"),
    ]
    # One request each for the code; one more where the token was renewed.
    assert (acme.oauth.token_requests, globex.oauth.token_requests) == (2, 1)
    tokens = [{request.token for request in fake.requests if request.token} for fake in (acme, globex)]
    assert (len(tokens[0]), len(tokens[1]), tokens[0] & tokens[1]) == (2, 1, set())
    assert "slack(acme).post" in server.wren("status", run["run_id"]).stdout


def test_an_account_that_is_not_connected_refuses_the_deploy_with_those_that_are(server):
    script = SCRIPT.replace('account="acme"', 'account="initech"')

    answer = server.request("POST", "/v1/scripts/deploy", json={"script": script, "name": "unknown"})

    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("UserFacingConfigError", "CONNECTION_UNKNOWN")
    assert "acme" in error["message"]
    assert "globex" in error["message"]
    assert "/integrations/slack/setup" in error["action_url"]


def test_validating_takes_the_accounts_a_script_names(server):
    def validate(*aliases):
        body = {"integrations": ["slack"], "accounts": {"slack": list(aliases)}}
        return server.request("POST", "/v1/integrations/validate", json=body).json()

    assert validate("acme", "globex") == {"valid": True, "warnings": []}
    assert [error["code"] for error in validate("acme", "initech")["errors"]] == ["CONNECTION_UNKNOWN"]


def test_a_script_without_account_is_refused_if_several_are_connected(server):
    answer = server.request(
        "POST",
        "/v1/scripts/deploy",
        json={"script": SCRIPT.replace('account="acme"', "").replace('account="globex"', "")},
    )

    assert answer.json()["error"]["code"] == "CONNECTION_AMBIGUOUS"
