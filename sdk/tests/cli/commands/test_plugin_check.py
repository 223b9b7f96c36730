"""`wren plugin check` as a person and as a program see it, against the plugins of `site`."""


def test_a_check_shows_every_rule_what_is_wrong_and_how_to_fix_it(wren):
    done = wren("plugin", "check", "broken")

    assert done.code == 1
    assert "broken (wren-broken 0.1)" in done.out
    assert "W101-offer: The installed distribution offers the integration, and it loads" in done.out
    assert "wren-broken: PLUGIN_RAISED: RuntimeError: the wheels came off" in done.out
    assert "fix: In pyproject.toml" in done.out
    assert done.out.endswith("below bronze; bronze was wanted\n")


def test_a_check_is_one_json_document(wren):
    done = wren("plugin", "check", "broken", "--json", "--tier", "gold")

    assert done.code == 1
    assert (done.json["ok"], done.json["tier"], done.json["wanted"]) == (False, None, "gold")
    (report,) = done.json["integrations"]
    assert report["rules"][0]["outcome"] == "failed"


def test_a_rule_is_explained(wren):
    plain, as_json = (
        wren("plugin", "check", "--explain", "W203"),
        wren("plugin", "check", "--explain", "w203", "--json"),
    )

    assert plain.out.startswith("W203-auth-errors (silver): 401 becomes AuthFailed")
    assert "\nWhy: " in plain.out
    assert "\nFix: " in plain.out
    assert set(as_json.json) == {"id", "tier", "title", "why", "fix"}


def test_an_unknown_rule_is_refused_with_the_known_ones(wren):
    done = wren("plugin", "check", "--explain", "W999", "--json")

    assert (done.code, done.error["code"]) == (1, "RULE_UNKNOWN")


def test_what_is_not_installed_is_answered_with_what_is(wren):
    done = wren("plugin", "check", "nowhere", "--json")

    assert (done.code, done.error["code"]) == (1, "PLUGIN_NOT_INSTALLED")
    assert "parcel" in done.error["message"]


def test_a_folder_that_is_not_installed_is_answered_with_how(wren, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "wren-new"\nversion = "1.0"\n'
        '[project.entry-points."wren.integrations"]\nnew = "wren_new:New"\n'
    )

    done = wren("plugin", "check", str(tmp_path), "--json")

    assert (done.code, done.error["code"]) == (1, "PLUGIN_NOT_INSTALLED")
    assert f"run `pip install -e '.[test]'` in {tmp_path}" in done.error["message"]
