import asyncio
import base64
import json
import socket
from contextlib import closing

import pytest

from wren_core import AuthFailed, NotFound, RateLimited, Rejected, Unavailable
from wren_core.http_client import ResponseTooLarge
from wren_core.testing import serve
from wren_gmail.api import CONCURRENCY, MAX_INLINE_BYTES, MAX_PAGES, GmailApi
from wren_gmail.fake_wire import google_error
from wren_gmail.outgoing import Outgoing, compose
from wren_gmail.records import Attachment

PROFILE = "/gmail/v1/users/me/profile"


class Naps(list):
    """A sleep function that records its arguments."""

    def __call__(self, seconds):
        self.append(seconds)


@pytest.fixture
def naps():
    return Naps()


@pytest.fixture
def api(fake, url, naps):
    with closing(GmailApi(url, fake.token(), sleep=naps)) as api:
        yield api


def limited(seconds, status=429):
    body = google_error(status, "Slow down.", reason="rateLimitExceeded")
    return {"status": status, "headers": {"retry-after": str(seconds)}, "body": body}


@pytest.fixture
def silent_port():
    """A port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize("status", [429, 403])
def test_a_read_waits_for_retry_after_and_is_retried(api, fake, naps, status):
    fake.fail_next(**limited(2, status))

    found = api.get("/profile")

    assert found["emailAddress"] == "alice@example.com"
    assert naps == [2.0]


def test_a_read_is_not_retried_after_a_long_retry_after(api, fake, naps):
    fake.fail_next(**limited(60))

    with pytest.raises(RateLimited) as caught:
        api.get("/profile")

    assert caught.value.retry_after == 60.0
    assert naps == []
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_read_succeeds_after_two_temporary_failures(api, fake, naps, status):
    fake.fail_next(status, times=2)

    assert api.get("/profile")["emailAddress"] == "alice@example.com"
    assert naps == [0.5, 1.0]


def test_a_read_fails_after_the_third_failure(api, fake):
    fake.fail_next(503, times=3, body=google_error(503, "Backend error."))

    with pytest.raises(Unavailable, match=f"gmail answered 503 to GET {PROFILE}: Backend error."):
        api.get("/profile")

    assert len(fake.requests) == 3


def test_a_permanent_failure_is_not_retried(api, fake, naps):
    for status, error in [(400, Rejected), (401, AuthFailed), (404, NotFound)]:
        fake.fail_next(status)

        with pytest.raises(error):
            api.get("/profile")

    assert len(fake.requests) == 3
    assert naps == []


@pytest.mark.parametrize("status", [408, 500, 503])
def test_a_write_that_may_have_been_done_is_never_repeated(api, fake, naps, status):
    fake.fail_next(status, times=3)

    with pytest.raises(Unavailable):
        api.submit("/messages/send", compose(Outgoing(to="bob@example.com", subject="x", text="x")))

    assert len(fake.requests) == 1
    assert naps == []


@pytest.mark.parametrize("status", [429, 403])
def test_a_write_refused_because_of_its_rate_waits_and_is_sent(api, fake, naps, status):
    fake.fail_next(**{**limited(2), "status": status}, times=2)

    sent = api.submit("/messages/send", compose(Outgoing(to="bob@example.com", subject="x", text="x")))

    assert sent["id"]
    assert naps == [2.0, 2.0]


def test_a_write_that_may_have_been_done_says_so(api, fake):
    fake.fail_next(503)

    with pytest.raises(Unavailable, match="it may have been done: look before you try again") as caught:
        api.submit("/messages/send", b"To: bob@example.com\r\n\r\n")

    assert caught.value.can_retry is False


def test_a_write_that_was_not_sent_may_be_repeated(closed_port):
    with closing(GmailApi(f"http://127.0.0.1:{closed_port}", "t")) as api, pytest.raises(Unavailable) as caught:
        api.submit("/messages/send", b"To: bob@example.com\r\n\r\n")

    assert caught.value.can_retry is True
    assert "may have been done" not in caught.value.message


def test_a_provider_that_does_not_answer_is_unavailable(silent_port, naps):
    base_url = f"http://127.0.0.1:{silent_port}"

    with closing(GmailApi(base_url, "t", timeout=0.05, sleep=naps)) as api, pytest.raises(Unavailable) as caught:
        api.get("/profile")

    assert caught.value.message == f"gmail could not be reached for GET {PROFILE}: ReadTimeout"


def test_a_write_without_an_answer_may_have_been_done(silent_port):
    base_url = f"http://127.0.0.1:{silent_port}"

    with closing(GmailApi(base_url, "t", timeout=0.05)) as api, pytest.raises(Unavailable) as caught:
        api.submit("/messages/send", b"To: bob@example.com\r\n\r\n")

    assert caught.value.can_retry is False


def test_an_answer_that_is_too_large_is_not_read(fake, url):
    fake.fail_next(200, body=b"[" + b"0," * 100_000 + b"0]")

    too_large = pytest.raises(ResponseTooLarge, match="more than 1,000 bytes")
    with closing(GmailApi(url, "t", max_bytes=1000)) as api, too_large:
        api.get("/profile")


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"[]", b"\xff\xfe", b"null"])
def test_a_response_that_is_not_a_json_object_is_unavailable(api, fake, body):
    fake.fail_next(200, times=3, body=body)

    with pytest.raises(Unavailable, match="check base_url"):
        api.get("/profile")


def test_a_redirect_to_another_host_does_not_get_the_token(api, fake, url):
    elsewhere = url.replace("127.0.0.1", "localhost")
    fake.fail_next(302, headers={"location": f"{elsewhere}/gmail/v1/users/me/labels"}, body=b"moved")

    with pytest.raises(Rejected, match="gmail answered 302"):
        api.get("/profile")

    assert {request.path for request in fake.requests} == {PROFILE}


def test_a_list_is_read_page_by_page_up_to_the_limit(api, fake):
    fake.page_size = 4
    for number in range(20):
        fake.deliver(subject=str(number))

    found = api.collect("/messages", "messages", limit=10)

    assert len({item["id"] for item in found}) == 10
    assert [request.query["maxResults"] for request in fake.requests] == ["10", "6", "2"]


def test_a_list_ends_with_the_last_page(api, fake):
    fake.page_size = 2

    found = api.collect("/messages", "messages", limit=500)

    assert len(found) == 3
    assert len(fake.requests) == 2


def test_a_page_larger_than_requested_is_truncated(api, fake):
    fake.fail_next(200, body={"messages": [{"id": str(number)} for number in range(50)]})

    assert len(api.collect("/messages", "messages", limit=7)) == 7


def test_an_endless_list_is_abandoned(naps):
    class Endless:
        requests = 0

        async def __call__(self, scope, receive, send):
            self.requests += 1
            body = json.dumps({"nextPageToken": str(self.requests)}).encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

    endless = Endless()
    with serve(endless) as url, closing(GmailApi(url, "t", sleep=naps)) as api:
        found = api.collect("/messages", "messages", limit=10)

    assert found == []
    assert endless.requests == MAX_PAGES


def test_a_listing_costs_one_request_per_page_and_per_message(api, fake):
    found = api.messages(limit=10)

    assert len(found) == 3
    assert len(fake.requests) == 4


def test_at_most_four_messages_are_fetched_at_a_time(fake):
    class Slow:
        inside = most = 0

        async def __call__(self, scope, receive, send):
            self.inside += 1
            self.most = max(self.most, self.inside)
            await asyncio.sleep(0.05)
            await fake(scope, receive, send)
            self.inside -= 1

    for _ in range(10):
        fake.deliver()
    slow = Slow()
    with serve(slow) as url, closing(GmailApi(url, fake.token())) as api:
        api.messages(limit=12)

    assert slow.most == CONCURRENCY


def test_a_response_that_never_ends_is_abandoned(naps):
    async def dripping(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50):
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.01)

    said = f"more than 0.1 s to answer GET {PROFILE}"
    with (
        serve(dripping) as url,
        closing(GmailApi(url, "t", patience=0.1, sleep=naps)) as api,
        pytest.raises(Unavailable, match=said),
    ):
        api.get("/profile")


def test_a_message_deleted_during_a_listing_is_omitted(api, fake):
    gone = fake.mailboxes["alice@example.com"].find()[1]
    fake.fail_next(404, path=f"/messages/{gone.id}", body=google_error(404, "Requested entity was not found."))

    assert gone.id not in {item["id"] for item in api.messages(limit=10)}
    assert len(fake.requests) == 4


def test_the_first_failure_ends_a_listing(api, fake):
    for _ in range(100):
        fake.deliver()
    fake.fail_next(401, times=200, path="/messages/")

    with pytest.raises(AuthFailed):
        api.messages(limit=100)

    assert len(fake.requests) < 50


def test_only_headers_are_returned_for_a_message_nested_too_deeply(api, fake):
    mail = fake.deliver(subject="Matryoshka", text="inside")
    deep = b'{"parts": [' * 5000 + b"{}" + b"]}" * 5000
    fake.fail_next(200, path=f"/messages/{mail.id}", body=deep)

    found = api.message(mail.id)

    assert found["partial"] is True
    assert {"name": "Subject", "value": "Matryoshka"} in found["payload"]["headers"]
    assert found["snippet"] == "inside"


def test_a_text_that_gmail_stores_separately_is_fetched(api, fake):
    fake.inline_bytes = 10
    mail = fake.deliver(text="words " * 10)

    found = api.message(mail.id)

    assert base64.urlsafe_b64decode(found["payload"]["body"]["data"]).decode().strip() == ("words " * 10).strip()


@pytest.mark.parametrize(("size", "path"), [(10, "/gmail/v1"), (MAX_INLINE_BYTES, "/upload/gmail/v1")])
def test_a_large_message_is_uploaded(api, fake, size, path):
    first = api.submit("/messages/send", b"To: bob@example.com\r\n\r\nfirst")
    content = bytes(range(256)) * (size // 256 + 1)
    mail = Outgoing(
        to="bob@example.com", subject="x", text="x", attachments=[Attachment(filename="a.bin", content=content)]
    )

    made = api.submit("/messages/send", compose(mail), thread_id=first["threadId"])

    assert fake.requests[-1].path == f"{path}/users/me/messages/send"
    assert made["threadId"] == first["threadId"]
    assert fake.sent[-1].attachments == {"a.bin": content}


@pytest.mark.parametrize("size", [10, MAX_INLINE_BYTES])
def test_a_large_draft_is_uploaded_too(api, fake, size):
    raw = b"To: bob@example.com\r\nSubject: later\r\n\r\n" + b"x" * size

    made = api.submit("/drafts", raw, draft=True)

    mailbox = fake.mailboxes["alice@example.com"]
    assert mailbox.mails[mailbox.drafts[made["id"]]].raw == raw


def test_the_token_is_sent_but_not_in_any_repr(api, fake, url):
    token = fake.token()

    with closing(GmailApi(url, token)) as api, pytest.raises(NotFound) as caught:
        api.get("/messages/none")

    assert fake.requests[-1].token == token
    assert token not in f"{api!r} {vars(api)!r} {caught.value!r} {caught.value.to_wire()} {caught.value.__cause__!r}"


@pytest.mark.parametrize("token", ["", "secret\n", "sec ret", "sécret", "secret\x00"])
def test_an_invalid_token_is_refused_without_quoting_it(token):
    with pytest.raises(AuthFailed) as caught:
        GmailApi("http://127.0.0.1:1", token)

    assert "cret" not in str(caught.value)
