"""`wren plugins ...` as a person types it."""

import pytest

CRASH = "import pathlib, os; pathlib.Path(__file__).with_suffix('.imported').touch(); os._exit(7)"


@pytest.fixture
def crashing(install):
    """A plugin that leaves a trace when it is imported, and then ends the process."""
    return install("acme-mail", name="acmemail", first=CRASH).with_suffix(".imported")


def test_listing_and_switching_import_nothing(wren, crashing, as_person):
    listed = wren("plugins", "list", **as_person)
    off = wren("plugins", "disable", "acmemail", **as_person)
    again = wren("plugins", "disable", "acmemail", "--json", **as_person)
    disabled = wren("plugins", "list", "--json", **as_person)
    on = wren("plugins", "enable", "acmemail", "--json", **as_person)

    assert [done.code for done in (listed, off, again, disabled, on)] == [0] * 5, listed.err + off.err
    assert "acmemail acme-mail 1.0 installed" in " ".join(listed.out.split())
    assert off.out == "acmemail is disabled\n"
    assert again.json == {"name": "acmemail", "disabled": True, "changed": False}
    assert [(item["state"], item["code"]) for item in disabled.json["plugins"] if item["name"] == "acmemail"] == [
        ("disabled", "PLUGIN_DISABLED")
    ]
    assert on.json == {"name": "acmemail", "disabled": False, "changed": True}
    assert not crashing.exists()


def test_a_plugin_that_ends_the_process_does_no_harm_once_it_is_disabled(wren, crashing, as_person):
    before = wren("integrations", "list", **as_person)
    wren("plugins", "disable", "acmemail", **as_person)
    after = wren("integrations", "list", **as_person)
    used = wren("integrations", "show", "acmemail", "--json", **as_person)

    assert before.code == 7
    assert after.code == 0
    assert "acmemail of acme-mail 1.0 is refused: PLUGIN_DISABLED" in after.out
    assert (used.code, used.error["code"]) == (3, "PLUGIN_FAILED")
    assert "`wren plugins enable acmemail`" in used.error["message"]


def test_loading_all_tells_which_work_and_survives_those_that_do_not(wren, install, crashing, as_person):
    install("acme-chat", name="acmechat")

    done = wren("plugins", "list", "--load", "--json", **as_person)

    states = {item["name"]: (item["state"], item["code"]) for item in done.json["plugins"]}
    assert done.code == 0
    assert (states["acmechat"], states["acmemail"]) == (("ok", ""), ("failed", "PLUGIN_ENDED_PROCESS"))


def test_the_doctor_exits_with_1_when_something_is_broken(wren, install, crashing, as_person):
    install("acme-chat", name="acmechat")

    ill, well = wren("plugins", "doctor", "acmemail", **as_person), wren("plugins", "doctor", "acmechat", **as_person)
    as_json = wren("plugins", "doctor", "acmemail", "--json", **as_person)

    assert (ill.code, well.code, as_json.code) == (1, 0, 1)
    assert "error PLUGIN_ENDED_PROCESS: acmemail of acme-mail 1.0: ended the process that loaded it" in ill.out
    assert "no problems found" in well.out
    assert as_json.json["ok"] is False
    assert [item["code"] for item in as_json.json["problems"]] == ["PLUGIN_ENDED_PROCESS"]


@pytest.mark.parametrize("command", ["disable", "enable", "doctor"])
def test_an_unknown_name_is_answered_with_the_nearest(wren, crashing, as_person, command):
    done = wren("plugins", command, "acmemial", "--json", **as_person)

    assert (done.code, done.error["code"]) == (1, "INTEGRATION_UNKNOWN")
    assert done.error["details"]["nearest"] == "acmemail"


def test_a_plugin_that_was_uninstalled_can_be_forgotten(wren, tmp_path, as_person):
    (tmp_path / "switched").mkdir()
    (tmp_path / "switched" / "gone.disabled").touch()

    done = wren("plugins", "enable", "gone", "--json", **as_person)

    assert (done.code, done.json["changed"]) == (0, True)


def test_switching_where_a_variable_decides_is_refused(wren, crashing, as_person):
    done = wren("plugins", "disable", "acmemail", "--json", WREN_PLUGINS_DISABLED="other", **as_person)

    assert (done.code, done.error["code"]) == (3, "PLUGINS_SET_BY_VARIABLE")


def test_a_folder_that_cannot_be_written_asks_for_a_person(wren, tmp_path, crashing, as_person):
    (tmp_path / "switched").touch()

    done = wren("plugins", "disable", "acmemail", "--json", **as_person)

    assert (done.code, done.error["code"]) == (3, "PLUGINS_FOLDER_UNUSABLE")


@pytest.mark.parametrize(
    "command",
    [
        ("integrations", "list"),
        ("integrations", "show", "acmechat"),
        ("integrations", "cost", "acmechat"),
        ("integrations", "stubs", "--check"),
        ("validate", "talk.py"),
    ],
)
def test_output_of_a_plugin_is_not_part_of_the_answer(wren, install, write, as_person, command):
    install("acme-chat", name="acmechat", first="print('hello from the plugin')")
    write("import wren\nchat = wren.integrations.acmechat.init()\n", "talk.py")

    done = wren(*command, "--json", WREN_PLUGINS_ALLOW="acmechat", **as_person)

    assert done.json, "one JSON document and nothing else"
    assert "hello from the plugin" in done.err
