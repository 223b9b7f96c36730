"""The integration and real servers, each with its own idea of folders, preconditions and locks."""

import threading
from contextlib import ExitStack

import pytest

from servers.webdav import SERVERS, nginx
from wren_core import InvalidInput, NotFound, Rejected, WrenError
from wren_webdav import WebDAV

LISTING = list(SERVERS)
ALL = [*LISTING, "nginx without listings"]


@pytest.fixture(scope="session")
def running():
    """Servers by name, started when a test needs them."""
    with ExitStack() as stack:
        started = {}

        def find(name):
            if name not in started:
                started[name] = stack.enter_context(SERVERS[name]() if name in SERVERS else nginx(lists=False))
            return started[name]

        yield find


@pytest.fixture(params=ALL)
def share(running, request, tmp_path):
    """A folder of the server for one test, as a folder of this machine and as a URL."""
    server = running(request.param)
    folder = server.folder / tmp_path.name
    (folder / "reports" / "2026").mkdir(parents=True)
    (folder / "reports" / "may.txt").write_text("Sold: 3\n")
    (folder / "reports" / "2026" / "june.txt").write_text("Sold: 5\n")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777)
    return server, folder


@pytest.fixture
def webdav(share):
    integration = connect(share)
    yield integration
    integration.close()


def connect(share):
    server, folder = share
    return WebDAV.create({"url": f"{server.url}/{folder.name}"}, credentials=server.credentials)


def hidden_files(folder):
    return [path.name for path in folder.rglob(".wren*")]


only_listing = pytest.mark.parametrize("share", LISTING, indirect=True)


# --- preconditions ---------------------------------------------------------------------------------------------------


def test_a_write_creates_a_file_and_replaces_none(webdav, share):
    _, folder = share

    made = webdav.write("/reports/june.txt", "Grüße")
    with pytest.raises(Rejected) as caught:
        webdav.write("/reports/may.txt", "mine")

    assert (caught.value.code, made.path, made.size) == ("PRECONDITION_FAILED", "/reports/june.txt", 7)
    assert (folder / "reports" / "may.txt").read_text() == "Sold: 3\n"
    assert (folder / "reports" / "june.txt").read_text() == "Grüße"
    assert hidden_files(folder) == []


@pytest.mark.parametrize("etag", ['"stale"', "stale", 'W/"stale"'])
def test_a_write_with_a_stale_version_is_refused(webdav, share, etag):
    _, folder = share

    for path in ("/reports/may.txt", "/reports/missing.txt"):
        for change in (
            lambda path=path: webdav.write(path, "mine", etag=etag),
            lambda path=path: webdav.delete(path, etag=etag),
        ):
            with pytest.raises(Rejected) as caught:
                change()
            assert caught.value.code == "PRECONDITION_FAILED"

    assert (folder / "reports" / "may.txt").read_text() == "Sold: 3\n"
    assert not (folder / "reports" / "missing.txt").exists()


def test_a_version_that_was_read_is_replaced_once(webdav, share):
    _, folder = share
    found = webdav.read("/reports/may.txt")
    assert found.etag == webdav.info("/reports/may.txt").etag

    made = webdav.write("/reports/may.txt", found.text + "Sold: 4\n", etag=found.etag)
    with pytest.raises(Rejected) as caught:
        webdav.write("/reports/may.txt", "too late", etag=found.etag)
    again = webdav.write("/reports/may.txt", "at once, and longer than before", etag=made.etag)

    assert caught.value.code == "PRECONDITION_FAILED"
    assert again.etag
    assert (folder / "reports" / "may.txt").read_text() == "at once, and longer than before"


def test_a_version_is_deleted(webdav, share):
    _, folder = share

    webdav.delete("/reports/may.txt", etag=webdav.info("/reports/may.txt").etag)

    assert not (folder / "reports" / "may.txt").exists()
    with pytest.raises(NotFound):
        webdav.delete("/reports/may.txt")


@pytest.mark.parametrize("share", ["nginx", "nginx without listings", "lighttpd"], indirect=True)
def test_of_writers_at_the_same_time_one_creates_the_file(share):
    _, folder = share
    results, start = {}, threading.Barrier(4)

    def create(number):
        webdav = connect(share)
        start.wait()
        try:
            webdav.write("/reports/new.txt", f"writer {number}")
            results[number] = "made"
        except WrenError as exc:
            results[number] = exc.code
        webdav.close()

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [number for number, result in results.items() if result == "made"]
    assert len(winners) == 1, results
    assert (folder / "reports" / "new.txt").read_text() in [f"writer {number}" for number in winners]
    assert hidden_files(folder) == []


@pytest.mark.parametrize("share", ["apache", "nginx", "rclone"], indirect=True)
def test_a_file_that_another_program_locked_is_not_changed(webdav, share):
    import httpx2

    server, folder = share
    body = '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
    login = (server.credentials["username"], server.credentials["password"])
    url = f"{server.url}/{folder.name}/reports/may.txt"
    etag = webdav.info("/reports/may.txt").etag
    locked = httpx2.request("LOCK", url, content=body, auth=login, headers={"timeout": "Second-60", "depth": "0"})
    assert locked.status_code == 200

    for change in (
        lambda: webdav.write("/reports/may.txt", "mine", etag=etag),
        lambda: webdav.write("/reports/may.txt", "mine", overwrite=True),
        lambda: webdav.delete("/reports/may.txt", etag=etag),
    ):
        with pytest.raises(Rejected) as caught:
            change()
        assert caught.value.code == "LOCKED"
    assert (folder / "reports" / "may.txt").read_text() == "Sold: 3\n"


def test_an_upload_of_a_file_keeps_the_rules(webdav, share, tmp_path):
    _, folder = share
    (tmp_path / "data.bin").write_bytes(bytes(range(256)) * 1000)

    made = webdav.upload("/data.bin", tmp_path / "data.bin")
    with pytest.raises(Rejected):
        webdav.upload("/data.bin", tmp_path / "data.bin")
    webdav.upload("/data.bin", tmp_path / "data.bin", etag=made.etag)
    webdav.upload("/data.bin", tmp_path / "data.bin", overwrite=True)

    assert (folder / "data.bin").read_bytes() == (tmp_path / "data.bin").read_bytes()
    assert webdav.download("/data.bin", tmp_path / "in").size == 256_000


# --- folders ---------------------------------------------------------------------------------------------------------


@only_listing
@pytest.mark.parametrize("path", ["/reports", "reports/", "/reports/"])
def test_a_folder_is_listed_with_and_without_its_slash(webdav, path):
    assert [(item.path, item.is_folder) for item in webdav.list_folder(path)] == [
        ("/reports/2026", True),
        ("/reports/may.txt", False),
    ]
    assert [item.path for item in webdav.search("*.txt", path).items] == ["/reports/may.txt", "/reports/2026/june.txt"]


@only_listing
def test_listing_a_file_or_nothing_says_so(webdav):
    with pytest.raises(InvalidInput, match="is a file"):
        webdav.list_folder("/reports/may.txt")
    with pytest.raises(NotFound):
        webdav.list_folder("/nowhere")


@pytest.mark.parametrize("share", ["nginx without listings"], indirect=True)
def test_a_server_that_cannot_list_says_so(webdav):
    with pytest.raises(Rejected, match="cannot list") as caught:
        webdav.list_folder("/reports")

    assert caught.value.code == "NO_LISTINGS"


def test_info_knows_files_and_folders(webdav):
    folder, file = webdav.info("/reports"), webdav.info("/reports/may.txt")

    assert (folder.is_folder, folder.name, file.is_folder, file.size) == (True, "reports", False, 8)
    assert file.etag
    assert file.modified is not None
    with pytest.raises(NotFound):
        webdav.info("/reports/nothing")


def test_folders_are_made_moved_copied_and_deleted(webdav, share):
    _, folder = share

    made = webdav.mkdir("/archive")
    copied = webdav.copy("/reports", "/archive/reports")
    moved = webdav.move("/reports", "/archive/old reports")
    webdav.delete("/archive/reports/2026")

    assert [item.is_folder for item in (made, copied, moved)] == [True, True, True]
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt")) == [
        "archive/old reports/2026/june.txt",
        "archive/old reports/may.txt",
        "archive/reports/may.txt",
    ]
    webdav.delete("/archive")
    assert list(folder.iterdir()) == []


def test_nothing_that_exists_is_overwritten(webdav, share):
    _, folder = share

    for change in (
        lambda: webdav.mkdir("/reports"),
        lambda: webdav.move("/reports/may.txt", "/reports/2026/june.txt"),
        lambda: webdav.copy("/reports/may.txt", "/reports/2026/june.txt"),
        lambda: webdav.copy("/reports/2026", "/reports"),
        lambda: webdav.write("/reports", "x"),
        lambda: webdav.write("/reports", "x", overwrite=True),
    ):
        with pytest.raises(Rejected) as caught:
            change()
        assert caught.value.code in ("ALREADY_EXISTS", "PRECONDITION_FAILED", "IS_A_FOLDER")
    assert (folder / "reports" / "2026" / "june.txt").read_text() == "Sold: 5\n"
    assert hidden_files(folder) == []


def test_a_missing_parent_folder_is_named(webdav, share):
    for change in (
        lambda: webdav.mkdir("/nowhere/deep"),
        lambda: webdav.write("/nowhere/deep.txt", "x"),
        lambda: webdav.write("/nowhere/deep.txt", "x", overwrite=True),
    ):
        with pytest.raises(NotFound, match=r"'/nowhere' does not exist; create it with mkdir\(\)"):
            change()
    with pytest.raises(NotFound):
        webdav.move("/nothing.txt", "/reports/x.txt")


def test_a_folder_is_not_read_as_a_file(webdav, share, tmp_path):
    with pytest.raises(WrenError):
        webdav.read("/reports")
    with pytest.raises(WrenError):
        webdav.download("/reports", tmp_path / "in")

    assert list((tmp_path / "in").iterdir()) == []


@pytest.mark.parametrize("name", ["Grüße & Plan.txt", "a b+c.txt", "100%.txt", "what?.txt", "no#1.txt", "a;b.txt"])
def test_names_of_any_characters_are_kept(webdav, share, name):
    _, folder = share

    webdav.write(f"/reports/{name}", "x")

    assert (folder / "reports" / name).read_text() == "x"
    assert webdav.read(f"/reports/{name}").text == "x"
