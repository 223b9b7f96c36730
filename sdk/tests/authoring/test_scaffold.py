"""What a new plugin is called, and what keeps it from being made."""

import sys

import pytest

from wren.authoring.author_tools import AuthorToolsMissing
from wren.authoring.scaffold import FolderTaken, NameInvalid, Plan, find_clash, render_plugin


@pytest.mark.parametrize(
    ("name", "title", "class_name", "distribution"),
    [
        ("acme", "Acme", "Acme", "wren-acme"),
        ("big_blue_box", "Big Blue Box", "BigBlueBox", "wren-big-blue-box"),
        ("a__b_", "A B", "AB", "wren-a-b"),
        ("s3", "S3", "S3", "wren-s3"),
        ("item", "Item", "ItemService", "wren-item"),
    ],
)
def test_all_names_follow_from_one(name, title, class_name, distribution):
    plan = Plan(name=name)

    assert (plan.title, plan.class_name, plan.distribution) == (title, class_name, distribution)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Acme", "did you mean 'acme'"),
        ("wren-acme", "did you mean 'acme'"),
        ("acme co", "did you mean 'acme_co'"),
        ("3d", "start with a letter; did you mean 'd'"),
        ("", "start with a letter$"),
        ("a" * 64, "lower-case letters"),
        ("class", "a Python keyword"),
        ("Class", "start with a letter$"),
    ],
)
def test_a_name_no_script_could_write_is_refused_with_a_better_one(name, message):
    with pytest.raises(NameInvalid, match=message):
        Plan(name=name)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "wren-acme").mkdir()
    (tmp_path / "wren-acme" / "mine.txt").write_text("mine")

    with pytest.raises(FolderTaken, match="already exists"):
        render_plugin(Plan(name="acme"), tmp_path)

    assert [path.name for path in (tmp_path / "wren-acme").iterdir()] == ["mine.txt"]


def test_an_installed_integration_of_the_same_name_is_found(plugins):
    assert find_clash("parcel") == "wren-parcel"
    assert find_clash("acme") is None


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "copier", None)

    with pytest.raises(
        AuthorToolsMissing, match=r"copier is not installed here; run `pip install 'wren-sdk\[author\]'`"
    ):
        render_plugin(Plan(name="acme"), tmp_path)
