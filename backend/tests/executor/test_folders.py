import fcntl
import os
from pathlib import Path

from wren_backend.executor.folders import clean_leftovers, remove_tree, run_folder


def test_a_run_folder_is_private_and_gone_afterwards(tmp_path: Path):
    with run_folder(tmp_path / "runs") as folder:
        (folder / "file").write_text("x")
        modes = folder.stat().st_mode & 0o777, folder.parent.stat().st_mode & 0o777

    assert modes == (0o700, 0o700)
    assert list((tmp_path / "runs").iterdir()) == []


def test_leftovers_of_dead_workers_are_cleaned_and_folders_in_use_are_kept(tmp_path: Path):
    dead = tmp_path / "wren-run-dead"
    (dead / "sub").mkdir(parents=True)
    other = tmp_path / "not-a-run"
    other.mkdir()
    with run_folder(tmp_path) as live:
        removed = clean_leftovers(tmp_path)

        assert removed == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([other.name, live.name])


def test_a_link_in_place_of_a_leftover_is_not_followed(tmp_path: Path):
    target = tmp_path / "precious"
    target.mkdir()
    (target / "file").write_text("x")
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "wren-run-link").symlink_to(target)

    assert clean_leftovers(runs) == 0
    assert (target / "file").read_text() == "x"


def test_cleaning_a_folder_that_does_not_exist_does_nothing(tmp_path: Path):
    assert clean_leftovers(tmp_path / "none") == 0


def test_the_lock_of_a_run_folder_is_free_once_its_holder_is_gone(tmp_path: Path):
    folder = tmp_path / "wren-run-x"
    folder.mkdir()
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    while_held = clean_leftovers(tmp_path)
    os.close(descriptor)

    assert (while_held, clean_leftovers(tmp_path)) == (0, 1)


def test_a_tree_deeper_than_python_recurses_is_removed(tmp_path: Path):
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)

    remove_tree(top)

    assert not top.exists()


def test_folders_without_permissions_and_links_are_removed(tmp_path: Path):
    top = tmp_path / "top"
    (top / "closed" / "inner").mkdir(parents=True)
    (top / "closed").chmod(0)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("x")
    (top / "link").symlink_to(outside)

    remove_tree(top)

    assert not top.exists()
    assert (outside / "file").exists()
