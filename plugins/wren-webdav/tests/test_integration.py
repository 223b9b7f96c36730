import pytest

from wren_core import AuthFailed, InvalidInput, NotFound, Rejected, Unavailable


def test_a_folder_lists_its_items_sorted_by_name(webdav):
    items = webdav.list_folder("reports")

    assert [(item.path, item.is_folder) for item in items] == [
        ("/reports/2026", True),
        ("/reports/may.txt", False),
        ("/reports/Übersicht & Plan #1.txt", False),
    ]
    assert items[1].size == 8
    assert items[1].content_type.startswith("text/plain")
    assert items[1].modified is not None
    assert items[1].etag
    assert [item.name for item in webdav.list_folder()] == ["reports"]
    assert len(webdav.list_folder("/reports", limit=2)) == 2


def test_listing_a_file_is_an_error_that_says_so(webdav):
    with pytest.raises(InvalidInput, match="is a file"):
        webdav.list_folder("/reports/may.txt")


def test_info_returns_size_date_and_version(webdav):
    assert webdav.info("/reports").is_folder
    assert webdav.info("/").path == "/"
    assert webdav.info("//reports/./may.txt/").path == "/reports/may.txt"


def test_a_search_covers_subfolders_and_ignores_case(webdav):
    found = webdav.search("*may*", "/")

    assert [item.path for item in found.items] == ["/reports/may.txt", "/reports/2026/May.PDF"]
    assert not found.truncated
    assert webdav.search("*may*", limit=1).truncated
    assert [item.path for item in webdav.search("*", "/reports/2026").items] == ["/reports/2026/May.PDF"]


@pytest.mark.parametrize("path", ["/reports/may.txt", "/reports/Übersicht & Plan #1.txt"])
def test_a_text_is_read_with_its_version(webdav, path):
    found = webdav.read(path)

    assert found.text in ("Sold: 3\n", "Grüße\n")
    assert found.etag == webdav.info(path).etag


def test_binary_and_large_files_are_not_read_as_text(webdav, share):
    (share / "long.txt").write_text("x" * (2 * 1024 * 1024 + 1))

    with pytest.raises(Rejected, match=r"download\(\)") as caught:
        webdav.read("/reports/2026/May.PDF")
    with pytest.raises(Rejected) as too_long:
        webdav.read("/long.txt")

    assert (caught.value.code, too_long.value.code) == ("NO_TEXT", "RESPONSE_TOO_LARGE")


def test_a_download_does_not_overwrite_existing_files(webdav, tmp_path):
    saved = webdav.download("/reports/2026/May.PDF", tmp_path / "new" / "folder")
    again = webdav.download("/reports/2026/May.PDF", tmp_path / "new" / "folder")

    assert saved.file == str(tmp_path / "new" / "folder" / "May.PDF")
    assert again.file == str(tmp_path / "new" / "folder" / "May (1).PDF")
    assert (tmp_path / "new" / "folder" / "May (1).PDF").read_bytes() == b"%PDF-1.4\xff"
    assert (again.size, again.etag) == (9, webdav.info("/reports/2026/May.PDF").etag)


def test_a_failed_download_leaves_no_partial_file(connect, share, tmp_path):
    webdav = connect(max_file_mb=1)
    (share / "large.bin").write_bytes(b"x" * (1024 * 1024 + 1))
    (tmp_path / "file.txt").write_text("mine")

    with pytest.raises(Rejected, match="more than 1,048,576 bytes"):
        webdav.download("/large.bin", tmp_path)
    with pytest.raises(NotFound):
        webdav.download("/nowhere.bin", tmp_path)
    with pytest.raises(InvalidInput, match=r"/file\.txt"):
        webdav.download("/reports/may.txt", tmp_path / "file.txt")

    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


def test_write_creates_a_file_and_does_not_overwrite_one(webdav, share):
    made = webdav.write("/reports/june.txt", "Grüße")

    assert (share / "reports" / "june.txt").read_text() == "Grüße"
    assert made.etag == webdav.info("/reports/june.txt").etag
    with pytest.raises(Rejected, match=r"info\(\)") as caught:
        webdav.write("/reports/june.txt", "again")
    assert caught.value.code == "PRECONDITION_FAILED"
    assert (share / "reports" / "june.txt").read_text() == "Grüße"


def test_write_replaces_only_the_version_of_the_etag(webdav, share):
    mine, theirs = webdav.read("/reports/may.txt"), webdav.read("/reports/may.txt")
    webdav.write("/reports/may.txt", "theirs, longer", etag=theirs.etag)

    with pytest.raises(Rejected) as caught:
        webdav.write("/reports/may.txt", "mine", etag=mine.etag)

    assert caught.value.code == "PRECONDITION_FAILED"
    assert (share / "reports" / "may.txt").read_text() == "theirs, longer"
    webdav.write("/reports/may.txt", "at any rate", overwrite=True)
    assert (share / "reports" / "may.txt").read_text() == "at any rate"


def test_an_upload_is_streamed(webdav, share, tmp_path):
    (tmp_path / "data.bin").write_bytes(bytes(range(256)) * 4096)

    made = webdav.upload("/data.bin", tmp_path / "data.bin")

    assert made.size == 1024 * 1024
    assert (share / "data.bin").read_bytes() == (tmp_path / "data.bin").read_bytes()


def test_a_missing_or_too_large_file_is_not_uploaded(connect, share, tmp_path):
    (tmp_path / "large.bin").write_bytes(b"x" * (1024 * 1024 + 1))

    with pytest.raises(InvalidInput, match="max_file_mb"):
        connect(max_file_mb=1).upload("/large.bin", tmp_path / "large.bin")
    with pytest.raises(InvalidInput, match="No such file"):
        connect().upload("/nothing.bin", tmp_path / "nothing.bin")

    assert not (share / "large.bin").exists()


def test_mkdir_needs_an_existing_parent(webdav, share):
    assert webdav.mkdir("/reports/2027").is_folder
    with pytest.raises(Rejected) as caught:
        webdav.mkdir("/reports/2027")
    with pytest.raises(NotFound, match=r"create it with mkdir\(\)"):
        webdav.mkdir("/nowhere/2027")

    assert caught.value.code == "ALREADY_EXISTS"
    assert (share / "reports" / "2027").is_dir()


def test_items_are_moved_and_copied_and_never_overwritten(webdav, share):
    copied = webdav.copy("/reports", "/archive")
    moved = webdav.move("/reports/may.txt", "/reports/2026/Mai & Co.txt")

    assert (copied.path, moved.path) == ("/archive", "/reports/2026/Mai & Co.txt")
    assert (share / "archive" / "2026" / "May.PDF").is_file()
    assert not (share / "reports" / "may.txt").exists()
    with pytest.raises(Rejected) as caught:
        webdav.move("/archive/may.txt", "/reports/2026/May.PDF")
    assert caught.value.code == "PRECONDITION_FAILED"
    assert (share / "reports" / "2026" / "May.PDF").read_bytes() == b"%PDF-1.4\xff"


def test_undo_reverses_each_change(webdav, share):
    moved = webdav.move("/reports/may.txt", "/may.txt")
    webdav.move(moved.path, "/reports/may.txt")
    webdav.delete(webdav.mkdir("/made").path)

    assert (share / "reports" / "may.txt").is_file()
    assert sorted(item.name for item in share.iterdir()) == ["reports"]


def test_delete_removes_only_the_version_of_the_etag(webdav, share):
    etag = webdav.info("/reports/may.txt").etag
    webdav.write("/reports/may.txt", "changed since", overwrite=True)

    with pytest.raises(Rejected):
        webdav.delete("/reports/may.txt", etag=etag)
    assert (share / "reports" / "may.txt").is_file()

    webdav.delete("/reports/may.txt", etag=webdav.info("/reports/may.txt").etag)
    webdav.delete("/reports/2026")
    assert [item.name for item in (share / "reports").iterdir()] == ["Übersicht & Plan #1.txt"]


@pytest.mark.parametrize("path", ["../secrets.txt", "/reports/../../x", "a\\..\\b", "/a\nb", "/a\x00b", ".."])
def test_no_path_can_leave_the_share(webdav, share, path):
    (share.parent / "secrets.txt").write_text("not yours")

    for call in (webdav.read, webdav.info, webdav.mkdir, webdav.delete):
        with pytest.raises(InvalidInput, match="starts at the root"):
            call(path)
    with pytest.raises(InvalidInput):
        webdav.copy("/reports", path)


@pytest.mark.parametrize("name", ["%2e%2e", "..%2fsecrets.txt", "a?b", "a#b", "100%"])
def test_special_characters_of_urls_are_allowed_in_names(webdav, share, name):
    (share.parent / "secrets.txt").write_text("not yours")
    folder, _, _ = name.partition("/")

    with pytest.raises(NotFound):
        webdav.read(f"/reports/{name}")
    assert webdav.write(f"/{folder}.txt", "x").name == f"{folder}.txt"


def test_the_root_of_the_share_cannot_be_changed(webdav, share):
    with pytest.raises(InvalidInput):
        webdav.delete("/")
    with pytest.raises(InvalidInput):
        webdav.move("/", "/elsewhere")

    assert share.is_dir()


def test_a_refused_password_raises_auth_failed(connect):
    with pytest.raises(AuthFailed, match="wren connect webdav") as caught:
        connect(password="wrong-password").list_folder()

    assert "wrong-password" not in caught.value.message


def test_a_url_that_is_not_a_share_is_a_clear_error(connect, shares):
    with pytest.raises((NotFound, Rejected, Unavailable)):
        connect(url=shares[1].removesuffix("/files") + "/nothing-here").list_folder()


def test_an_unreachable_server_is_unavailable(connect):
    with pytest.raises(Unavailable):
        connect(url="http://127.0.0.1:1/dav").list_folder()


def test_a_change_that_may_have_been_made_cannot_be_retried(connect):
    with pytest.raises(Unavailable) as caught:
        connect(url="http://127.0.0.1:1/dav").write("/x.txt", "x")

    assert caught.value.can_retry  # nothing was sent
