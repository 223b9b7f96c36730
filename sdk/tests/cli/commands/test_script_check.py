import pytest

SOUND = """import wren

parcel = wren.integrations.parcel.init()


@wren.on_schedule("0 9 * * *")
def daily(event):
    parcel.track("P-1")
"""


def test_a_sound_script_passes_with_what_it_declares(wren, write):
    done = wren("test", str(write(SOUND)))

    assert done.code == 0
    assert "daily.py is fine" in done.out
    assert "daily (schedule, 0 9 * * *, UTC)" in done.out
    assert "integrations: parcel" in done.out
    assert done.err == ""


def test_a_sound_script_passes_in_json(wren, write):
    done = wren("test", str(write(SOUND)), "--json")

    assert done.code == 0
    assert done.json["ok"] is True
    assert done.json["findings"] == []
    assert done.json["metadata"]["integrations"] == ["parcel"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("def f(:\n", "SYNTAX_ERROR"), ("import nothing_such\n", "MODULE_MISSING"), (b"x = '\xff'\n", "SCRIPT_NOT_UTF8")],
)
def test_a_mistake_ends_with_one_and_a_typed_finding(wren, write, text, code):
    path = write(text)

    done = wren("test", str(path), "--json")

    [finding] = [item for item in done.json["findings"] if item["severity"] == "error"]
    assert (done.code, done.json["ok"]) == (1, False)
    assert (finding["code"], finding["file"], finding["line"]) == (code, str(path), 1)


def test_findings_for_people_have_place_code_and_next_step(wren, write):
    path = write(SOUND.replace("track", "trak"))

    done = wren("test", str(path))

    assert done.code == 1
    assert f"{path}:8:12: error METHOD_UNKNOWN: parcel has no method 'trak'" in done.out
    assert "did you mean 'track'?" in done.out
    assert "1 error, 0 warnings in" in done.out


def test_functions_are_not_run_and_the_command_line_survives_the_script(wren, write, tmp_path):
    script = f"import os\ndef f(): open({str(tmp_path / 'ran')!r}, 'w')\nos.kill(os.getppid(), 0)\nos._exit(9)\n"

    done = wren("test", str(write(script)), "--json")

    assert done.code == 1
    assert done.json["findings"][0]["code"] == "IMPORT_EXITED"
    assert not (tmp_path / "ran").exists()


def test_a_script_that_hangs_at_import_is_stopped(wren, write):
    done = wren("test", str(write("while True: ...\n")), "--json", "--import-timeout", "1")

    assert (done.code, done.json["findings"][0]["code"]) == (1, "IMPORT_TIMED_OUT")


def test_what_a_script_prints_at_import_does_not_reach_the_answer(wren, write):
    done = wren("test", str(write("print('noise')\n")), "--json")

    assert done.json["ok"] is True


def test_a_missing_script_is_named(wren):
    done = wren("test", "nowhere.py", "--json")

    assert (done.code, done.error["code"]) == (1, "SCRIPT_UNREADABLE")
    assert "nowhere.py" in done.error["message"]


def test_validate_tells_what_this_machine_has(wren, write):
    done = wren("validate", str(write(SOUND)), "--json", PARCEL_KEY="secret-1")

    assert done.code == 0
    assert done.json["integrations"] == [
        {"name": "parcel", "version": "1.2.3", "auth_type": "apikey", "variables": {"PARCEL_KEY": True}}
    ]
    assert done.json["remote"] is None
    assert "secret-1" not in done.out


def test_validate_lets_the_server_check_the_script_as_a_deploy_does(wren, write, fake, logged_in):
    done = wren("validate", str(write(SOUND)), "--remote", **logged_in)

    assert done.code == 0
    assert [(item.path, item.json()) for item in fake.requests] == [
        ("/v1/scripts/validate", {"script": SOUND, "name": "daily"})
    ]
    assert "the server has every connection this script needs" in done.out


def test_validate_shows_what_a_person_must_do(wren, write, fake, logged_in):
    url = "https://wren.example/integrations/parcel/setup"
    error = {"type": "UserFacingConfigError", "code": "INTEGRATION_NOT_CONFIGURED", "integration": "parcel"}
    fake.validation = {
        "valid": False,
        "errors": [{**error, "message": "connect it", "action_url": url}],
        "warnings": [],
    }
    script = str(write(SOUND))

    plain, as_json = (
        wren("validate", script, "--remote", **logged_in),
        wren("validate", script, "--remote", "--json", **logged_in),
    )

    assert (plain.code, as_json.code) == (3, 3)
    assert url in plain.out
    assert as_json.json["ok"] is False
    assert as_json.json["remote"]["errors"][0]["action_url"] == url


def test_validate_shows_what_only_the_server_finds(wren, write, fake, logged_in):
    found = {"code": "CONFIG_MISSING", "message": "parcel needs 'city'", "file": "daily.py", "severity": "error"}
    fake.validation = {"valid": False, "errors": [], "findings": [{**found, "line": 3, "hint": "write init(city=...)"}]}

    done = wren("validate", str(write(SOUND)), "--remote", **logged_in)

    assert done.code == 1
    assert "daily.py:3: error CONFIG_MISSING: parcel needs 'city'\n    write init(city=...)" in done.out
    assert "not ready on the server: the script" in done.out


def test_validate_does_not_ask_about_a_script_that_is_broken(wren, write, fake, logged_in):
    done = wren("validate", str(write("def (:\n")), "--remote", "--json", **logged_in)

    assert (done.code, done.json["ok"], fake.requests) == (1, False, [])
