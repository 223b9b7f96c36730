def test_stubs_are_written_and_stay_true_until_something_changes(wren, tmp_path):
    before = wren("integrations", "stubs", "--check", "--json")
    written = wren("integrations", "stubs", "--json")
    after = wren("integrations", "stubs", "--check")
    (tmp_path / "typings/wren/_installed/parcel.pyi").unlink()
    changed = wren("integrations", "stubs", "--check")
    elsewhere = wren("integrations", "stubs", "--output", "hints")

    assert (before.code, before.json["up_to_date"]) == (1, False)
    assert (written.code, written.json["up_to_date"], written.json["missing"]["broken"]) == (0, True, "PLUGIN_RAISED")
    assert "wren/_installed/parcel.pyi" in written.json["changed"]
    assert (after.code, changed.code) == (0, 1)
    assert "typings/wren/_installed/parcel.pyi is out of date" in changed.out
    assert "run `wren integrations stubs` again" in changed.out
    assert 'Pyright needs stubPath = "hints"; for mypy set mypy_path = "hints"' in elsewhere.err
