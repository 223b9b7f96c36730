import pytest
from hypothesis import given
from hypothesis import strategies as st

from wren_core.contract.versions import LONGEST, is_semver, semver_of


@pytest.mark.parametrize(
    "text", ["0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha.1", "1.0.0-0.3.7", "1.0.0+build.5", "1.0.0-rc.1+sha.5114f85"]
)
def test_these_are_semantic_versions(text):
    assert is_semver(text)


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3.4", "1.2.3-01", "1.2.3-", "1.2.3+", "1.2.3 ", "1.2.3\n", "1.٢.3"],
)
def test_these_are_not_semantic_versions(text):
    assert not is_semver(text)


@pytest.mark.parametrize(
    ("version", "semver"),
    [
        ("", ""),
        ("1", "1.0.0"),
        ("1.2", "1.2.0"),
        ("v1.2.3", "1.2.3"),
        ("1.2.3rc1", "1.2.3-rc.1"),
        ("1.2a1.dev3", "1.2.0-alpha.1.dev.3"),
        ("1.2.dev3", "1.2.0-0.dev.3"),
        ("1.2.3.4.post1", "1.2.3+4.post.1"),
        ("1!2.0+local.7", "2.0.0+epoch.1.local.7"),
        ("0.1.dev12+gabc.d20240101", "0.1.0-0.dev.12+gabc.d20240101"),
        ("not a version!", "0.0.0+not.a.version"),
        ("!!!", "0.0.0"),
        ("1" * 60, "0.0.0"),
    ],
)
def test_a_version_of_python_has_a_semantic_one(version, semver):
    assert semver_of(version) == semver
    assert semver == "" or is_semver(semver)


def test_a_long_version_is_cut_in_the_part_that_has_no_order():
    cut = semver_of("1.2.3rc1+" + "a" * 20 + "." + "b" * 60)

    assert cut.startswith("1.2.3-rc.1+aaaaaaaaaaaaaaaaaaaa.b")
    assert (len(cut), is_semver(cut)) == (LONGEST, True)


def test_releases_and_what_comes_before_them_keep_their_order():
    ordered = ["1.0.dev1", "1.0.dev2", "1.0a1", "1.0a2", "1.0b1", "1.0rc1", "1.0", "1.0.1", "1.1"]

    assert sorted(map(semver_of, ordered), key=precedence) == [semver_of(version) for version in ordered]


def precedence(version: str):
    """The order of semver.org, for versions without build metadata."""
    core, _, stage = version.partition("-")
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in stage.split(".")] if stage else []
    return [int(part) for part in core.split(".")], not parts, parts


@given(st.text(max_size=80))
def test_whatever_a_distribution_calls_its_version_a_definition_can_carry_it(text):
    semver = semver_of(text)

    assert semver == "" or (is_semver(semver) and len(semver) <= LONGEST)
