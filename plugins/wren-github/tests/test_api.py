import json
import time

import pytest

from wren_core import AuthFailed, NotFound, RateLimited, Rejected, Unavailable, UserFacingConfigError
from wren_core.http_client import Answer
from wren_github.api import following, verdict


def answer(status, body=b"{}", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(request="GET /x", status_code=status, headers=named, body=body)


def test_a_secondary_limit_is_a_rate_limit_with_its_pause(github, fake):
    fake.limit_next(retry_after=30)

    with pytest.raises(RateLimited, match="secondary rate limit") as caught:
        github.get_issue(1)

    assert caught.value.retry_after == 30.0


def test_a_read_waits_for_a_short_rate_limit(github, fake):
    github.create_issue("It broke")
    fake.limit_next(retry_after=0)

    assert github.get_issue(1).title == "It broke"


def test_an_exhausted_limit_pauses_until_its_reset():
    reset = str(int(time.time()) + 600)

    error = verdict(answer(403, b'{"message":"API limit"}', x_ratelimit_remaining="0", x_ratelimit_reset=reset))

    assert isinstance(error, RateLimited)
    assert 590 < error.retry_after <= 600


@pytest.mark.parametrize("reset", ["", "soon", "-5"])
def test_a_rate_limit_without_a_duration_has_no_pause(reset):
    error = verdict(answer(429, b'{"message":"rate limit"}', x_ratelimit_reset=reset))

    assert isinstance(error, RateLimited)
    assert error.retry_after is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"message": "You have triggered an abuse detection mechanism. Please wait a few minutes."}),
        (403, {"message": "You have exceeded a secondary rate limit and have been temporarily blocked."}),
        (429, {"message": "Too many requests"}),
        (403, {"message": "Forbidden", "documentation_url": "https://docs.github.com/rest#abuse-rate-limits"}),
        (422, {"message": "Validation Failed", "errors": [{"code": "custom", "message": "was submitted too quickly"}]}),
    ],
)
def test_every_way_to_say_too_fast_is_a_rate_limit_in_githubs_words(status, body):
    error = verdict(answer(status, json.dumps(body).encode()))

    assert isinstance(error, RateLimited)
    assert body["message"] in error.message


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"message": "Resource protected by organization SAML enforcement"}),
        (422, {"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest/rate-limit"}),
        (451, {"message": "Repository access blocked"}),
        (410, {"message": "Issues are disabled for this repo"}),
    ],
)
def test_other_refusals_keep_githubs_words(status, body):
    error = verdict(answer(status, json.dumps(body).encode()))

    assert not isinstance(error, RateLimited)
    assert error.message.endswith(body["message"])


def test_a_refused_field_is_named(github):
    with pytest.raises(Rejected, match="Validation Failed; base invalid") as caught:
        github.create_pull_request("Fix it", "fix", "nowhere")

    assert caught.value.details["status"] == 422


def test_errors_given_as_text_are_quoted():
    error = verdict(answer(422, b'{"message":"Validation Failed","errors":[{"message":"No commits"},"odd"]}'))

    assert "Validation Failed; No commits; odd" in error.message


def test_not_found_says_that_a_scope_may_be_missing(connect, fake):
    github = connect(token=fake.token(scopes=()))

    with pytest.raises(NotFound, match="also hidden from tokens without the scope `repo`"):
        github.list_issues("alice/diary")
    with pytest.raises(NotFound, match="the scope `repo`"):
        github.create_issue("May not write", repository="alice/kites")
    assert github.list_issues("alice/kites") == []
    assert github.search_issues("crash") == []


def test_a_missing_permission_is_a_configuration_error():
    body = b'{"message":"Resource not accessible by personal access token"}'

    error = verdict(answer(403, body, x_accepted_github_permissions="issues=write"))

    assert isinstance(error, UserFacingConfigError)
    assert (error.code, error.details["needed"]) == ("OAUTH_SCOPE_MISSING", "issues=write")


def test_any_other_403_is_rejected():
    assert isinstance(verdict(answer(403, b'{"message":"Repository was archived so is read-only."}')), Rejected)


def test_a_refused_token_raises_auth_failed(connect):
    with pytest.raises(AuthFailed, match="run `wren connect github`"):
        connect(token="ghp_made-up").list_issues("alice/kites")


def test_other_statuses_are_left_to_core():
    assert verdict(answer(500, b"<h1>Unicorn!</h1>")) is None


def test_a_write_is_sent_once(github, fake):
    fake.fail_next(502, times=3)

    with pytest.raises(Unavailable, match="it may have been done"):
        github.create_issue("It broke")

    assert len(fake.requests) == 1


def test_an_idempotent_change_is_retried(github, fake):
    github.create_issue("It broke")
    fake.fail_next(502)

    assert github.close_issue(1).state == "closed"


def test_the_last_page_has_no_link():
    assert following(answer(200)) is None
    assert following(answer(200, link='<https://x/?page=1>; rel="prev"')) is None


def test_the_next_page_may_be_a_cursor():
    link = (
        '<https://api.github.com/x?page=1>; rel="prev", <https://api.github.com/x?after=Y3Vy%3D&per_page=2>; rel="next"'
    )

    assert following(answer(200, link=link)) == {"after": "Y3Vy=", "per_page": "2"}
