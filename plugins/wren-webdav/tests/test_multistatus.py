import time

import pytest

from wren_core import Unavailable
from wren_core.testing.patience import patience
from wren_webdav.multistatus import read_items

ROOT = "https://cloud.example/remote.php/dav/files/ann"


def document(*hrefs, prop="<d:resourcetype/>", status="HTTP/1.1 200 OK"):
    answers = "".join(
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{prop}</d:prop><d:status>{status}</d:status>"
        "</d:propstat></d:response>"
        for href in hrefs
    )
    return f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{answers}</d:multistatus>'.encode()


def paths(*hrefs):
    return [item.path for item in read_items(document(*hrefs), root=ROOT)]


def test_all_forms_of_references_become_paths_of_the_share():
    base = "/remote.php/dav/files/ann"

    assert paths(f"{base}/", f"{base}/a%20b.txt", f"https://cloud.example{base}/%C3%BC/") == ["/", "/a b.txt", "/ü"]


@pytest.mark.parametrize(
    "href",
    ["/etc/passwd", "/remote.php/dav/files/anna/x", "/remote.php/dav/files/ann/../bob/x", "", "https://evil.example/x"],
)
def test_items_outside_the_share_are_omitted(href):
    assert paths(href) == []


def test_a_property_that_the_server_lacks_is_null():
    (item,) = read_items(
        document("/remote.php/dav/files/ann/x", prop="<d:getetag/>", status="HTTP/1.1 404 Not Found"), root=ROOT
    )

    assert (item.etag, item.size, item.modified, item.is_folder) == (None, None, None, False)


@pytest.mark.parametrize("value", ["", "many", "-1", "9" * 30])
def test_an_invalid_size_or_date_is_ignored(value):
    prop = f"<d:getcontentlength>{value}</d:getcontentlength><d:getlastmodified>{value}</d:getlastmodified>"

    (item,) = read_items(document("/remote.php/dav/files/ann/x", prop=prop), root=ROOT)

    assert item.modified is None


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><x>&l11;</x>',
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
        "<html><body>Sign in</body>",
        "",
        "{}",
    ],
)
def test_a_response_that_is_not_a_listing_is_refused(text):
    started = time.monotonic()

    with pytest.raises(Unavailable, match="check `url`"):
        list(read_items(text.encode(), root=ROOT))

    assert time.monotonic() - started < patience(1)
