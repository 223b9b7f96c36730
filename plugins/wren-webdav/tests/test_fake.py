from contextlib import closing

import pytest

from wren_core import AuthFailed, NotFound, RateLimited, Rejected
from wren_core.testing import serve
from wren_webdav import WebDAV
from wren_webdav.fake import FakeWebDAV


@pytest.fixture(scope="module")
def served():
    fake = FakeWebDAV()
    with serve(fake) as url:
        yield fake, url


@pytest.fixture
def fake(served):
    served[0].__init__()
    return served[0]


@pytest.fixture
def webdav(fake, served):
    integration = WebDAV.create(fake.configuration(served[1]), credentials=fake.credentials())
    yield integration
    integration.close()


def test_written_files_are_stored(fake, webdav):
    made = webdav.write("/reports/Grüße.txt", "Hello")

    assert fake.files["/reports/Grüße.txt"] == b"Hello"
    assert (webdav.read(made.path).text, made.etag) == ("Hello", fake.etag(made.path))
    assert [item.name for item in webdav.list_folder("/reports")] == ["Grüße.txt", "april.txt", "may.txt"]


def test_folders_are_moved_copied_and_deleted_with_their_content(fake, webdav):
    webdav.copy("/reports", "/archive")
    webdav.move("/reports", "/old")
    webdav.delete("/archive")

    assert (fake.folders, sorted(fake.files)) == ({"/", "/old"}, ["/old/april.txt", "/old/may.txt"])


def test_invalid_requests_are_refused_as_a_server_does(fake, webdav):
    etag = webdav.info("/reports/may.txt").etag
    webdav.write("/reports/may.txt", "changed", etag=etag)

    for refused in (
        lambda: webdav.write("/reports/may.txt", "mine", etag=etag),
        lambda: webdav.write("/reports/may.txt", "new"),
        lambda: webdav.mkdir("/reports"),
        lambda: webdav.move("/reports/may.txt", "/reports/april.txt"),
        lambda: webdav.delete("/reports/may.txt", etag=etag),
    ):
        with pytest.raises(Rejected):
            refused()
    with pytest.raises(NotFound):
        webdav.mkdir("/nowhere/deep")
    with pytest.raises(NotFound):
        webdav.read("/nowhere.txt")
    assert fake.files["/reports/may.txt"] == b"changed"


def test_a_request_without_password_is_refused(fake, served):
    credentials = {**fake.credentials(), "password": "wrong"}

    stranger = WebDAV.create(fake.configuration(served[1]), credentials=credentials)
    with closing(stranger), pytest.raises(AuthFailed):
        stranger.list_folder()


def test_requested_failures_happen(fake, webdav):
    fake.fail_next(429, headers={"retry-after": "77"})
    with pytest.raises(RateLimited) as caught:
        webdav.list_folder()

    fake.fail_next(423)
    with pytest.raises(Rejected) as locked:
        webdav.write("/x.txt", "x")

    assert (caught.value.retry_after, locked.value.code) == (77, "LOCKED")


def test_a_partial_deletion_is_an_error(fake, webdav):
    fake.limit_faults(lambda request: request.method == "DELETE")
    fake.fail_next(207, path="/reports")

    with pytest.raises(Rejected) as caught:
        webdav.delete("/reports")

    assert caught.value.code == "PARTLY_DONE"
