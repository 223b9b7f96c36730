import pytest

from wren_core.ai.refusals import refusal
from wren_core.errors import AuthFailed, RateLimited, Rejected, Unavailable, UserFacingConfigError

WHERE = {"integration": "chat", "billing_url": "https://chat.example/billing"}


@pytest.mark.parametrize(("status", "kind"), [(400, Rejected), (401, AuthFailed), (418, Rejected), (529, Unavailable)])
def test_the_status_decides_who_can_act(status, kind):
    assert type(refusal(status, "no", **WHERE)) is kind


def test_a_limit_says_how_long_to_wait():
    error = refusal(429, "slow down", retry_after="7", **WHERE)

    assert (type(error), error.retry_after_ms) == (RateLimited, 7000)


@pytest.mark.parametrize(("status", "is_about_money"), [(402, False), (429, True), (400, True)])
def test_the_error_of_an_account_without_credit_links_to_its_billing_page(status, is_about_money):
    error = refusal(status, "no credit", is_about_money=is_about_money, **WHERE)

    assert (type(error), error.code) == (UserFacingConfigError, "PROVIDER_BILLING")
    assert error.action_url == "https://chat.example/billing"


def test_a_key_without_the_permission_differs_from_a_wrong_key():
    forbidden, wrong = refusal(403, "no", **WHERE), refusal(401, "no", **WHERE)

    assert forbidden.code == "PERMISSION_DENIED"
    assert "wren connect chat --again" in wrong.message
